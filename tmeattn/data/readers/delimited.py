"""Rows of CSV and TSV files.

A TSV file has no quoting unless the file proves it, because most corpora in TSV have texts with single quotation marks.
A CSV file has the quoting of RFC 4180; a field with line breaks is named in a note.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from tmeattn.data.readers.columns import TEXT_COLUMNS
from tmeattn.data.readers.rows import (
    BLANK,
    HEADER_AGAIN,
    SEPARATOR,
    Row,
    RowProblem,
    SkippedRow,
    Table,
    check_columns,
    empty_file,
    plain_name,
)
from tmeattn.data.readers.text_encoding import is_utf8
from tmeattn.data.readers.text_io import bounded_lines, not_utf8, open_text
from tmeattn.data.readers.tsv_quoting import Quoting, fields_of_line, tsv_quoting
from tmeattn.errors import BadInput
from tmeattn.limits import TEXT
from tmeattn.plurals import counted

MOST_BESIDE = 16
"""How many more characters than a name of a column its form in another header may have, such as spaces."""
PREFIX = 2**20
"""The characters of a stream from which its quoting is decided. Of a file, all are read."""
_SEPARATOR = re.compile(r'"?sep=([^"\r\n])"?[\r\n]*', re.IGNORECASE)
"""The first line with which Excel is told the separator of a CSV file; it is no row."""
UNCLOSED = "this row opens a quote and never closes it"

Fields = list[str] | RowProblem | SkippedRow
Line = tuple[int, Fields]


@dataclass
class _Spans:
    """The fields of a file that contain line breaks.

    first, last: the first and the last line of the first and of the last row that has such a field.
    like_rows:   the first and the last line of the first such row whose inner lines look like rows; None for none.
    """

    fields: int = 0
    first: tuple[int, int] = (0, 0)
    last: tuple[int, int] = (0, 0)
    like_rows: tuple[int, int] | None = None

    def add(self, fields: list[str], lines: tuple[int, int], inner: list[str], delimiter: str) -> None:
        """Record a row that takes several lines."""
        self.first = self.first if self.fields else lines
        self.last = lines
        self.fields += max(1, sum("\n" in field or "\r" in field for field in fields))
        if self.like_rows is None and any(line.count(delimiter) == len(fields) - 1 > 0 for line in inner):
            self.like_rows = lines

    def notes(self, path: Path) -> list[str]:
        """Notes about the file for the user."""
        if not self.fields:
            return []
        count = counted(self.fields, "quoted field")
        note = f"{path.name}: {count} with line breaks: lines {self.first[0]} to {self.first[1]}"
        if self.last != self.first:
            note += f" (the first) and lines {self.last[0]} to {self.last[1]} (the last)"
        notes = [note + "."]
        if self.like_rows is not None:
            start, end = self.like_rows
            notes.append(
                f"Warning: {path.name}: the quotation mark of line {start} is closed in line {end}, and lines between "
                "them look like rows of their own. If the mark is part of the text, write it as two in a quoted field."
            )
        return notes


@dataclass
class _Reader:
    """One file or stream, with the quoting that was decided for it."""

    path: Path
    kind: str
    stream: BinaryIO | None
    delimiter: str = "\t"
    quoting: Quoting = Quoting.FILE
    spans: _Spans = field(default_factory=_Spans)
    quoting_note: str | None = None
    names_separator: bool = False
    arriving: bool = False

    @contextmanager
    def lines(self) -> Iterator[Iterator[str]]:
        """The lines, with their ends."""
        with open_text(self.path, self.stream, newline="") as file:
            yield bounded_lines(self.path, file)

    def rows(self) -> Generator[Line, None, None]:
        """Every row, with the number of its first line."""
        self.spans = _Spans()
        with self.lines() as file:
            lines = file
            if self.stream is not None:
                prefix = _prefix(file, 0 if self.arriving else PREFIX)
                self.decide(iter(prefix), iter(prefix))
                lines = chain(prefix, file)
            if self.quoting is Quoting.FILE:
                if self.names_separator:
                    next(lines)
                    yield 1, SkippedRow(SEPARATOR)
                before = int(self.names_separator)
                yield from _csv_rows(_Lines(self.path, lines, before), self.delimiter, self.spans)
            else:
                for number, line in enumerate(lines, start=1):
                    yield number, _not_blank(fields_of_line(line, self.quoting))

    def decide(self, lines: Iterator[str], again: Iterator[str]) -> None:
        """Choose the delimiter and the quoting from all lines, which are given twice."""
        if self.kind == "tsv":
            self.quoting, self.quoting_note = tsv_quoting(self.path, lines, again)
        else:
            first = next(lines, "")
            stated = _SEPARATOR.fullmatch(first)
            self.names_separator = stated is not None
            self.delimiter = stated[1] if stated else max(",;\t|", key=first.count)

    def notes(self) -> list[str]:
        """Notes about the file for the user."""
        return ([self.quoting_note] if self.quoting_note else []) + self.spans.notes(self.path)


class _Lines:
    """The lines of a CSV file for `csv.reader`, which reads on until all quotes of a row are closed.

    number: of the last line.   row: the lines since the row began.
    """

    def __init__(self, path: Path, lines: Iterator[str], before: int) -> None:
        """`before`: the number of lines that were read before these."""
        self._path, self._lines, self._most = path, lines, TEXT.value * 5 // 4  # a single field is refused before
        self._again = deque[str]()
        self.number = before
        self.begin_row()

    def begin_row(self) -> int:
        """The number of the next line, with which a row begins."""
        self.row: list[str] = []
        self._size = 0
        return self.number + 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.number += 1
        self._size += len(line)
        self.row.append(line)
        if self._size > self._most:
            first = self.number - len(self.row) + 1
            raise TEXT.refusal(f"{self._path}, line {first}: this row has quotes around line breaks and exceeds")
        return line

    def take_back(self) -> None:
        """Give all lines of the row but the first again."""
        self._again.extendleft(reversed(self.row[1:]))
        self.number -= len(self.row) - 1


def open_delimited(path: Path, kind: str, stream: BinaryIO | None, *, arriving: bool = False) -> Table:
    """The table in a CSV or TSV file or stream (`kind`: "csv" or "tsv").

    arriving: the quoting is decided from the first line of a stream, so that no later one is waited for.

    Raises:
        BadInput: it is empty, or its first line names no columns.
    """
    csv.field_size_limit(TEXT.value)  # a longer field begins with a quote that is never closed
    source = _Reader(path, kind, stream, arriving=arriving)
    if stream is None:
        with source.lines() as lines, source.lines() as again:
            source.decide(lines, again)
    rows = source.rows()
    leading: list[Line] = []
    for number, header in rows:
        if not isinstance(header, SkippedRow):
            break
        leading.append((number, header))
    else:
        raise empty_file(path)
    if isinstance(header, RowProblem):
        raise BadInput(f"{path}, line {number}: {header.reason}.", hint="Correct this line.")
    check_columns(path, f"line {number}", len(header))
    columns = tuple(name.strip() for name in header)
    if not all(map(is_utf8, columns)):
        raise not_utf8(path)
    if stream is None:
        rows.close()

    plain_columns = list(map(plain_name, columns))
    longest = max(map(len, columns)) + MOST_BESIDE

    def select(names: Sequence[str]) -> Iterator[Row]:
        places = [columns.index(name) for name in names]
        body: Iterator[Line] = chain(leading, rows)
        if stream is None:
            body = (row for row in source.rows() if row[0] != number)
        for line, fields in body:
            if isinstance(fields, list):
                fields = _checked(fields, plain_columns, longest)
            yield line, [fields[at] or None for at in places] if isinstance(fields, list) else fields

    return Table(path, kind, columns, "line", select, {}, source.notes)


def _checked(fields: list[str], columns: list[str], longest: int) -> Fields:
    """The fields of a row, or why they are none.

    columns: the names of the columns, as `plain_name` gives them.   longest: the most characters that they can have.
    """
    if len(fields) != len(columns):
        count = counted(len(fields), "field")
        return RowProblem(f"it has {count}, but the first line has {len(columns)}")
    if len(fields[0]) <= longest and plain_name(fields[0]) in columns:
        names = list(map(plain_name, fields))
        if names == columns and any(names) and (len(columns) > 1 or names[0] in TEXT_COLUMNS):
            return SkippedRow(HEADER_AGAIN)
        if len(columns) > 1 and sorted(names) == sorted(columns):
            return RowProblem("it names the columns again, in another order, so the file is several tables")
    return fields


def _not_blank(fields: Fields) -> Fields:
    return (
        SkippedRow(BLANK) if isinstance(fields, list) and len(fields) <= 1 and not "".join(fields).strip() else fields
    )


def _prefix(file: Iterator[str], most: int) -> list[str]:
    """The first lines, until they have more than `most` characters."""
    lines, characters = [], 0
    for line in file:
        lines.append(line)
        characters += len(line)
        if characters > most:
            break
    return lines


def _csv_rows(lines: _Lines, delimiter: str, spans: _Spans) -> Iterator[Line]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        number = lines.begin_row()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "end of data" in str(error) or "field limit" in str(error):
                lines.take_back()  # no line closes the quote, so only the line that opens it is wrong
                yield number, RowProblem(UNCLOSED)
            else:
                yield number, RowProblem(_csv_reason(str(error), delimiter, number, lines.number), len(lines.row))
            continue
        if len(lines.row) > 1:
            spans.add(fields, (number, lines.number), lines.row[1:-1], delimiter)
        yield number, _not_blank(fields)


def _csv_reason(error: str, delimiter: str, first: int, last: int) -> str:
    if "expected after" not in error:
        return error
    separator = "tab" if delimiter == "\t" else repr(delimiter)
    opened = f"the quote that it opens is closed in line {last}, where it" if last > first else "a closing quote"
    return f"{opened} is not followed by {separator} or the end of the line; write a quote inside a field as two quotes"
