"""The results of `tmeattn faithfulness --planted` as a file: Markdown, CSV, LaTeX or JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tmeattn.faithfulness.planted.results import ALONE, LEARNED
from tmeattn.faithfulness.planted.shortcuts import SHORTCUT
from tmeattn.faithfulness.results import CONTROL
from tmeattn.plurals import counted
from tmeattn.render.export import paper
from tmeattn.render.export.columns import ExportColumn
from tmeattn.render.export.files import check_ending, write_file
from tmeattn.render.export.markup import csv_table
from tmeattn.render.faithfulness import CHANCE
from tmeattn.render.numbers import count, percent
from tmeattn.render.planted import NOT_LEARNED, about, figure, learned_cell

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
    """The accuracies, then a table of precisions for each kind of shortcut, each with its caption."""
    return paper.markdown(_tables(results))


def latex(results: PlantedResults) -> str:
    """The same tables for LaTeX. The document needs the packages booktabs and graphicx."""
    return paper.latex(_tables(results))


def _tables(results: PlantedResults) -> list[paper.PaperTable]:
    of_data = f"texts of {results.data} with a planted shortcut (after Bastings et al. 2022)"
    accuracies = paper.PaperTable(
        f"Accuracy on {of_data}",
        [
            f"Trained on {counted(results.train_texts, 'text')}, {percent(SHORTCUT, 0)} of them with a shortcut.",
            f"A shortcut is not learned below {percent(LEARNED, 0)}, or where a part of it decides more than "
            f"{percent(ALONE, 0)} of the texts alone.",
        ],
        _accuracies(results),
        f"planted-accuracy-{results.data}",
    )
    return [accuracies, *(_precision_table(results, kind, of_data) for kind in results.kinds)]


def _precision_table(results: PlantedResults, kind: str, of_data: str) -> paper.PaperTable:
    rows = [row for row in results.rows if row.kind == kind]
    most = max(row.texts for row in rows)
    return paper.PaperTable(
        f"Precision@{rows[0].count} of finding a planted {kind} ({about(kind)})",
        [
            f"On at most {count(most)} test {of_data}, which the model classifies as the shortcut says.",
            f"± is half of the 95 % bootstrap interval over texts; {CHANCE} marks no significant difference from "
            f"{CONTROL}.",
        ],
        _precisions(results, kind),
        f"planted-{kind}-{results.data}",
    )


def csv_text(results: PlantedResults) -> str:
    """A line for each shortcut, model and method; of a shortcut that a model has not learned, one line without a
    method."""
    found: list[tuple[object, ...]] = []
    for row in results.rows:
        about = (results.data, row.kind, row.model, row.status, row.accuracy, " ".join(run.run for run in row.runs))
        measured = (row.count, row.texts, row.words, row.chance)
        lines: list[tuple[object, ...]] = [
            (method, one.mean, one.low, one.high, one.over_control, one.over_low, one.over_high)
            for method, one in row.precision.items()
        ]
        found += [(*about, *measured, *line) for line in lines or [(None,) * 7]]
    return csv_table(_COLUMNS, found)


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
