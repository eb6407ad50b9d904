"""A reproduced table as Markdown, CSV or LaTeX. Every text in it is data: whatever it holds, it is only ever shown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tmeattn.render.console import safe
from tmeattn.render.reproduction import conditions
from tmeattn.render.tables import MISSING, finite

if TYPE_CHECKING:
    from tmeattn.reproduce.results import Difference, Result, Row

_HEADINGS = (
    "Configuration",
    "Report, %",
    "Ours, %",
    "± (95 %), points",
    "To the report, points",
    "Entropy, nats",
    "Entropy, normalised",
    "Best epoch",
    "s/epoch",
    "Runs",
)
_DIFFERENCE_HEADINGS = ("Configuration", "minus", "Difference, points", "95 % interval", "Report, points", "Remark")
_COLUMNS = (
    *("target", "label", "model", "report", "accuracy", "half", "accuracies", "train_accuracy", "entropy"),
    *("normalized_entropy", "seconds_per_epoch", "best_epoch", "epochs", "diverged", "runs"),
    *("minus", "difference", "difference_low", "difference_high", "difference_report"),
    *("recipe", "dataset", "split", "texts", "vectors", "seeds", "limit", "quick"),
)
# What a spreadsheet takes for the beginning of a formula; the wide forms too, which Excel reads so in some languages.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

_MARKDOWN = re.compile(r"[\\`*_\[\]|~#$&<>]")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LIST = re.compile(r"^([-+]|\d{1,9}[.)])(?= |$)")
# Brackets and stars are options of \\ and \midrule where they begin a row; two hyphens would become a dash, and the
# sign of a number a hyphen.
_LATEX = re.compile(r"[\\&%$#_{}~^<>|`\[\]*α]|-(?=-)|(?<![\w-])-(?=\d)")
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
    "α": r"\ensuremath{\alpha}",  # the one letter of our own labels that pdfLaTeX lacks
}


def markdown(result: Result) -> str:
    """A heading, the conditions, the table, the differences between rows, and the notes, as GitHub reads Markdown.

    Accuracies are in percent and differences in points, with two decimals; what is missing is an en dash.
    """
    blocks = [f"## {_markdown(result.title)}", f"Conditions: {_markdown(conditions(result.context))}."]
    if result.says:
        blocks.append(f"The report: {_markdown(result.says)}")
    if result.rows:
        blocks.append(_pipes(_HEADINGS, [[*_cells(row), _runs(row)] for row in result.rows], "l" + "r" * 8 + "l"))
    if result.differences:
        rows = [_difference_cells(difference) for difference in result.differences]
        blocks.append(_pipes(_DIFFERENCE_HEADINGS, rows, "llrrrl"))
    if result.notes:
        blocks.append("\n".join(f"- {_list_item(note)}" for note in result.notes))
    return "\n\n".join(blocks) + "\n"


def csv_text(result: Result) -> str:
    """One line a row of the table after a line of column names; the conditions stand in every line.

    Numbers have their full precision: accuracies and differences are fractions in [-1, 1], entropies nats. Several
    values in a cell are parted by spaces, what is missing is empty. `minus` to `difference_report` are the difference
    whose `label` is the row's. A text that a spreadsheet would take for a formula begins with an apostrophe.
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

    Numbers are as in Markdown; what is missing is `--`. The document needs the package booktabs; letters beyond Latin
    in the labels need XeLaTeX or LuaLaTeX.
    """
    holds = _latex(conditions(result.context))
    lines = [
        rf"% {_latex(result.title)}",
        f"% {holds}",
        r"% Needs \usepackage{booktabs}.",
        r"\begin{table}",
        r"\centering\small",
        rf"\caption{{{_latex(result.title)}. Conditions: {holds}.}}",
    ]
    if result.rows:
        rows: list[list[str | None]] = [[*_cells(row), _run_count(row)] for row in result.rows]
        lines += _tabular(_HEADINGS, rows, "l" + "r" * 9)
    if result.differences:
        lines += ["", r"\medskip"] if result.rows else []
        differences = [_difference_cells(difference) for difference in result.differences]
        lines += _tabular(_DIFFERENCE_HEADINGS, differences, "llrrrl")
    lines += [r"\end{table}", *(f"% {_latex(note)}" for note in result.notes)]
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> list[str | None]:
    """A row without its runs, as plain text."""
    accuracy, report = finite(row.accuracy), finite(row.report)
    beyond = accuracy - report if accuracy is not None and report is not None else None
    return [
        row.label,
        _decimal(report, 2, scale=100),
        _decimal(accuracy, 2, scale=100),
        _decimal(row.half, 2, scale=100),
        _signed_points(beyond),
        _decimal(row.entropy, 2),
        _decimal(row.normalized_entropy, 3),
        _decimal(row.best_epoch, 1),
        _decimal(row.seconds_per_epoch, 1),
    ]


def _difference_cells(difference: Difference) -> list[str | None]:
    low, high = _signed_points(difference.low), _signed_points(difference.high)
    remarks = ["other order than in the report"] if difference.reversed else []
    if low is not None and high is not None and not difference.significant:
        remarks.append("zero lies in the interval")
    return [
        difference.label,
        difference.above,
        _signed_points(difference.difference),
        f"{low} to {high}" if low is not None and high is not None else None,
        _signed_points(difference.report),
        "; ".join(remarks),
    ]


def _runs(row: Row) -> str | None:
    """The ids of the runs, and which seeds diverged."""
    runs = ", ".join(row.runs)
    if not row.diverged:
        return runs or None
    seeds = f"diverged: {'seed' if len(row.diverged) == 1 else 'seeds'} {', '.join(map(str, row.diverged))}"
    return f"{runs} ({seeds})" if runs else seeds


def _run_count(row: Row) -> str:
    return f"{len(row.runs)} ({len(row.diverged)} diverged)" if row.diverged else str(len(row.runs))


def _decimal(value: float | None, digits: int, *, scale: float = 1.0) -> str | None:
    """`scale` times a number, with a fixed count of decimals and no minus zero."""
    number = finite(value)
    return None if number is None else f"{scale * number:z.{digits}f}"


def _signed_points(fraction: float | None) -> str | None:
    number = finite(fraction)
    return None if number is None else f"{100 * number:+z.2f}"


def _one_line(text: str) -> str:
    return " ".join(safe(text).split())


def _markdown(text: str) -> str:
    """A text that Markdown shows as it is, within a line."""
    return _MARKDOWN.sub(lambda match: _HTML.get(match.group(), "\\" + match.group()), _one_line(text))


def _list_item(text: str) -> str:
    """The same where a line begins: no list within the list."""
    return _LIST.sub(lambda match: f"{match.group()[:-1]}\\{match.group()[-1]}", _markdown(text))


def _pipes(headings: Sequence[str], rows: Iterable[Sequence[str | None]], alignment: str) -> str:
    """A Markdown table; `alignment` has an l or an r for each column."""
    lines = [list(headings), ["---:" if side == "r" else ":---" for side in alignment]]
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


def _tabular(headings: Sequence[str], rows: Iterable[Sequence[str | None]], alignment: str) -> list[str]:
    """The lines of a `tabular`; `alignment` has an l or an r for each column."""
    body = [" & ".join("--" if cell is None else _latex(cell) for cell in row) for row in rows]
    return [
        rf"\begin{{tabular}}{{{alignment}}}",
        r"\toprule",
        " & ".join(map(_latex, headings)) + r" \\",
        r"\midrule",
        *(rf"{line} \\" for line in body),
        r"\bottomrule",
        r"\end{tabular}",
    ]


def _csv_row(result: Result, row: Row, difference: Difference | None) -> Iterable[object]:
    """The values of `_COLUMNS`."""
    context = result.context
    yield from (result.name, row.label, row.model, row.report, row.accuracy, row.half, row.accuracies)
    yield from (row.train_accuracy, row.entropy, row.normalized_entropy, row.seconds_per_epoch, row.best_epoch)
    yield from (row.epochs, row.diverged, row.runs)
    if difference is None:
        yield from (None,) * 5
    else:
        yield from (difference.above, difference.difference, difference.low, difference.high, difference.report)
    if context is None:
        yield from (None,) * 8
    else:
        yield from (context.recipe, context.dataset, context.split, context.texts, context.vectors, context.seeds)
        yield from (context.limit, context.quick)


def _csv_cell(value: object) -> object:
    if isinstance(value, float):
        return finite(value)
    if isinstance(value, tuple):
        return _csv_cell(" ".join(map(str, value)))
    if isinstance(value, str):
        return ("'" if value.startswith(_FORMULA) else "") + safe(value)
    return value
