"""Texts without labels, to be classified or explained: from a file or from standard input, in one of the formats of
`tables.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

from tmeattn.data.readers.arriving import ArrivingInput
from tmeattn.data.readers.columns import TEXT_COLUMNS, row_error, text_column, text_of
from tmeattn.data.readers.rows import RowProblem, SkippedRow, Table, plain_name, quoted
from tmeattn.data.readers.skip_count import SkipCount
from tmeattn.data.readers.tables import format_of, is_pipe, open_table
from tmeattn.data.readers.text_io import open_stream
from tmeattn.errors import BadInput, shortened

STANDARD_INPUT = Path("-")
MOST_HELD = 2**28
"""The most characters of the texts that are held in memory at once, with `BYTES_OF_A_TEXT` for each text."""
BYTES_OF_A_TEXT = 64


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
        return self._with_column(table)

    def open_arriving(self) -> tuple[Table, str, ArrivingInput] | None:
        """The same of a pipe whose rows are used as they arrive; None where the texts are in a file, which is all
        there.

        Raises:
            BadInput: as `open`.
        """
        if not (self.is_standard_input or is_pipe(self.path)):
            return None
        stream = ArrivingInput(_standard_input() if self.is_standard_input else open_stream(self.path))
        name = Path("standard input") if self.is_standard_input else self.path
        return *self._with_column(open_table(name, self.kind, stream=cast(BinaryIO, stream), arriving=True)), stream

    def _with_column(self, table: Table) -> tuple[Table, str]:
        column = text_column(table, self.column)
        return _with_note(table, column) if self.column is None else table, column

    def read(self, narrate: Callable[[str], None]) -> list[str]:
        """All texts at once. Empty ones are left out, and `narrate` is called with their count and the first of them.

        Raises:
            BadInput: there is no text, or the file cannot be read.
        """
        table, column = self.open()
        texts, skips, held = [], SkipCount(), 0
        for number, values in table.select([column]):
            if isinstance(values, SkippedRow):
                skips.add(values.reason, f"{table.unit} {number}")
                continue
            text = values if isinstance(values, RowProblem) else text_of(table, values[0])
            if isinstance(text, RowProblem):
                raise row_error(table, number, text)
            if text is None or not text.strip():
                skips.add("row{s} without a text", f"{table.unit} {number}")
            else:
                texts.append(text)
                held += len(text) + BYTES_OF_A_TEXT
                if held > MOST_HELD:
                    raise BadInput(
                        f"{table.path} contains more texts than are read at once ({MOST_HELD // 2**20} MiB).",
                        hint="Classify them one after the other: tmeattn predict --file FILE --output FILE",
                    )
        if not texts:
            raise BadInput(f"There is no text to read: {skips if skips.total else 'no rows'}.")
        for note in table.notes():
            narrate(note)
        if skips.total:
            narrate(skips.sentence(len(texts), "row"))
        return texts


def _with_note(table: Table, column: str) -> Table:
    """The table with a note where its first line is perhaps a text and no name of a column."""
    if table.kind not in ("csv", "tsv") or len(table.columns) > 1 or plain_name(column) in TEXT_COLUMNS:
        return table
    note = (
        f"The first line of {shortened(table.path.name)}, {quoted(column)}, is read as the name of the column. If it "
        "is a text, add a first line with the name, such as text, or use --format txt."
    )
    return replace(table, notes=lambda: [note, *table.notes()])


def _standard_input() -> BinaryIO:
    if sys.stdin.isatty():
        raise BadInput("There is no text to read.", hint="Give a text or --file FILE, or pipe texts in.")
    return sys.stdin.buffer
