"""Texts and tables in Markdown, LaTeX and CSV. Every text is escaped, so none can act as markup or as a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tmeattn.render.console import safe
from tmeattn.render.numbers import MISSING, finite
from tmeattn.spreadsheet import csv_lines, harmless_cell

if TYPE_CHECKING:
    from tmeattn.render.export.columns import ExportColumn

_MARKDOWN = re.compile(r"[\\`*_\[\]|~#$&<>]")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# At the beginning of a row, brackets and stars would be options of \\ and \midrule. Two hyphens would become a dash,
# and a minus sign a hyphen.
_LATEX = re.compile(r"[\\&%$#_{}~^<>|`\[\]*ατ±°]|-(?=-)|(?<![\w-])-(?=\d)")
_REPLACED = re.compile("[\u2400-\u2421\ufffd]")  # what `safe` puts for a character: pdfLaTeX stops at these
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
    "α": r"\ensuremath{\alpha}",  # symbols in our own labels that pdfLaTeX lacks
    "τ": r"\ensuremath{\tau}",
    "±": r"\ensuremath{\pm}",
    "°": r"\ensuremath{^\circ}",
}


def one_line(text: str) -> str:
    """A text on one line, with unsafe characters replaced."""
    return " ".join(safe(text).split())


def markdown_text(text: str) -> str:
    """A text escaped for the inside of a Markdown line."""
    return _MARKDOWN.sub(lambda match: _HTML.get(match.group(), "\\" + match.group()), one_line(text))


def pipes(columns: Sequence[ExportColumn]) -> str:
    """A Markdown table."""
    lines = [
        [markdown_text(column.heading) for column in columns],
        ["---:" if column.number else ":---" for column in columns],
    ]
    rows = zip(*(column.cells for column in columns), strict=True)
    lines += [[MISSING if cell is None else markdown_text(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def latex_text(text: str) -> str:
    """A text escaped for LaTeX."""
    return _LATEX.sub(_latex_name, _REPLACED.sub("?", one_line(text)))


def _latex_name(match: re.Match[str]) -> str:
    character = match.group()
    if character == "-":
        return "-{}" if match.string[match.end()] == "-" else r"\ensuremath{-}"
    return _LATEX_NAMES.get(character, "\\" + character)


def tabular(columns: Sequence[ExportColumn]) -> list[str]:
    """The lines of a `tabular`, which is scaled down if it is wider than the text."""
    rows = zip(*(column.cells for column in columns), strict=True)
    body = [" & ".join("--" if cell is None else latex_text(cell) for cell in row) for row in rows]
    return [
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{''.join('r' if column.number else 'l' for column in columns)}}}",
        r"\toprule",
        " & ".join(latex_text(column.heading) for column in columns) + r" \\",
        r"\midrule",
        *(rf"{line} \\" for line in body),
        r"\bottomrule",
        r"\end{tabular}}",
    ]


def csv_table(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV below the names of their columns, each value as `csv_cell` has it."""
    return csv_lines([columns, *(map(csv_cell, row) for row in rows)])


def csv_cell(value: object) -> object:
    """A value for `csv.writer`: floats with six decimals, tuples joined, texts that cannot act as a formula."""
    if isinstance(value, float):
        return None if finite(value) is None else round(value, 6)
    if isinstance(value, tuple):
        return csv_cell(" ".join(str(round(part, 6) if isinstance(part, float) else part) for part in value))
    if isinstance(value, str):
        return safe(harmless_cell(value))
    return value
