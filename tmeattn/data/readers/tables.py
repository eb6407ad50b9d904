"""Rows of text files: CSV, TSV, JSON lines, Parquet, fastText; streamed, so that a file may be larger than memory."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from tmeattn.data.readers.text_io import NOT_UTF8, decoded, is_utf8, not_utf8, reading
from tmeattn.errors import BadInput

FORMATS = {
    "csv": "csv", "tsv": "tsv", "tab": "tsv", "jsonl": "jsonl", "ndjson": "jsonl", "json": "jsonl",
    "parquet": "parquet", "pq": "parquet", "txt": "txt",
}  # fmt: skip
"""The format by the end of a file's name; all but Parquet may also be `.gz`."""
LONGEST_FIELD = 64 * 2**20
"""Characters in one field of a CSV, at most: more is a quote that was never closed."""
LABEL_PREFIX = "__label__"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row: the rest of a sentence that begins with its number."""

    reason: str


Row = tuple[int, Sequence[Any] | Problem]
"""Its number in the file, from 1, and the values of the columns asked for, or what is wrong with it."""


@dataclass(frozen=True)
class Table:
    """A file of rows.

    kind:    its format, "csv", "tsv", "jsonl", "parquet" or "txt".
    columns: names, in the file's order.   unit: what numbers count, "line" or "row".
    select:  the rows with the values of these columns, in order; None where a row has no value.
    names:   per column, the names of its integer codes, where the file tells them.
    """

    path: Path
    kind: str
    columns: tuple[str, ...]
    unit: str
    select: Callable[[Sequence[str]], Iterator[Row]]
    names: dict[str, Sequence[str]]

    def bad(self, number: int, reason: str) -> BadInput:
        """The error of one row."""
        return BadInput(f"{self.path}, {self.unit} {number}: {reason}.", hint=f"Mend that {self.unit}, or take it out.")


def format_of(path: Path) -> str | None:
    """The format that a file's name promises; None where it is no known one."""
    suffixes = [suffix.lower().removeprefix(".") for suffix in path.suffixes]
    if suffixes and suffixes[-1] == "gz":
        suffixes.pop()
        return None if not suffixes or FORMATS.get(suffixes[-1]) == "parquet" else FORMATS.get(suffixes[-1])
    return FORMATS.get(suffixes[-1]) if suffixes else None


def open_table(path: Path, kind: str | None = None, *, stream: BinaryIO | None = None) -> Table:
    """The table in a file, or in a `stream` that is read once; `kind` where its name does not tell.

    Raises:
        BadInput: an unknown format, an unreadable or empty file, or one that is no such table.
    """
    kind = kind or format_of(path)
    if kind is None:
        raise BadInput(
            f"{path} is in no format known by its name.", hint="Known are .csv, .tsv, .jsonl, .parquet and .txt."
        )
    if kind == "parquet":
        if stream is not None:
            raise BadInput("Parquet cannot be read from a pipe.", hint="Give a file.")
        return _parquet(path)
    with reading(path):
        return {"csv": _csv, "tsv": _csv, "jsonl": _jsonl, "txt": _lines}[kind](path, kind, stream)


def _csv(path: Path, kind: str, stream: BinaryIO | None) -> Table:
    rows = _csv_rows(path, kind, stream)
    number, header = next(rows, (0, Problem("")))
    if number == 0:
        raise BadInput(f"{path} is empty.")
    if isinstance(header, Problem):
        raise BadInput(f"{path}, line {number}: {header.reason}.")
    columns = tuple(name.strip() for name in header)
    if not all(map(is_utf8, columns)):
        raise not_utf8(path)
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise BadInput(f"{path}: its first line names the column {twice!r} twice.")
    if stream is None:
        rows.close()

    def select(names: Sequence[str]) -> Iterator[Row]:
        places = [columns.index(name) for name in names]
        fresh = rows
        if stream is None:
            fresh = _csv_rows(path, kind, None)
            next(fresh)
        for line, fields in fresh:
            if isinstance(fields, Problem):
                yield line, fields
            elif len(fields) != len(columns):
                found = f"{len(fields)} field{'' if len(fields) == 1 else 's'}"
                yield line, Problem(f"{found} where the first line has {len(columns)}")
            else:
                yield line, [fields[place] or None for place in places]

    return Table(path, kind, columns, "line", select, {})


def _csv_rows(path: Path, kind: str, stream: BinaryIO | None) -> Any:
    """Every row that is not blank, with the line that it begins in."""
    csv.field_size_limit(LONGEST_FIELD)
    with reading(path), decoded(path, stream, newline="") as file:
        first = file.readline()
        delimiter = "\t" if kind == "tsv" else max(",;\t|", key=first.count)
        reader = csv.reader(chain([first], file), delimiter=delimiter, strict=True)
        while True:
            number = reader.line_num + 1
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield number, Problem(_csv_reason(str(error), delimiter))
                continue
            if fields:
                yield number, fields


def _csv_reason(error: str, delimiter: str) -> str:
    if "end of data" in error or "field limit" in error:
        return "a quote is opened in this row and never closed"
    if "expected after" in error:
        shown = "tab" if delimiter == "\t" else repr(delimiter)
        return f"a closing quote is not followed by {shown} or the end of the line; a quote within a field is doubled"
    return error


def _jsonl(path: Path, kind: str, stream: BinaryIO | None) -> Table:
    lines = _json_rows(path, stream)
    number, first = next(lines, (0, {}))
    if number == 0:
        raise BadInput(f"{path} is empty.")
    if isinstance(first, Problem):
        raise BadInput(f"{path}, line {number}: {first.reason}.", hint="Each line must hold one JSON object.")
    if stream is None:
        lines.close()

    def select(names: Sequence[str]) -> Iterator[Row]:
        rows = chain([(number, first)], lines) if stream is not None else _json_rows(path, None)
        for line, found in rows:
            yield line, found if isinstance(found, Problem) else [found.get(name) for name in names]

    return Table(path, kind, tuple(first), "line", select, {})


def _json_rows(path: Path, stream: BinaryIO | None) -> Any:
    with reading(path), decoded(path, stream, newline=None) as file:
        for number, line in enumerate(file, start=1):
            if line.isspace():
                continue
            if not is_utf8(line):
                yield number, Problem(NOT_UTF8)
                continue
            try:
                found = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, Problem(f"no JSON ({str(error).partition(':')[0]})")
                continue
            yield number, found if isinstance(found, dict) else Problem(f"{type(found).__name__}, not a JSON object")


def _lines(path: Path, kind: str, stream: BinaryIO | None) -> Table:
    """One text a line; in fastText's form where the first begins with `__label__`."""
    rows = _numbered(path, stream)
    first = next(rows, None)
    if first is None:
        raise BadInput(f"{path} is empty.")
    if stream is None:
        rows.close()
    labelled = first[1].startswith(LABEL_PREFIX)
    columns = ("label", "text") if labelled else ("text",)

    def select(names: Sequence[str]) -> Iterator[Row]:
        for number, line in chain([first], rows) if stream is not None else _numbered(path, None):
            if not labelled:
                yield number, [line for _ in names]
                continue
            label, _, text = line.partition(" ")
            if not label.startswith(LABEL_PREFIX):
                yield number, Problem(f"it does not begin with {LABEL_PREFIX}")
            elif text.startswith(LABEL_PREFIX):
                yield number, Problem("it has several labels; a text belongs to one class")
            else:
                found = {"label": label.removeprefix(LABEL_PREFIX), "text": text}
                yield number, [found[name] for name in names]

    return Table(path, kind, columns, "line", select, {})


def _numbered(path: Path, stream: BinaryIO | None) -> Any:
    with reading(path), decoded(path, stream, newline=None) as file:
        for number, line in enumerate(file, start=1):
            yield number, line.removesuffix("\n")


def _parquet(path: Path) -> Table:
    import polars as pl

    with _polars(path):
        schema = pl.read_parquet_schema(path)

    def select(names: Sequence[str]) -> Iterator[Row]:
        number = 0
        with _polars(path):
            batches = pl.scan_parquet(path).select(names).collect_batches(chunk_size=2**13, maintain_order=True)
            for batch in batches:
                for values in batch.iter_rows():
                    number += 1
                    yield number, values

    return Table(path, "parquet", tuple(schema), "row", select, _class_labels(path))


def _class_labels(path: Path) -> dict[str, Sequence[str]]:
    """The names of integer labels, where the `datasets` library has written them into the file."""
    import polars as pl

    try:
        features = json.loads(pl.read_parquet_metadata(path)["huggingface"])["info"]["features"]
        return {
            name: about["names"] for name, about in features.items() if isinstance(about, dict) and "names" in about
        }
    except (pl.exceptions.PolarsError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


@contextmanager
def _polars(path: Path) -> Iterator[None]:
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(f"{path} is no readable Parquet file: {str(error).splitlines()[0]}.") from error
