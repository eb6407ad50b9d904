"""The results of `tmeattn faithfulness` on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.faithfulness.results import CONTROL, METRICS, Metric
from tmeattn.plurals import counted
from tmeattn.render.console import safe
from tmeattn.render.numbers import MISSING, count, decimal, percent
from tmeattn.render.tables import Column, FittedTable, key_values, table

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from tmeattn.faithfulness.results import Estimate, FaithfulnessResults, MethodResults

CHANCE = "°"
"""Marks a figure that does not differ from that of the control by more than chance."""
GROUPS = (
    ("comprehensiveness", "sufficiency", "deletion", "insertion"),
    ("tau_gradient", "tau_leave_one_out"),
    ("auprc", "token_f1", "iou_f1"),
)
"""Names of the metrics in each table."""


@dataclass(frozen=True)
class Tables:
    """Metrics of all methods in one table, or in several if the console is too narrow; figures are never truncated."""

    rows: tuple[MethodResults, ...]
    measures: tuple[Metric, ...]
    seconds: bool

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        left = self.measures
        while left:
            taken = len(left)
            part = _table(self.rows, left, seconds=self.seconds)
            while taken > 1 and not part.fits(options.max_width):
                taken -= 1
                part = _table(self.rows, left[:taken], seconds=False)
            yield part
            left = left[taken:]
            if left:
                yield Text()


def faithfulness(results: FaithfulnessResults) -> Group:
    """The facts, the uniform-weights test, the tables with an interval in every cell, and how to read them."""
    parts: list[RenderableType] = [_facts(results)]
    for names in GROUPS:
        measures = [measure for measure in METRICS if measure.name in names]
        if any(measure.name in row.measures for measure in measures for row in results.rows):
            parts += [Text(), Tables(results.rows, tuple(measures), seconds="tau_gradient" in names)]
    parts += [Text(), *(Text(safe(line), style="dim") for line in small_print(results))]
    return Group(*parts)


def small_print(results: FaithfulnessResults) -> list[str]:
    """How to read the figures, one sentence a line."""
    lines = [
        "± is half of the 95 % interval over texts (bootstrap); it does not cover other seeds.",
        f"{CHANCE} marks figures without a significant difference from {CONTROL} on the same texts.",
    ]
    lines += [f"Not assessed: {method}, because {reason}." for method, reason in results.passed_over]
    return [*lines, *results.notes]


def uniform_weights_test(results: FaithfulnessResults) -> str:
    """The accuracies of the run and of its twin, their difference, and the conclusion."""
    twins = results.twins
    if twins is None:
        return results.no_twins or MISSING
    if twins.low > 0:
        verdict = "the attention weights matter for the accuracy"
    elif twins.high < 0:
        verdict = "the attention weights lower the accuracy"
    else:
        verdict = "uniform weights may be as accurate, so the attention weights may explain little"
    return (
        f"{percent(twins.accuracy, 2)}, and {percent(twins.twin_accuracy, 2)} for a twin with uniform weights "
        f"({twins.twin}), on {counted(twins.texts, 'text')}: {100 * twins.difference:+.2f} points "
        f"({100 * twins.low:+.2f} to {100 * twins.high:+.2f}): {verdict}"
    )


def _facts(results: FaithfulnessResults) -> RenderableType:
    entropy = results.entropy
    return key_values(
        [
            ("run", f"{results.run} ({results.model})"),
            ("texts", f"{count(results.texts)} of {results.data}, {results.words:.0f} words on average"),
            ("accuracy", None if results.accuracy is None else f"{percent(results.accuracy)} on these texts"),
            (
                "attention entropy",
                None if entropy is None else f"{entropy.mean:.2f} nats ({entropy.low:.2f} to {entropy.high:.2f})",
            ),
            ("uniform weights", uniform_weights_test(results)),
        ]
    )


def _table(rows: Sequence[MethodResults], measures: Sequence[Metric], *, seconds: bool) -> FittedTable:
    best = {measure.name: _best(rows, measure) for measure in measures}
    columns = [Column("method"), *(Column(measure.heading, numeric=True, about=measure.about) for measure in measures)]
    if seconds:
        columns.append(Column("ms/text", numeric=True))
    return table(columns, (list(_cells(row, measures, best, seconds)) for row in rows))


def _cells(
    row: MethodResults, measures: Sequence[Metric], best: dict[str, str | None], seconds: bool
) -> Iterator[Text | str]:
    yield row.method
    for measure in measures:
        estimate = row.measures.get(measure.name)
        bold = "bold" if best[measure.name] == row.method else ""
        yield MISSING if estimate is None else Text(figure(estimate, row.method), style=bold)
    if seconds:
        yield decimal(1000 * row.seconds_per_text, 1)


def figure(estimate: Estimate, method: str) -> str:
    """ "0.312 ±.021", with a mark if the difference from the control is not significant."""
    mark = "" if estimate.differs or method == CONTROL else CHANCE
    return f"{mark}{estimate.mean:z.3f} ±{f'{half(estimate):.3f}'.removeprefix('0')}"


def half(estimate: Estimate) -> float:
    """Half the width of the interval."""
    return (estimate.high - estimate.low) / 2


def _best(rows: Sequence[MethodResults], measure: Metric) -> str | None:
    """The method with the best figure, if the metric has a better direction."""
    known = [(row.measures[measure.name].mean, row.method) for row in rows if measure.name in row.measures]
    if measure.higher is None or len(known) < 2:
        return None
    return (max if measure.higher else min)(known)[1]
