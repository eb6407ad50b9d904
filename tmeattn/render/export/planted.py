"""The results of `tmeattn faithfulness --planted` as a file: Markdown, CSV, LaTeX or JSON."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from tmeattn.faithfulness.planted.results import LEARNED
from tmeattn.render.export import paper
from tmeattn.render.export.columns import ExportColumn
from tmeattn.render.export.files import check_ending, write_file
from tmeattn.render.export.markup import csv_cell
from tmeattn.render.export.paper import PaperTable
from tmeattn.render.numbers import count, percent
from tmeattn.render.planted import NOT_LEARNED, figure, heading, learned_cell, small_print

if TYPE_CHECKING:
    from tmeattn.faithfulness.planted.results import PlantedResults, PlantedRow

_COLUMNS = (
    *("data", "shortcut", "model", "status", "accuracy", "runs", "k", "texts", "words", "chance"),
    *("method", "precision", "low", "high", "over_random", "over_random_low", "over_random_high"),
)


def write(results: PlantedResults, path: Path) -> None:
    """Write the results in the format of the file ending.

    Raises:
        BadInput: the ending is of no known format.
        EnvironmentProblem: the file cannot be written.
    """
    check_ending(path, FORMATS)
    write_file(path, FORMATS[path.suffix.lower()](results).encode())


def markdown(results: PlantedResults) -> str:
    """The tables in Markdown."""
    return paper.markdown(paper_tables(results))


def latex(results: PlantedResults) -> str:
    """The tables in LaTeX."""
    return paper.latex(paper_tables(results))


def paper_tables(results: PlantedResults) -> list[PaperTable]:
    """The precisions of each shortcut, and the accuracies of the models on texts with it."""
    most = max((row.texts for row in results.rows), default=0)
    data = (
        f"At most {count(most)} test texts of {results.data} for each model, which was trained on "
        f"{count(results.train_texts)} texts with planted shortcuts (after Bastings et al. 2022)."
    )
    not_learned = (
        f"{NOT_LEARNED.capitalize()}: an accuracy of less than {percent(LEARNED, 0)} on texts with the shortcut, or a "
        "part of the shortcut decides alone."
    )
    how = [*small_print(results)[:3], not_learned]
    tables = []
    for kind in results.kinds:
        first = next(row for row in results.rows if row.kind == kind)
        title = f"Finding a planted shortcut: {heading(first)}"
        tables.append(PaperTable(title, [data, *how], _precisions(results, kind), f"planted-{kind}"))
    title = f"Accuracy on texts of {results.data} with a planted shortcut"
    return [*tables, PaperTable(title, [data, not_learned], _accuracies(results), "planted-accuracy")]


def csv_text(results: PlantedResults) -> str:
    """A line for each shortcut, model and method; of a shortcut that a model has not learned, one line without a
    method."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in results.rows:
        about = (results.data, row.kind, row.model, row.status, row.accuracy, " ".join(run.run for run in row.runs))
        measured = (row.count, row.texts, row.words, row.chance)
        lines: list[tuple[object, ...]] = [
            (method, one.mean, one.low, one.high, one.over_control, one.over_low, one.over_high)
            for method, one in row.precision.items()
        ]
        for line in lines or [(None,) * 7]:
            writer.writerow(csv_cell(value) for value in (*about, *measured, *line))
    return buffer.getvalue()


def _json(results: PlantedResults) -> str:
    return json.dumps(results.document(), indent=2, ensure_ascii=False) + "\n"


def _accuracies(results: PlantedResults) -> list[ExportColumn]:
    columns = [ExportColumn("Model", results.models, number=False)]
    for kind in results.kinds:
        cells = [learned_cell(row) for row in results.rows if row.kind == kind]
        columns.append(ExportColumn(f"Accuracy, {kind}", cells))
    return columns


def _precisions(results: PlantedResults, kind: str) -> list[ExportColumn]:
    methods = results.methods(kind) or [NOT_LEARNED]
    rows = [row for row in results.rows if row.kind == kind]
    return [
        ExportColumn("Method", methods, number=False),
        *(ExportColumn(row.model, [_cell(row, method) for method in methods]) for row in rows),
    ]


def _cell(row: PlantedRow, method: str) -> str | None:
    if not row.precision:
        return NOT_LEARNED
    estimate = row.precision.get(method)
    return None if estimate is None else figure(estimate, method)


FORMATS = {".md": markdown, ".csv": csv_text, ".tex": latex, ".json": _json}
"""The writer of each file ending."""
