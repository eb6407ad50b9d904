"""Texts in CSV files: a spreadsheet that opens the file shows them and does not run them as formulas."""

from __future__ import annotations

import re

# Characters that begin a formula in a spreadsheet, and white space that it removes before it looks for one. In some
# languages Excel accepts the wide forms too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def harmless_cell(text: str) -> str:
    """A text for a cell: what a spreadsheet would run as a formula begins with an apostrophe. Numbers stay as they
    are."""
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
