"""The results of `tmeattn faithfulness` as a file: Markdown, CSV, LaTeX or JSON."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from tmeattn.faithfulness.results import METRICS, Metric
from tmeattn.render.export.columns import ExportColumn
from tmeattn.render.export.files import check_ending, write_file
from tmeattn.render.export.markup import csv_cell, latex_text, list_item, markdown_text, pipes, tabular
from tmeattn.render.faithfulness import figure, half, small_print, uniform_weights_test

if TYPE_CHECKING:
    from tmeattn.faithfulness.results import FaithfulnessResults


_COLUMNS = (
    *("run", "model", "data", "texts", "method", "measure", "mean", "low", "high"),
    *("over_random", "over_random_low", "over_random_high"),
)


def write(found: FaithfulnessResults, path: Path) -> None:
    """Write the results in the format of the file ending.

    Raises:
        BadInput: the ending is of no known format.
        EnvironmentProblem: the file cannot be written.
    """
    check_ending(path, FORMATS)
    write_file(path, FORMATS[path.suffix.lower()](found).encode())


def markdown(found: FaithfulnessResults) -> str:
    """A heading, the facts, the table, and how to read it."""
    facts = [f"- {list_item(line)}" for line in _facts(found)]
    reading = _reading(found)
    blocks = [f"## {markdown_text(_title(found))}", "\n".join(facts), pipes(_columns(found)), markdown_text(reading)]
    return "\n\n".join(blocks) + "\n"


def latex(found: FaithfulnessResults) -> str:
    """A `table` with a `booktabs` tabular. The document needs the packages booktabs and graphicx."""
    reading = " ".join([*_facts(found), _reading(found)])
    lines = [
        r"% Needs \usepackage{booktabs,graphicx}.",
        r"\begin{table}",
        r"\centering\small",
        rf"\caption{{{latex_text(_title(found))}. {latex_text(reading)}}}",
        *tabular(_columns(found)),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def csv_text(found: FaithfulnessResults) -> str:
    """A line for each method and metric: mean, interval, and the difference from the control with its interval."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_COLUMNS)
    about = (found.run, found.model, found.data, found.texts)
    for row in found.rows:
        lines: list[tuple[object, ...]] = [
            (measure.name, one.mean, one.low, one.high, one.over_control, one.over_low, one.over_high)
            for measure in METRICS
            if (one := row.measures.get(measure.name)) is not None
        ]
        lines.append(("seconds_per_text", row.seconds_per_text, *[None] * 5))
        for line in lines:
            writer.writerow(csv_cell(value) for value in (*about, row.method, *line))
    return buffer.getvalue()


def _json(found: FaithfulnessResults) -> str:
    return json.dumps(found.document(), indent=2, ensure_ascii=False) + "\n"


def _title(found: FaithfulnessResults) -> str:
    return f"Faithfulness of explanations of {found.model} (run {found.run})"


def _facts(found: FaithfulnessResults) -> list[str]:
    facts = [f"{found.texts} texts of {found.data}, {found.words:.0f} words on average."]
    if found.entropy is not None:
        facts.append(f"Attention entropy {found.entropy.mean:.2f} ± {half(found.entropy):.2f} nats.")
    return [*facts, f"Uniform weights: {uniform_weights_test(found).removesuffix('.')}."]


def _reading(found: FaithfulnessResults) -> str:
    """How to read the figures."""
    about = "; ".join(measure.about for measure in _measured(found))
    return " ".join([f"{about}.", *small_print(found)])


def _measured(found: FaithfulnessResults) -> list[Metric]:
    return [measure for measure in METRICS if any(measure.name in row.measures for row in found.rows)]


def _columns(found: FaithfulnessResults) -> list[ExportColumn]:
    columns = [ExportColumn("Method", [row.method for row in found.rows], number=False)]
    for measure in _measured(found):
        figures = [row.measures.get(measure.name) for row in found.rows]
        cells = [None if one is None else figure(one, row.method) for one, row in zip(figures, found.rows, strict=True)]
        columns.append(ExportColumn(measure.heading, cells))
    return [*columns, ExportColumn("ms/text", [f"{1000 * row.seconds_per_text:.1f}" for row in found.rows])]


FORMATS = {".md": markdown, ".csv": csv_text, ".tex": latex, ".json": _json}
"""The writer of each file ending."""
