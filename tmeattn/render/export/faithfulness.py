"""The results of `tmeattn faithfulness` as a file: Markdown, CSV, LaTeX or JSON, of one run or of several."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tmeattn.faithfulness.results import FAMILIES, MEASURES, METRICS
from tmeattn.render.attention_tests import attention_measures, attention_notes, attention_points, attention_tables
from tmeattn.render.export.columns import ExportColumn
from tmeattn.render.export.files import check_ending, write_file
from tmeattn.render.export.markup import csv_cell, latex_text, list_item, markdown_text, pipes, tabular
from tmeattn.render.faithfulness import (
    family_title,
    figure,
    half,
    measured,
    random_title,
    small_print,
    uniform_weights_test,
    win_figure,
)
from tmeattn.render.faithfulness_runs import WHY, document, labels, measure_tables, notes

if TYPE_CHECKING:
    from tmeattn.faithfulness.results import Estimate, FaithfulnessResults

Table = tuple[str, list[ExportColumn]]
"""A title and the columns below it."""

_COLUMNS = (
    *("run", "model", "data", "texts", "method", "measure", "mean", "low", "high"),
    *("over_random", "over_random_low", "over_random_high", "operator"),
)


def write(several: Sequence[FaithfulnessResults], path: Path) -> None:
    """Write the results of one run or of several in the format of the file ending.

    Raises:
        BadInput: the ending is of no known format.
        EnvironmentProblem: the file cannot be written.
    """
    check_ending(path, FORMATS)
    write_file(path, FORMATS[path.suffix.lower()](several).encode())


def markdown(several: Sequence[FaithfulnessResults]) -> str:
    """A heading, the facts, a table for each family or measure, and how to read them."""
    blocks = [
        f"## {markdown_text(_title(several))}",
        "\n".join(f"- {list_item(line)}" for line in _all_facts(several)),
    ]
    for title, columns in _tables(several):
        blocks += [f"**{markdown_text(title)}**", pipes(columns)]
    blocks.append(markdown_text(_reading(several)))
    return "\n\n".join(blocks) + "\n"


def latex(several: Sequence[FaithfulnessResults]) -> str:
    """A `table` with a `booktabs` tabular for each family or measure. The document needs the packages booktabs and
    graphicx."""
    lines = [r"% Needs \usepackage{booktabs,graphicx}."]
    for at, (title, columns) in enumerate(_tables(several)):
        caption = f"{_title(several)}. {title}."
        if at == 0:
            caption = " ".join([caption, *_all_facts(several), _reading(several)])
        lines += [
            r"\begin{table}",
            r"\centering\small",
            rf"\caption{{{latex_text(caption)}}}",
            *tabular(columns),
            r"\end{table}",
        ]
    return "\n".join(lines) + "\n"


def csv_text(several: Sequence[FaithfulnessResults]) -> str:
    """A line for each run, method and metric: mean, interval, and the difference from the control with its interval;
    for comparisons with random rationales also the operator."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for results in several:
        about = (results.run, results.model, results.data, results.texts)
        for row in results.rows:
            for metric in METRICS:
                if (one := row.measures.get(metric.name)) is not None:
                    over = (one.over_control, one.over_low, one.over_high)
                    _row(writer, *about, row.method, metric.name, one.mean, one.low, one.high, *over, None)
            _row(writer, *about, row.method, "seconds_per_text", row.seconds_per_text, *[None] * 6)
            for name, values, operator in _random_rows(results, row.method):
                _row(writer, *about, row.method, name, *values, *[None] * 3, operator)
        if (tests := results.attention_tests) is not None:
            for method, name, one in attention_measures(tests):
                over = (one.over_control, one.over_low, one.over_high)
                _row(writer, *about, method, name, one.mean, one.low, one.high, *over, None)
            for method, name, value in attention_points(tests):
                _row(writer, *about, method, name, value, *[None] * 6)
    return buffer.getvalue()


def _row(writer: object, *cells: object) -> None:
    writer.writerow(csv_cell(value) for value in cells)  # type: ignore[attr-defined]


def _random_rows(
    results: FaithfulnessResults, method: str
) -> Iterator[tuple[str, tuple[float | None, float | None, float | None], str]]:
    """The name, the value with its interval, and the operator of each comparison with random rationales."""
    for one in results.against_random:
        for measure in MEASURES:
            row = one.rows[method][measure]
            for name, known in (("drop", row.drop), ("win_rate", row.win_rate)):
                yield f"{measure}_{name}", (known.mean, known.low, known.high), one.operator
            for name, value in (("p", row.p), ("p_adjusted", row.p_adjusted), ("effect", row.effect)):
                yield f"{measure}_{name}", (value, None, None), one.operator


def _json(several: Sequence[FaithfulnessResults]) -> str:
    found = several[0].document() if len(several) == 1 else document(several)
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _title(several: Sequence[FaithfulnessResults]) -> str:
    if len(several) > 1:
        return f"Faithfulness of explanations of {len(several)} runs"
    return f"Faithfulness of explanations of {several[0].model} (run {several[0].run})"


def _all_facts(several: Sequence[FaithfulnessResults]) -> list[str]:
    if len(several) == 1:
        return _facts(several[0])
    return [f"{results.model} (run {results.run}): {' '.join(_facts(results))}" for results in several]


def _facts(results: FaithfulnessResults) -> list[str]:
    facts = [f"{results.texts} texts of {results.data}, {results.words:.0f} words on average."]
    if results.entropy is not None:
        facts.append(f"Attention entropy {results.entropy.mean:.2f} ± {half(results.entropy):.2f} nats.")
    return [*facts, f"Uniform weights: {uniform_weights_test(results).removesuffix('.')}."]


def _reading(several: Sequence[FaithfulnessResults]) -> str:
    """How to read the figures."""
    about = "; ".join(
        metric.about
        for metric in METRICS
        if any(metric.name in row.measures for results in several for row in results.rows)
    )
    if len(several) > 1:
        return " ".join([f"{about}.", WHY, *notes(several), *_attention_notes(several)])
    return " ".join([f"{about}.", *several[0].disagreements, *small_print(several[0]), *_attention_notes(several)])


def _attention_notes(several: Sequence[FaithfulnessResults]) -> list[str]:
    """How to read the tests of attention, each sentence once."""
    found = [one.attention_tests for one in several if one.attention_tests is not None]
    return list(dict.fromkeys(line for tests in found for line in attention_notes(tests)))


def _tables(several: Sequence[FaithfulnessResults]) -> list[Table]:
    """A table for each family of one run, or for each measure of several."""
    if len(several) > 1:
        return [
            (
                one.title if one.across else f"{one.title}; not to be compared between models",
                [
                    ExportColumn("Method", [method for method, _ in one.rows], number=False),
                    *(
                        ExportColumn(label, [cells[at] for _, cells in one.rows])
                        for at, label in enumerate(labels(several))
                    ),
                ],
            )
            for one in measure_tables(several)
        ] + [table for results in several for table in _attention_tables(results, f"{results.model} ({results.run}): ")]
    (results,) = several
    tables = [(family_title(results, family), _columns(results, family)) for family in FAMILIES]
    tables = [(title, columns) for title, columns in tables if len(columns) > 1]
    if results.against_random:
        tables += [(random_title(results, measure), _random_columns(results, measure)) for measure in MEASURES]
    return [*tables, *_attention_tables(results)]


def _attention_tables(results: FaithfulnessResults, prefix: str = "") -> list[Table]:
    """The tables of the tests of attention itself."""
    found = [] if results.attention_tests is None else attention_tables(results.attention_tests)
    return [
        (
            f"{prefix}{title}",
            [ExportColumn(heading, [row[at] for row in rows], number=at > 0) for at, heading in enumerate(headings)],
        )
        for title, headings, rows in found
    ]


def _columns(results: FaithfulnessResults, family: str) -> list[ExportColumn]:
    columns = [ExportColumn("Method", [row.method for row in results.rows], number=False)]
    for metric in measured(results, family):
        figures = [row.measures.get(metric.name) for row in results.rows]
        columns.append(ExportColumn(metric.heading, list(map(_figure, figures, columns[0].cells))))
    if family == "ranks":
        columns.append(ExportColumn("ms/text", [f"{1000 * row.seconds_per_text:.1f}" for row in results.rows]))
    return columns


def _figure(estimate: Estimate | None, method: str | None) -> str | None:
    return None if estimate is None else figure(estimate, method or "")


def _random_columns(results: FaithfulnessResults, measure: str) -> list[ExportColumn]:
    columns = [ExportColumn("Method", [row.method for row in results.rows], number=False)]
    for one in results.against_random:
        of = [one.rows[row.method][measure] for row in results.rows]
        columns += [
            ExportColumn(f"{one.operator}: win rate", [win_figure(row) for row in of]),
            ExportColumn("drop", [f"{row.drop.mean:z.3f}" for row in of]),
            ExportColumn("p", [f"{row.p_adjusted:.3f}" for row in of]),
            ExportColumn("d", [None if row.effect is None else f"{row.effect:z.2f}" for row in of]),
        ]
    return columns


FORMATS = {".md": markdown, ".csv": csv_text, ".tex": latex, ".json": _json}
"""The writer of each file ending."""
