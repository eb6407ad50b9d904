"""Texts in CSV files: a spreadsheet that opens the file shows them and does not run them as formulas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable

# Characters that begin a formula in a spreadsheet, and white space that it removes before it looks for one. In some
# languages Excel accepts the wide forms too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def harmless_cell(text: str, *, numbers: bool = False) -> str:
    """A text for a cell: what a spreadsheet would run as a formula begins with an apostrophe.

    numbers: a number such as -1 stays as it is, because programs read it as the name of a class.
    """
    if not text.startswith(_FORMULA) or (numbers and _NUMBER.fullmatch(text)):
        return text
    return f"'{text}"


def csv_lines(rows: Iterable[Iterable[object]], delimiter: str = ",") -> str:
    """Rows as CSV with `\\n` at the end of each. A carriage return inside of a cell is quoted, as a line break is, so
    that it does not end the row."""
    lines: list[str] = []
    writer = csv.writer(_Lines(lines), delimiter=delimiter, lineterminator="\r\n")
    writer.writerows(rows)
    return "".join(f"{line[:-2]}\n" for line in lines)


class _Lines:
    """The file that `csv.writer` writes to: one text for each row."""

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append
