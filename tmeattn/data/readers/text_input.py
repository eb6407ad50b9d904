"""Texts without labels, to be classified or explained: from a file or from standard input, in one of the formats of
`tables.py`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tmeattn.data.readers.columns import text_column, text_of
from tmeattn.data.readers.tables import RowProblem, Table, format_of, open_table
from tmeattn.errors import BadInput

STANDARD_INPUT = Path("-")
MOST_NUMBERS = 5


@dataclass(frozen=True)
class TextInput:
    """Where texts come from.

    path:   a file, or `-` for standard input.
    format: one of `tables.FORMATS`; None: the one of the file's name, else plain text with one text on each line.
    column: name of the column of the texts in a table; None: chosen by its name.
    """

    path: Path = STANDARD_INPUT
    format: str | None = None
    column: str | None = None

    @property
    def is_standard_input(self) -> bool:
        return self.path == STANDARD_INPUT

    @property
    def kind(self) -> str:
        """The format of the texts."""
        return self.format or (None if self.is_standard_input else format_of(self.path)) or "txt"

    def open(self) -> tuple[Table, str]:
        """The texts as a table that is read row by row, and the name of the column that holds them.

        Raises:
            BadInput: the file cannot be read as such a table, or has no such column.
        """
        if self.is_standard_input:
            table = open_table(Path("standard input"), self.kind, stream=_standard_input())
        else:
            table = open_table(self.path, self.kind)
        return table, text_column(table, self.column)

    def read(self, narrate: Callable[[str], None]) -> list[str]:
        """All texts at once. Empty ones are left out, and `narrate` is called with their line numbers.

        Raises:
            BadInput: there is no text, or the file cannot be read.
        """
        texts = self._lines() if self.kind == "txt" else self._rows()
        if not texts:
            raise BadInput("There is no text to read.")
        empty = [str(number) for number, text in enumerate(texts, start=1) if not text.strip()]
        if len(empty) == len(texts):
            raise BadInput("There is no text to read: every line is empty.")
        if empty:
            listed = ", ".join(empty[:MOST_NUMBERS]) + (", ..." if len(empty) > MOST_NUMBERS else "")
            narrate(f"Skipped {'the empty line' if len(empty) == 1 else 'the empty lines'} {listed}.")
        return [text for text in texts if text.strip()]

    def _rows(self) -> list[str]:
        """The texts of a table; a row without one gives an empty text."""
        table, column = self.open()
        texts = []
        for number, values in table.select([column]):
            text = values if isinstance(values, RowProblem) else text_of(table, values[0])
            if isinstance(text, RowProblem):
                raise table.row_error(number, text.reason)
            texts.append(text or "")
        return texts

    def _lines(self) -> list[str]:
        """The lines of a plain text; an empty last line does not count."""
        try:
            data = _standard_input().read() if self.is_standard_input else self.path.read_bytes()
        except OSError as error:
            raise BadInput(f"--file: {self.path} cannot be read: {error.strerror}.") from None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            source = "Standard input" if self.is_standard_input else f"--file: {self.path}"
            raise BadInput(f"{source} is not UTF-8: byte {error.start} is {data[error.start]:#04x}.") from None
        lines = re.split(r"\r\n|\r|\n", text)  # splitlines() also splits at form feeds, U+2028 ...
        return lines if lines[-1] else lines[:-1]


def _standard_input() -> BinaryIO:
    if sys.stdin.isatty():
        raise BadInput("There is no text to read.", hint="Give a text or --file FILE, or pipe texts in.")
    return sys.stdin.buffer
