"""A table as a stream of rows: the values of a row, a row with an error, or a row that has no text by its form."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmeattn.errors import BadInput
from tmeattn.limits import COLUMNS

BLANK = "blank line{s}"
SEPARATOR = "line{s} that states the separator"
HEADER_AGAIN = "row{s} with the header again"
MOST_QUOTED = 200
"""The most characters of the input that a message quotes."""


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with a row: the rest of a sentence that begins with the number of the row.

    lines: the number of lines that the row takes.
    """

    reason: str
    lines: int = 1


@dataclass(frozen=True)
class SkippedRow:
    """A row that is no text by its form. It is no error, and every reader counts it.

    reason: as `SkipCount.add` takes it, such as `BLANK`.
    """

    reason: str


Row = tuple[int, Sequence[Any] | RowProblem | SkippedRow]
"""The number of a row in its file, from 1, and the values of the selected columns, or why there are none."""


def no_notes() -> list[str]:
    """The notes of a reader that has nothing to report."""
    return []


@dataclass(frozen=True)
class Table:
    """A file of rows.

    kind:        the format: "csv", "tsv", "jsonl", "parquet" or "txt".
    columns:     the names of the columns, in the order of the file. A name may be empty or occur twice.
    unit:        what the number of a row counts: "line" or "row".
    select:      yields every row below the header in order, with the values of these columns; None where a row has no
                 value.
    class_names: by column, the names of its integer labels, where the file contains them.
    notes:       sentences for the user about how the rows were read; complete when `select` has ended.
    """

    path: Path
    kind: str
    columns: tuple[str, ...]
    unit: str
    select: Callable[[Sequence[str]], Iterator[Row]]
    class_names: dict[str, Sequence[str]]
    notes: Callable[[], list[str]] = no_notes

    def row_error(self, number: int, reason: str) -> BadInput:
        """The error that names the file and the row."""
        return BadInput(f"{self.path}, {self.unit} {number}: {reason}.", hint=f"Correct or remove this {self.unit}.")


def type_name(value: Any) -> str:
    """The type of a value in words: "a number", "a list" ..."""
    names = {
        int: "a number", float: "a number", bool: "true or false", list: "a list", dict: "an object",
        str: "a string", type(None): "null",
    }  # fmt: skip
    return names.get(type(value), f"of type {type(value).__name__}")


def quoted(value: Any) -> str:
    """A value of the input in quotation marks, shortened to `MOST_QUOTED` characters."""
    text = str(value)
    return repr(text if len(text) <= MOST_QUOTED else text[: MOST_QUOTED - 1] + "…")


def plain_name(name: str) -> str:
    """Equal for names of columns that look alike: without outer spaces, case, invisible characters and wide forms."""
    if name.isascii():
        return name.strip().casefold()
    visible = "".join(char for char in name if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold()).strip()


def check_columns(path: Path, where: str, count: int) -> None:
    """Refuse a table or a JSON object with more columns or keys than the limit; `where`, such as "line 1"."""
    if count > COLUMNS.value:
        raise COLUMNS.refusal(f"{path}, {where}: it has {count:,} columns, which are more than")


def empty_file(path: Path) -> BadInput:
    """The error of a file without rows."""
    return BadInput(f"{path} is empty.", hint="Give a file that contains texts.")
