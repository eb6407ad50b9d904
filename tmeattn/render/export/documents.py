"""A reproduced table as Markdown, CSV or LaTeX. Every text in it is data: whatever it holds, it is only ever shown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tmeattn.render.console import safe
from tmeattn.render.export.columns import Column, brief_columns, difference_columns, row_columns
from tmeattn.render.reproduction import conditions, how_differences, measured_on
from tmeattn.render.tables import MISSING, finite

if TYPE_CHECKING:
    from tmeattn.reproduce.results import Difference, Result, Row

_COLUMNS = (
    *("target", "label", "model", "report", "accuracy", "half", "accuracies", "last_accuracy", "train_accuracy"),
    *("entropy", "normalized_entropy", "seconds_per_epoch", "best_epoch", "epochs", "diverged", "runs"),
    *("minus", "difference", "difference_low", "difference_high", "difference_report"),
    *("recipe", "dataset", "split", "texts", "vectors", "seeds", "limit", "quick", "options", "machines"),
)
# What a spreadsheet takes for the beginning of a formula; the wide forms too, which Excel reads so in some languages.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

_MARKDOWN = re.compile(r"[\\`*_\[\]|~#$&<>]")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LIST = re.compile(r"^([-+]|\d{1,9}[.)])(?= |$)")
# Brackets and stars are options of \\ and \midrule where they begin a row; two hyphens would become a dash, and the
# sign of a number a hyphen.
_LATEX = re.compile(r"[\\&%$#_{}~^<>|`\[\]*α±]|-(?=-)|(?<![\w-])-(?=\d)")
_LATEX_NAMES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "α": r"\ensuremath{\alpha}",  # letters of our own that pdfLaTeX lacks
    "±": r"\ensuremath{\pm}",
}


def markdown(result: Result) -> str:
    """A heading, the conditions, the table, the differences between rows, and the notes, as GitHub reads Markdown.

    Accuracies are in percent and differences in points, with two decimals; what is missing is an en dash. A column
    that would be empty is left out.
    """
    blocks = [f"## {_markdown(result.title)}", _markdown(_holds(result))]
    if result.says:
        blocks.append(f"The report: {_markdown(result.says)}")
    if result.rows:
        blocks.append(_pipes(row_columns(result)))
    if result.differences:
        blocks += [_pipes(difference_columns(result)), _markdown(how_differences(result.context))]
    if result.notes:
        blocks.append("\n".join(f"- {_list_item(note)}" for note in result.notes))
    return "\n\n".join(blocks) + "\n"


def csv_text(result: Result) -> str:
    """One line a row of the table after a line of column names; the conditions stand in every line.

    Numbers have six decimals at most: accuracies and differences are fractions in [-1, 1], entropies nats. Several
    values in a cell are parted by spaces, options and machines by semicolons; what is missing is empty. `minus` to
    `difference_report` are the difference whose `label` is the row's. A text that a spreadsheet would take for a
    formula begins with an apostrophe.
    """
    found = {difference.label: difference for difference in result.differences}
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in result.rows:
        writer.writerow(_csv_cell(value) for value in _csv_row(result, row, found.get(row.label)))
    return buffer.getvalue()


def latex(result: Result) -> str:
    """A `table` with a `booktabs` tabular of the rows, one of the differences, and the conditions in the caption.

    It has the columns that a page holds, and is shrunk where they are too wide for it still. Numbers are as in
    Markdown; what is missing is `--`. The document needs the packages booktabs and graphicx; letters beyond Latin in
    the labels need XeLaTeX or LuaLaTeX.
    """
    holds = _latex(_holds(result))
    units = _latex("Accuracies in %, differences in points, entropy of attention in nats, epoch: best/trained.")
    lines = [
        rf"% {_latex(result.title)}",
        f"% {holds}",
        r"% Needs \usepackage{booktabs,graphicx}.",
        r"\begin{table}",
        r"\centering\small",
        rf"\caption{{{_latex(result.title)}. {holds} {units}}}",
    ]
    if result.rows:
        lines += _tabular(brief_columns(result))
    if result.differences:
        lines += ["", r"\medskip"] if result.rows else []
        lines += _tabular(difference_columns(result))
    lines += [r"\end{table}", *(f"% {_latex(note)}" for note in result.notes)]
    return "\n".join(lines) + "\n"


def _holds(result: Result) -> str:
    """Under what conditions the numbers hold, and where seconds were measured."""
    measured = measured_on(result.context)
    return f"Conditions: {conditions(result.context)}{f'; {measured}' if measured else ''}."


def _one_line(text: str) -> str:
    return " ".join(safe(text).split())


def _markdown(text: str) -> str:
    """A text that Markdown shows as it is, within a line."""
    return _MARKDOWN.sub(lambda match: _HTML.get(match.group(), "\\" + match.group()), _one_line(text))


def _list_item(text: str) -> str:
    """The same where a line begins: no list within the list."""
    return _LIST.sub(lambda match: f"{match.group()[:-1]}\\{match.group()[-1]}", _markdown(text))


def _pipes(columns: Sequence[Column]) -> str:
    """A Markdown table."""
    lines = [[column.heading for column in columns], ["---:" if column.number else ":---" for column in columns]]
    rows = zip(*(column.cells for column in columns), strict=True)
    lines += [[MISSING if cell is None else _markdown(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _latex(text: str) -> str:
    """A text that LaTeX typesets as it is."""
    return _LATEX.sub(_latex_name, _one_line(text))


def _latex_name(match: re.Match[str]) -> str:
    character = match.group()
    if character == "-":
        return "-{}" if match.string[match.end()] == "-" else r"\ensuremath{-}"
    return _LATEX_NAMES.get(character, "\\" + character)


def _tabular(columns: Sequence[Column]) -> list[str]:
    """The lines of a `tabular`, shrunk to the width of the text where it is wider."""
    rows = zip(*(column.cells for column in columns), strict=True)
    body = [" & ".join("--" if cell is None else _latex(cell) for cell in row) for row in rows]
    return [
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{''.join('r' if column.number else 'l' for column in columns)}}}",
        r"\toprule",
        " & ".join(_latex(column.heading) for column in columns) + r" \\",
        r"\midrule",
        *(rf"{line} \\" for line in body),
        r"\bottomrule",
        r"\end{tabular}}",
    ]


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


def _csv_cell(value: object) -> object:
    if isinstance(value, float):
        return None if finite(value) is None else round(value, 6)
    if isinstance(value, tuple):
        return _csv_cell(" ".join(str(round(part, 6) if isinstance(part, float) else part) for part in value))
    if isinstance(value, str):
        return ("'" if value.startswith(_FORMULA) else "") + safe(value)
    return value
