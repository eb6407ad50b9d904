"""Rows of table files: CSV, TSV, JSON lines, Parquet, fastText. Rows are streamed: a file may exceed the memory."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from tmeattn.data.limits import COLUMNS, TEXT
from tmeattn.data.readers.text_io import DECOMPRESSORS, NOT_UTF8, bounded_lines, is_utf8, not_utf8, open_text
from tmeattn.errors import BadInput

FORMATS = {
    "csv": "csv", "tsv": "tsv", "tab": "tsv", "jsonl": "jsonl", "ndjson": "jsonl", "json": "jsonl",
    "parquet": "parquet", "pq": "parquet", "txt": "txt",
}  # fmt: skip
"""The format by the end of a file's name; all but Parquet may also be `.gz`, `.bz2` or `.xz`."""
LABEL_PREFIX = "__label__"


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with a row: the rest of a sentence that begins with the number of the row."""

    reason: str


Row = tuple[int, Sequence[Any] | RowProblem]
"""The number of a row in its file, from 1, and the values of the selected columns, or what is wrong with the row."""


@dataclass(frozen=True)
class Table:
    """A file of rows.

    kind:        the format: "csv", "tsv", "jsonl", "parquet" or "txt".
    columns:     the names of the columns, in the order of the file.
    unit:        what the number of a row counts: "line" or "row".
    select:      yields the rows with the values of these columns, in order; None where a row has no value.
    class_names: by column, the names of its integer labels, where the file contains them.
    """

    path: Path
    kind: str
    columns: tuple[str, ...]
    unit: str
    select: Callable[[Sequence[str]], Iterator[Row]]
    class_names: dict[str, Sequence[str]]

    def row_error(self, number: int, reason: str) -> BadInput:
        """The error that names the file and the row."""
        return BadInput(f"{self.path}, {self.unit} {number}: {reason}.", hint=f"Correct or remove this {self.unit}.")


def format_of(path: Path) -> str | None:
    """The format that the name of a file implies; None for an unknown name."""
    suffixes = [suffix.lower().removeprefix(".") for suffix in path.suffixes]
    if suffixes and f".{suffixes[-1]}" in DECOMPRESSORS:
        suffixes.pop()
        return None if not suffixes or FORMATS.get(suffixes[-1]) == "parquet" else FORMATS.get(suffixes[-1])
    return FORMATS.get(suffixes[-1]) if suffixes else None


def open_table(path: Path, kind: str | None = None, *, stream: BinaryIO | None = None) -> Table:
    """Open the table in a file, or in a `stream` that can be read only once; `kind` overrides the file's name.

    Raises:
        BadInput: the format is unknown, the file cannot be read or is empty, or it is not a table of that format.
    """
    kind = kind or format_of(path)
    if kind is None:
        raise BadInput(
            f"{path} is in no known format: its name must end in .csv, .tsv, .jsonl, .parquet or .txt.",
            hint="Rename or convert the file.",
        )
    if kind == "parquet":
        if stream is not None:
            raise BadInput("A Parquet file cannot be read from a pipe.", hint="Give the path of the file.")
        return _parquet(path)
    return {"csv": _csv, "tsv": _csv, "jsonl": _jsonl, "txt": _lines}[kind](path, kind, stream)


def type_name(value: Any) -> str:
    """The type of a value in words: "a number", "a list" ..."""
    names = {
        int: "a number", float: "a number", bool: "true or false", list: "a list", dict: "an object",
        str: "a string", type(None): "null",
    }  # fmt: skip
    return names.get(type(value), f"of type {type(value).__name__}")


def _empty(path: Path) -> BadInput:
    return BadInput(f"{path} is empty.", hint="Give a file that contains texts.")


def _csv(path: Path, kind: str, stream: BinaryIO | None) -> Table:
    rows = _csv_rows(path, kind, stream)
    number, header = next(rows, (0, RowProblem("")))
    if number == 0:
        raise _empty(path)
    if isinstance(header, RowProblem):
        raise BadInput(f"{path}, line {number}: {header.reason}.", hint="Correct this line.")
    _check_columns(path, number, len(header))
    columns = tuple(name.strip() for name in header)
    if not all(map(is_utf8, columns)):
        raise not_utf8(path)
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise BadInput(f"{path}, line {number}: two columns have the name {twice!r}.", hint="Rename one of them.")
    if stream is None:
        rows.close()

    def select(names: Sequence[str]) -> Iterator[Row]:
        places = [columns.index(name) for name in names]
        body = rows
        if stream is None:
            body = _csv_rows(path, kind, None)
            next(body)
        for line, fields in body:
            if isinstance(fields, RowProblem):
                yield line, fields
            elif len(fields) != len(columns):
                count = f"{len(fields)} field{'' if len(fields) == 1 else 's'}"
                yield line, RowProblem(f"it has {count}, but the first line has {len(columns)}")
            else:
                yield line, [fields[place] or None for place in places]

    return Table(path, kind, columns, "line", select, {})


def _csv_rows(
    path: Path, kind: str, stream: BinaryIO | None
) -> Generator[tuple[int, list[str] | RowProblem], None, None]:
    """Every row that is not blank, with the number of its first line."""
    csv.field_size_limit(TEXT.value)  # a longer field begins with a quote that is never closed
    with open_text(path, stream, newline="") as file:
        lines = bounded_lines(path, file)
        first = next(lines, "")
        delimiter = "\t" if kind == "tsv" else max(",;\t|", key=first.count)
        source = _RowLines(path, chain([first], lines))
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        while True:
            number = reader.line_num + 1
            source.begin_row(number)
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield number, RowProblem(_csv_reason(str(error), delimiter))
                continue
            if fields:
                yield number, fields


class _RowLines:
    """The lines of a CSV file for `csv.reader`, which reads on until all quotes of a row are closed."""

    def __init__(self, path: Path, lines: Iterator[str]) -> None:
        self._path, self._lines, self._most = path, lines, 2 * TEXT.value  # a single field is refused at half of it
        self.begin_row(1)

    def begin_row(self, number: int) -> None:
        """The next line begins a row."""
        self._number, self._size = number, 0

    def __iter__(self) -> _RowLines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._size += len(line)
        if self._size > self._most:
            raise TEXT.refusal(f"{self._path}, line {self._number}: this row has quotes around line breaks and exceeds")
        return line


def _check_columns(path: Path, line: int, count: int) -> None:
    if count > COLUMNS.value:
        raise COLUMNS.refusal(f"{path}, line {line}: it has {count:,} columns, which are more than")


def _csv_reason(error: str, delimiter: str) -> str:
    if "end of data" in error or "field limit" in error:
        return "this row opens a quote and never closes it"
    if "expected after" in error:
        separator = "tab" if delimiter == "\t" else repr(delimiter)
        return (
            f"a closing quote is not followed by {separator} or the end of the line; "
            "write a quote inside a field as two quotes"
        )
    return error


def _jsonl(path: Path, kind: str, stream: BinaryIO | None) -> Table:
    rows = _json_rows(path, stream)
    first = next(rows, None)
    if first is None:
        raise _empty(path)
    number, fields = first
    if isinstance(fields, RowProblem):
        raise BadInput(f"{path}, line {number}: {fields.reason}.", hint="Each line must be one JSON object.")
    if stream is None:
        rows.close()

    def select(names: Sequence[str]) -> Iterator[Row]:
        for line, values in chain([first], rows) if stream is not None else _json_rows(path, None):
            yield line, values if isinstance(values, RowProblem) else [values.get(name) for name in names]

    return Table(path, kind, tuple(fields), "line", select, {})


def _json_rows(path: Path, stream: BinaryIO | None) -> Generator[tuple[int, dict[str, Any] | RowProblem], None, None]:
    """The object of every line that is not blank, with its number."""
    with open_text(path, stream, newline=None) as file:
        for number, line in enumerate(bounded_lines(path, file), start=1):
            if line.isspace():
                continue
            if not is_utf8(line):
                yield number, RowProblem(NOT_UTF8)
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, RowProblem(_json_reason(error))
                continue
            if isinstance(value, dict):
                _check_columns(path, number, len(value))
                yield number, value
            else:
                yield number, RowProblem(f"it is {type_name(value)}, not a JSON object")


def _json_reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "its lists or objects are nested too deeply"
    if not isinstance(error, json.JSONDecodeError):  # of the limit of `int`
        return f"one of its numbers has more than {sys.get_int_max_str_digits():,} digits"
    return f"it is not JSON ({str(error).partition(':')[0]})"


def _lines(path: Path, kind: str, stream: BinaryIO | None) -> Table:
    """One text a line; in the format of fastText where the first line begins with `__label__`."""
    rows = _numbered_lines(path, stream)
    first = next(rows, None)
    if first is None:
        raise _empty(path)
    if stream is None:
        rows.close()
    labelled = first[1].startswith(LABEL_PREFIX)
    columns = ("label", "text") if labelled else ("text",)

    def select(names: Sequence[str]) -> Iterator[Row]:
        for number, line in chain([first], rows) if stream is not None else _numbered_lines(path, None):
            if not labelled:
                yield number, [line for _ in names]
                continue
            label, _, text = line.partition(" ")
            if not label.startswith(LABEL_PREFIX):
                yield number, RowProblem(f"it does not begin with {LABEL_PREFIX}")
            elif text.startswith(LABEL_PREFIX):
                yield number, RowProblem("it has several labels, but a text has only one class")
            else:
                values = {"label": label.removeprefix(LABEL_PREFIX), "text": text}
                yield number, [values[name] for name in names]

    return Table(path, kind, columns, "line", select, {})


def _numbered_lines(path: Path, stream: BinaryIO | None) -> Generator[tuple[int, str], None, None]:
    with open_text(path, stream, newline=None) as file:
        for number, line in enumerate(bounded_lines(path, file), start=1):
            yield number, line.removesuffix("\n")


def _parquet(path: Path) -> Table:
    import polars as pl

    with _parquet_errors(path):
        schema = pl.read_parquet_schema(path)
    _check_columns(path, 1, len(schema))

    def select(names: Sequence[str]) -> Iterator[Row]:
        number = 0
        with _parquet_errors(path):
            batches = pl.scan_parquet(path).select(names).collect_batches(chunk_size=2**13, maintain_order=True)
            for batch in batches:
                for values in batch.iter_rows():
                    number += 1
                    yield number, values

    return Table(path, "parquet", tuple(schema), "row", select, _class_names(path))


def _class_names(path: Path) -> dict[str, Sequence[str]]:
    """The names of integer labels, where the `datasets` library has written them into the file."""
    import polars as pl

    try:
        features = json.loads(pl.read_parquet_metadata(path)["huggingface"])["info"]["features"]
        return {
            column: feature["names"]
            for column, feature in features.items()
            if isinstance(feature, dict) and "names" in feature
        }
    except (pl.exceptions.PolarsError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


@contextmanager
def _parquet_errors(path: Path) -> Iterator[None]:
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(
            f"{path} cannot be read as a Parquet file: {str(error).splitlines()[0]}.",
            hint="Write the file again, or convert it to CSV or JSON lines.",
        ) from error
