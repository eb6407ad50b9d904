"""The results of `tmeattn faithfulness` on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.faithfulness.results import CONTROL, FAMILIES, MEASURES, METRICS, SIGNIFICANT, Metric
from tmeattn.plurals import counted
from tmeattn.render.console import safe
from tmeattn.render.numbers import MISSING, count, decimal, percent, percent_change
from tmeattn.render.tables import Cell, Column, FittedTable, key_values, table

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from tmeattn.faithfulness.results import AgainstRandom, Estimate, FaithfulnessResults, MethodResults

CHANCE = "°"
"""Marks a figure that does not differ from that of the control by more than chance."""
INTERVAL = "± is half of the 95 % interval over texts (bootstrap); it does not cover other seeds."


@dataclass(frozen=True)
class InParts:
    """A table whose columns go on in further tables if the console is too narrow; figures are never truncated.

    first:  the column that every table begins with.
    groups: columns that stay together; those with `Column.drop` may be left out.
    rows:   a cell for each column.
    """

    first: Column
    groups: tuple[tuple[Column, ...], ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str
    caption: str | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(safe(self.title), style="bold")
        start = 0
        while start < len(self.groups):
            end = len(self.groups)
            while end > start + 1 and not self._part(start, end, essential=True).fits(options.max_width):
                end -= 1
            yield self._part(start, end)
            start = end
            if start < len(self.groups):
                yield Text()
        if self.caption:
            yield Text(safe(self.caption), style="dim")

    def _part(self, start: int, end: int, *, essential: bool = False) -> FittedTable:
        """The table of some groups; `essential`: without the columns that may be left out."""
        columns = [self.first, *(column for group in self.groups for column in group)]
        before = 1 + sum(map(len, self.groups[:start]))
        among = range(before, before + sum(map(len, self.groups[start:end])))
        kept = [0, *(at for at in among if not (essential and columns[at].drop))]
        return table([columns[at] for at in kept], ([row[at] for at in kept] for row in self.rows))


def faithfulness(results: FaithfulnessResults) -> Group:
    """The facts, the uniform-weights test, a table for each family of metrics, the comparisons with random rationales,
    and how to read them."""
    parts: list[RenderableType] = [_facts(results)]
    for family in FAMILIES:
        measures = measured(results, family)
        if measures:
            title = family_title(results, family)
            parts += [Text(), _family_table(results.rows, measures, seconds=family == "ranks", title=title)]
    for measure in MEASURES if results.against_random else ():
        parts += [Text(), random_table(results, measure)]
    parts += [Text(safe(line)) for line in results.disagreements]
    parts += [Text(), *(Text(safe(line), style="dim") for line in small_print(results))]
    return Group(*parts)


def measured(results: FaithfulnessResults, family: str) -> list[Metric]:
    """The metrics of a family that a method has."""
    return [
        metric
        for metric in METRICS
        if metric.family == family and any(metric.name in row.measures for row in results.rows)
    ]


def family_title(results: FaithfulnessResults, family: str) -> str:
    """The title of a table, with how it was measured."""
    title = FAMILIES[family]
    if family == "normalized" and (bounds := results.bounds) is not None:
        return (
            f"{title}: {count(bounds.chosen)} of {counted(results.texts, 'text')}, bounds of {count(bounds.exact)} "
            f"exact, of {count(bounds.beam)} by beam"
        )
    if family == "soft" and results.soft is not None:
        return f"{title}: {percent(results.soft.keep_rate, 0)} of the word vectors kept"
    return title


def random_title(results: FaithfulnessResults, measure: str) -> str:
    """The title of the comparison with random rationales by a measure."""
    one = results.against_random[0]
    return (
        f"Win rate against {counted(one.draws, 'random rationale')} of {percent(one.share, 0)} of the words, "
        f"{counted(one.texts, 'text')}: {measure}"
    )


def random_table(results: FaithfulnessResults, measure: str) -> InParts:
    """Win rates, p, effect sizes and normalised score drops under each operator; a narrow console leaves out the drops
    and p."""
    groups = []
    for at, one in enumerate(results.against_random):
        last = at == len(results.against_random) - 1
        groups.append(
            (
                Column("drop", True, drop=3, about="drop: lost share of the class's probability" if last else ""),
                Column(one.operator, numeric=True),
                Column("p", True, drop=2, about="p after Benjamini and Hochberg" if last else ""),
                Column("d", True, drop=1, about="d: effect size" if last else ""),
            )
        )
    rows = tuple(
        (row.method, *(cell for one in results.against_random for cell in _random_cells(one.rows[row.method][measure])))
        for row in results.rows
    )
    return InParts(Column("method"), tuple(groups), rows, random_title(results, measure))


def _random_cells(one: AgainstRandom) -> Iterator[str]:
    yield decimal(one.drop.mean)
    yield win_figure(one)
    yield decimal(one.p_adjusted)
    yield MISSING if one.effect is None else f"{one.effect:z.2f}"


def win_figure(one: AgainstRandom) -> str:
    """ "93 ±2 %", with a mark if the method is not better than random rationales by more than chance."""
    mark = "" if one.better else CHANCE
    return f"{mark}{100 * one.win_rate.mean:.0f} ±{100 * half(one.win_rate):.0f} %"


def small_print(results: FaithfulnessResults) -> list[str]:
    """How to read the figures, one sentence a line."""
    lines = [
        INTERVAL,
        f"{CHANCE} marks figures without a significant difference from {CONTROL} on the same texts, and win rates with "
        f"p > {SIGNIFICANT:g}.",
    ]
    if (bounds := results.bounds) is not None and bounds.chosen < results.texts:
        left = counted(results.texts - bounds.chosen, "text has", "texts have")
        lines.append(f"{left} no bounds (--limit-bounded {bounds.chosen}).")
    lines += bounds_print(results)
    lines += [f"Not assessed: {method}, because {reason}." for method, reason in results.passed_over]
    return [*lines, *results.notes]


def bounds_print(results: FaithfulnessResults) -> list[str]:
    """How the bounds of normalised erasure were found, and the texts without a figure of normalised or soft erasure."""
    lines = []
    if results.soft is not None and results.soft.flat:
        lines.append(
            f"{counted(results.soft.flat, 'text has', 'texts have')} no figure of soft erasure: zero vectors do not "
            "make the predicted class less probable."
        )
    bounds = results.bounds
    if bounds is None:
        return lines
    if bounds.beam:
        lines.append(
            "The beam keeps 5 sets and takes at most 4 steps between two shares, with candidates chosen by "
            "leave-one-out and by the effect of single words."
        )
    if bounds.widened:
        most = f"at most {bounds.excess:.3f}" if bounds.excess >= 0.0005 else "less than 0.001"
        lines.append(
            f"For {count(bounds.widened)} of {counted(bounds.beam, 'text')} bounded by beam, the order of a method was "
            f"outside of what the beam found, by {most}; the bounds include it."
        )
    for measure, flat in bounds.flat.items():
        if flat:
            lines.append(
                f"{counted(flat, 'bounded text has', 'bounded texts have')} no normalised {measure}: every "
                "order of the words has the same."
            )
    return lines


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
        f"({twins.twin}), on {counted(twins.texts, 'text')}: "
        f"{percent_change(twins.twin_accuracy, twins.accuracy, 2)} points "
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


def _family_table(rows: Sequence[MethodResults], measures: Sequence[Metric], *, seconds: bool, title: str) -> InParts:
    best = {measure.name: _best(rows, measure) for measure in measures}
    groups = [(Column(measure.heading, numeric=True, about=measure.about),) for measure in measures]
    if seconds:
        groups.append((Column("ms/text", numeric=True),))
    cells = tuple(tuple(_cells(row, measures, best, seconds)) for row in rows)
    return InParts(Column("method"), tuple(groups), cells, title)


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
