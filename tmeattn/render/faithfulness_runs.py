"""The results of `tmeattn faithfulness` on several runs: a table for each measure, with a column for each run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.errors import UnknownName
from tmeattn.faithfulness.results import HUMAN, MEASURES, METRICS, OPERATORS
from tmeattn.render.attention_tests import attention_section
from tmeattn.render.console import safe
from tmeattn.render.faithfulness import InParts, figure, small_print, win_figure
from tmeattn.render.numbers import MISSING, percent
from tmeattn.render.tables import Cell, Column, table

if TYPE_CHECKING:
    from tmeattn.faithfulness.results import FaithfulnessResults

SHOWN = ("normalized_comprehensiveness", "normalized_sufficiency", "comprehensiveness_win_rate_infill")
"""The measures on the screen if the user names none."""
WHY = (
    "Compare models only by the normalised measures. The highest and the lowest raw figures that any explanation can "
    "reach differ between models, so a higher raw figure does not show a more faithful explanation (Edin et al., arXiv "
    "2408.08137). Soft erasure and win rates are no comparison of models either: each is relative to the zero vectors "
    "or the random rationales of the same model."
)


@dataclass(frozen=True)
class MeasureTable:
    """One measure of several runs.

    across: whether its figures may be compared between the columns.
    rows:   a method and a cell for each run; None where the run has no figure.
    """

    name: str
    title: str
    across: bool
    rows: tuple[tuple[str, tuple[str | None, ...]], ...]


def check_measures(names: Sequence[str] | None) -> None:
    """Check the names of `--measures`.

    Raises:
        UnknownName: there is no such measure.
    """
    wins = [f"{measure}_win_rate_{operator}" for measure in MEASURES for operator in OPERATORS]
    known = [*(metric.name for metric in METRICS), *wins]
    for name in names or ():
        if name not in known:
            raise UnknownName("measure", name, known)


def measure_tables(several: Sequence[FaithfulnessResults], names: Sequence[str] | None = None) -> list[MeasureTable]:
    """A table for each measure that a run has; `names`: only of these."""
    tables = [*_metric_tables(several), *_win_tables(several)]
    return [one for one in tables if names is None or one.name in names]


def faithfulness_of_runs(several: Sequence[FaithfulnessResults], names: Sequence[str] | None = SHOWN) -> Group:
    """The runs, a table for each of the named measures (None: all), and how to read them."""
    parts: list[RenderableType] = [_runs(several)]
    for one in measure_tables(several, names):
        columns = tuple((Column(label, numeric=True),) for label in labels(several))
        note = None if one.across else "Compare methods within a column, not models between columns."
        rows = tuple((method, *cells) for method, cells in one.rows)
        parts += [Text(), InParts(Column("method"), columns, rows, one.title, note)]
    for label, results in zip(labels(several), several, strict=True):
        if results.attention_tests is not None:
            parts += [Text(), Text(safe(label), style="bold"), attention_section(results.attention_tests)]
    parts += [Text(), Text(WHY)]
    for line in notes(several):
        parts.append(Text(safe(line), style="dim"))
    return Group(*parts)


def document(several: Sequence[FaithfulnessResults]) -> dict[str, object]:
    """As `--json` prints several runs."""
    across = [one.name for one in measure_tables(several) if one.across]
    return {"runs": [results.document() for results in several], "comparable": across, "reason": WHY}


def labels(several: Sequence[FaithfulnessResults]) -> list[str]:
    """The headings of the runs: their models or, where two have the same model, their names or ids."""
    models = [results.model for results in several]
    return [
        results.model if models.count(results.model) == 1 else results.name or results.run.split("-")[0]
        for results in several
    ]


def notes(several: Sequence[FaithfulnessResults]) -> list[str]:
    """The sentences below the tables: those that all runs have once, the others with the run."""
    lines = [small_print(results) for results in several]
    shared = [line for line in lines[0] if all(line in other for other in lines)]
    found = list(shared)
    if len({(results.data, results.texts) for results in several}) > 1:
        found.append("The runs were assessed on different texts, so their figures differ for this reason too.")
    for results, own in zip(several, lines, strict=True):
        found += [f"{results.name or results.run}: {line}" for line in own if line not in shared]
    return found


def _runs(several: Sequence[FaithfulnessResults]) -> RenderableType:
    numeric = ("texts", "bounded exactly", "by beam", "accuracy")
    columns = [Column("run"), Column("model"), *(Column(name, numeric=True) for name in numeric)]
    rows: list[list[Cell]] = [
        [
            results.name or results.run,
            results.model,
            results.texts,
            results.bounds.exact if results.bounds else 0,
            results.bounds.beam if results.bounds else 0,
            MISSING if results.accuracy is None else percent(results.accuracy),
        ]
        for results in several
    ]
    return table(columns, rows, caption=f"Texts of {several[0].data}.")


def _methods(several: Sequence[FaithfulnessResults]) -> list[str]:
    """The methods of all runs, the control last."""
    names = dict.fromkeys(row.method for results in several for row in results.rows[:-1])
    return [*names, several[0].rows[-1].method]


def _metric_tables(several: Sequence[FaithfulnessResults]) -> list[MeasureTable]:
    found = []
    for metric in METRICS:
        rows = []
        for method in _methods(several):
            cells = []
            for results in several:
                row = next((row for row in results.rows if row.method == method), None)
                known = None if row is None else row.measures.get(metric.name)
                cells.append(None if known is None else figure(known, method))
            rows.append((method, tuple(cells)))
        if any(cell is not None for _, cells in rows for cell in cells):
            direction = {True: " (higher is better)", False: " (lower is better)", None: ""}[metric.higher]
            title = metric.name.replace("_", " ").replace("normalized", "normalised").capitalize() + direction
            title = f"Plausibility, not faithfulness: {metric.heading}{direction}" if metric.family == HUMAN else title
            found.append(MeasureTable(metric.name, title, metric.across, tuple(rows)))
    return found


def _win_tables(several: Sequence[FaithfulnessResults]) -> list[MeasureTable]:
    found = []
    operators = dict.fromkeys(one.operator for results in several for one in results.against_random)
    for measure in MEASURES:
        for operator in operators:
            rows = []
            for method in _methods(several):
                cells = []
                for results in several:
                    of = [one.rows for one in results.against_random if one.operator == operator]
                    cells.append(win_figure(of[0][method][measure]) if of and method in of[0] else None)
                rows.append((method, tuple(cells)))
            title = f"Win rate against random rationales, {operator}: {measure} (higher is better)"
            found.append(MeasureTable(f"{measure}_win_rate_{operator}", title, False, tuple(rows)))
    return found
