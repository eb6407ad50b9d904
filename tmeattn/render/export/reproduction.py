"""A reproduced table as Markdown, CSV or LaTeX. Every text is escaped, so none can act as markup."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tmeattn.render.export.columns import brief_columns, difference_columns, row_columns
from tmeattn.render.export.markup import csv_cell, latex_text, list_item, markdown_text, pipes, tabular
from tmeattn.render.reproduction import conditions, how_differences, measured_on

if TYPE_CHECKING:
    from tmeattn.reproduce.results import Difference, Result, Row

_COLUMNS = (
    *("target", "label", "model", "report", "accuracy", "half", "accuracies", "last_accuracy", "train_accuracy"),
    *("entropy", "normalized_entropy", "seconds_per_epoch", "best_epoch", "epochs", "diverged", "runs"),
    *("minus", "difference", "difference_low", "difference_high", "difference_report"),
    *("recipe", "dataset", "split", "texts", "vectors", "seeds", "limit", "quick", "options", "machines"),
    *("report_train", "low", "high", "at_chance", "method"),
)


def markdown(result: Result) -> str:
    """A heading, the conditions, the table, the differences between rows, and the notes, in GitHub's Markdown.

    Accuracies are in percent and differences in points, with two decimals; a missing value is an en dash. Empty columns
    are left out.
    """
    blocks = [f"## {markdown_text(result.title)}", markdown_text(_conditions(result))]
    if result.says:
        blocks.append(f"The report: {markdown_text(result.says)}")
    if result.rows:
        blocks.append(pipes(row_columns(result)))
    if result.differences:
        blocks += [pipes(difference_columns(result)), markdown_text(how_differences(result.context))]
    if result.notes:
        blocks.append("\n".join(f"- {list_item(note)}" for note in result.notes))
    return "\n\n".join(blocks) + "\n"


def csv_text(result: Result) -> str:
    """A line of column names, then a line for each row of the table, with the conditions repeated in every line.

    Numbers have at most six decimals: accuracies and differences are fractions in [-1, 1], entropies are in nats.
    Several values in a cell are separated by spaces, options and machines by semicolons; a missing value is empty. The
    columns `minus` to `difference_report` hold the difference whose label is that of the row. A text that a spreadsheet
    would read as a formula begins with an apostrophe.
    """
    differences = {difference.label: difference for difference in result.differences}
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in result.rows:
        writer.writerow(csv_cell(value) for value in _csv_row(result, row, differences.get(row.label)))
    return buffer.getvalue()


def latex(result: Result) -> str:
    """A `table` with a `booktabs` tabular of the rows, another of the differences, and the conditions in the caption.

    It has the columns that fit a page, and is scaled down if they are still too wide. Numbers are as in Markdown; a
    missing value is `--`. The document needs the packages booktabs and graphicx; letters beyond Latin in the labels
    need XeLaTeX or LuaLaTeX.
    """
    held = latex_text(_conditions(result))
    units = latex_text("Accuracies in %, differences in points, attention entropy in nats, epoch: best/trained.")
    lines = [
        rf"% {latex_text(result.title)}",
        f"% {held}",
        r"% Needs \usepackage{booktabs,graphicx}.",
        r"\begin{table}",
        r"\centering\small",
        rf"\caption{{{latex_text(result.title)}. {held} {units}}}",
    ]
    if result.rows:
        lines += tabular(brief_columns(result))
    if result.differences:
        lines += ["", r"\medskip"] if result.rows else []
        lines += tabular(difference_columns(result))
    lines += [r"\end{table}", *(f"% {latex_text(note)}" for note in result.notes)]
    return "\n".join(lines) + "\n"


def _conditions(result: Result) -> str:
    """The conditions of the runs, and the machine on which the seconds were measured."""
    measured = measured_on(result.context)
    return f"Conditions: {conditions(result.context)}{f'; {measured}' if measured else ''}."


def _csv_row(result: Result, row: Row, difference: Difference | None) -> Iterable[object]:
    """The values of `_COLUMNS`."""
    context = result.context
    yield from (result.name, row.label, row.model, row.report, row.accuracy, row.half, row.accuracies)
    yield from (
        row.last_accuracy,
        row.train_accuracy,
        row.entropy,
        row.normalized_entropy,
        row.seconds_per_epoch,
        row.best_epoch,
    )
    yield from (row.epochs, row.diverged, row.runs)
    if difference is None:
        yield from (None,) * 5
    else:
        yield from (difference.above, difference.difference, difference.low, difference.high, difference.report)
    if context is None:
        yield from (None,) * 10
    else:
        yield from (context.recipe, context.dataset, context.split, context.texts, context.vectors, context.seeds)
        yield from (
            context.limit,
            context.quick,
            "; ".join(option.removeprefix("--") for option in context.options),
            "; ".join(context.machines),
        )
    yield from (row.report_train, row.low, row.high, row.at_chance, context.method if context else None)
