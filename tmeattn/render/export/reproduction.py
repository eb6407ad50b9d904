"""A reproduced table as Markdown, CSV or LaTeX. Every text is escaped, so none can act as markup."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tmeattn.render.export import paper
from tmeattn.render.export.columns import brief_columns, difference_columns, row_columns
from tmeattn.render.export.markup import csv_table
from tmeattn.render.export.paper import PaperTable
from tmeattn.render.reproduction import conditions, how_accuracies, how_differences, measured_on
from tmeattn.reproduce.results import verdict

if TYPE_CHECKING:
    from tmeattn.reproduce.results import Difference, Result, Row

_COLUMNS = (
    *("target", "label", "model", "report", "accuracy", "half", "accuracies", "last_accuracy", "train_accuracy"),
    *("entropy", "normalized_entropy", "seconds_per_epoch", "best_epoch", "epochs", "diverged", "runs"),
    *("minus", "difference", "difference_low", "difference_high", "difference_report"),
    *("recipe", "dataset", "split", "texts", "vectors", "seeds", "limit", "quick", "options", "machines"),
    *("report_train", "low", "high", "at_chance", "method", "difference_remark"),
)


def markdown(result: Result) -> str:
    """The tables of the result, in GitHub's Markdown, with all columns that have a value.

    Accuracies are in percent and differences in points, with two decimals; a missing value is an en dash.
    """
    return paper.markdown(paper_tables(result))


def csv_text(result: Result) -> str:
    """A line of column names, then a line for each row of the table, with the conditions repeated in every line.

    Numbers have at most six decimals: accuracies and differences are fractions in [-1, 1], entropies are in nats.
    Several values in a cell are separated by spaces, options and machines by semicolons; a missing value is empty. The
    columns `minus` to `difference_report` hold the difference whose label is that of the row, and `difference_remark`
    what is to be said of it: "not significant", "reversed" or "one seed". A text that a spreadsheet
    would read as a formula begins with an apostrophe.
    """
    differences = {difference.label: difference for difference in result.differences}
    return csv_table(_COLUMNS, (_csv_row(result, row, differences.get(row.label)) for row in result.rows))


def latex(result: Result) -> str:
    """The tables of the result, with the columns that fit a page; they are scaled down if they are still too wide.
    Numbers are as in Markdown; a missing value is `--`."""
    return paper.latex(paper_tables(result))


def paper_tables(result: Result) -> list[PaperTable]:
    """The table of the rows, and that of the differences between them; a table without columns where there are none."""
    held = f"Conditions: {_conditions(result)}."
    units = "Accuracies in %, attention entropy in nats, epoch: best/trained."
    says = [f"The report: {result.says.rstrip('.')}."] if result.says else []
    tables = []
    if result.rows or not result.differences:
        about = [held, *says, *([units, how_accuracies(result.context)] if result.rows else [])]
        tables.append(PaperTable(result.title, about, row_columns(result), result.name, brief_columns(result)))
    if result.differences:
        about = [held, how_differences(result.context)]
        title = f"Differences of accuracies: {result.title}"
        tables.append(PaperTable(title, about, difference_columns(result), f"{result.name}-differences"))
    return tables


def _conditions(result: Result) -> str:
    """The conditions of the runs, with the names of options without hyphens, and the machine on which the seconds were
    measured."""
    text, measured = conditions(result.context), measured_on(result.context)
    for option in result.context.options if result.context else ():
        text = text.replace(option, option.removeprefix("--"))
    return f"{text}{f'; {measured}' if measured else ''}"


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
    yield None if difference is None else verdict(difference, context)
