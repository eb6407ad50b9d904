"""The results of `tmeattn faithfulness` as a file: Markdown, CSV, LaTeX or JSON."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from tmeattn.faithfulness.results import METRICS, Metric
from tmeattn.plurals import counted
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


def write(results: FaithfulnessResults, path: Path) -> None:
    """Write the results in the format of the file ending.

    Raises:
        BadInput: the ending is of no known format.
        EnvironmentProblem: the file cannot be written.
    """
    check_ending(path, FORMATS)
    write_file(path, FORMATS[path.suffix.lower()](results).encode())


def markdown(results: FaithfulnessResults) -> str:
    """A heading, the facts, the table, and how to read it."""
    facts = [f"- {list_item(line)}" for line in _facts(results)]
    reading = _reading(results)
    blocks = [
        f"## {markdown_text(_title(results))}",
        "\n".join(facts),
        pipes(_columns(results)),
        markdown_text(reading),
    ]
    return "\n\n".join(blocks) + "\n"


def latex(results: FaithfulnessResults) -> str:
    """A `table` with a `booktabs` tabular. The document needs the packages booktabs and graphicx."""
    reading = " ".join([*_facts(results), _reading(results)])
    lines = [
        r"% Needs \usepackage{booktabs,graphicx}.",
        r"\begin{table}",
        r"\centering\small",
        rf"\caption{{{latex_text(_title(results))}. {latex_text(reading)}}}",
        *tabular(_columns(results)),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def csv_text(results: FaithfulnessResults) -> str:
    """A line for each method and metric: mean, interval, and the difference from the control with its interval."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_COLUMNS)
    about = (results.run, results.model, results.data, results.texts)
    for row in results.rows:
        lines: list[tuple[object, ...]] = [
            (
                metric.name,
                estimate.mean,
                estimate.low,
                estimate.high,
                estimate.over_control,
                estimate.over_low,
                estimate.over_high,
            )
            for metric in METRICS
            if (estimate := row.measures.get(metric.name)) is not None
        ]
        lines.append(("seconds_per_text", row.seconds_per_text, *[None] * 5))
        for line in lines:
            writer.writerow(csv_cell(value) for value in (*about, row.method, *line))
    return buffer.getvalue()


def _json(results: FaithfulnessResults) -> str:
    return json.dumps(results.document(), indent=2, ensure_ascii=False) + "\n"


def _title(results: FaithfulnessResults) -> str:
    return f"Faithfulness of explanations of {results.model} (run {results.run})"


def _facts(results: FaithfulnessResults) -> list[str]:
    facts = [f"{counted(results.texts, 'text')} of {results.data}, {results.words:.0f} words on average."]
    if results.entropy is not None:
        facts.append(f"Attention entropy {results.entropy.mean:.2f} ± {half(results.entropy):.2f} nats.")
    return [*facts, f"Uniform weights: {uniform_weights_test(results).removesuffix('.')}."]


def _reading(results: FaithfulnessResults) -> str:
    """How to read the figures."""
    about = "; ".join(metric.about for metric in _assessed(results))
    return " ".join([f"{about}.", *small_print(results)])


def _assessed(results: FaithfulnessResults) -> list[Metric]:
    return [metric for metric in METRICS if any(metric.name in row.measures for row in results.rows)]


def _columns(results: FaithfulnessResults) -> list[ExportColumn]:
    columns = [ExportColumn("Method", [row.method for row in results.rows], number=False)]
    for metric in _assessed(results):
        figures = [row.measures.get(metric.name) for row in results.rows]
        cells = [
            None if estimate is None else figure(estimate, row.method)
            for estimate, row in zip(figures, results.rows, strict=True)
        ]
        columns.append(ExportColumn(metric.heading, cells))
    return [*columns, ExportColumn("ms/text", [f"{1000 * row.seconds_per_text:.1f}" for row in results.rows])]


FORMATS = {".md": markdown, ".csv": csv_text, ".tex": latex, ".json": _json}
"""The writer of each file ending."""
