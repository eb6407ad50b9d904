"""Rows of JSON lines: one object a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from tmeattn.data.readers.rows import (
    BLANK,
    Row,
    RowProblem,
    SkippedRow,
    Table,
    check_columns,
    empty_file,
    quoted,
    type_name,
)
from tmeattn.data.readers.text_io import NOT_UTF8, bounded_lines, is_utf8, open_text
from tmeattn.errors import BadInput

PREFIX_ROWS, PREFIX_CHARACTERS = 10_000, 2**24
"""The rows of a file whose keys are the columns: a key may be missing in the first row."""
PREFIX_ROWS_OF_STREAM = 1_000
"""The same of a stream, whose rows are kept until the columns are known."""

JsonRow = tuple[int, dict[str, Any] | RowProblem | SkippedRow]


class _DoubledKeys(dict[str, Any]):
    """An object in which a key occurs twice, with its last value."""

    doubled: frozenset[str]


def open_json_lines(path: Path, stream: BinaryIO | None) -> Table:
    """The table of the objects in a file or stream.

    Raises:
        BadInput: it is empty, or its first line is no JSON object.
    """
    rows = _json_rows(path, stream)
    prefix: list[JsonRow] = []
    columns: dict[str, None] = {}
    characters = 0
    for count, row in enumerate(rows, start=1):
        if stream is not None:
            prefix.append(row)
        if isinstance(row[1], dict):
            columns |= dict.fromkeys(row[1])
            characters += sum(len(value) for value in row[1].values() if isinstance(value, str))
        elif isinstance(row[1], RowProblem) and not columns:
            raise BadInput(f"{path}, line {row[0]}: {row[1].reason}.", hint="Each line must be one JSON object.")
        if count == (PREFIX_ROWS if stream is None else PREFIX_ROWS_OF_STREAM) or characters > PREFIX_CHARACTERS:
            break
    if not columns:
        raise empty_file(path)
    if stream is None:
        rows.close()

    def select(names: Sequence[str]) -> Iterator[Row]:
        for number, values in chain(prefix, rows) if stream is not None else _json_rows(path, None):
            if not isinstance(values, dict):
                yield number, values
            elif isinstance(values, _DoubledKeys) and (twice := values.doubled.intersection(names)):
                yield number, RowProblem(f"it has the key {quoted(min(twice))} twice")
            else:
                yield number, [values.get(name) for name in names]

    return Table(path, "jsonl", tuple(columns), "line", select, {})


def _json_rows(path: Path, stream: BinaryIO | None) -> Generator[JsonRow, None, None]:
    """Every line with its number."""
    with open_text(path, stream, newline=None) as file:
        for number, line in enumerate(bounded_lines(path, file), start=1):
            if line.isspace():
                yield number, SkippedRow(BLANK)
                continue
            if not is_utf8(line):
                yield number, RowProblem(NOT_UTF8)
                continue
            try:
                value = json.loads(line, object_pairs_hook=_object)
            except (ValueError, RecursionError) as error:
                yield number, RowProblem(_json_reason(error))
                continue
            if isinstance(value, dict):
                check_columns(path, f"line {number}", len(value))
                yield number, value
            else:
                yield number, RowProblem(f"it is {type_name(value)}, not a JSON object")


def _json_reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "its lists or objects are nested too deeply"
    if not isinstance(error, json.JSONDecodeError):  # of the limit of `int`
        return f"one of its numbers has more than {sys.get_int_max_str_digits():,} digits"
    return f"it is not JSON ({str(error).partition(':')[0]})"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    doubled = _DoubledKeys(found)
    doubled.doubled = frozenset(name for name in found if names.count(name) > 1)
    return doubled
