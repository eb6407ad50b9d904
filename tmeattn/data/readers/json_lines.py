"""Rows of JSON lines: one object a line."""

from __future__ import annotations

import json
import sys
from collections import Counter
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
from tmeattn.data.readers.text_encoding import is_utf8
from tmeattn.data.readers.text_io import NOT_UTF8, bounded_lines, open_text
from tmeattn.errors import BadInput
from tmeattn.limits import COLUMNS

PREFIX_ROWS, PREFIX_CHARACTERS = 10_000, 2**24
"""The rows of a file whose keys are the columns: a key may be missing in the first row."""
PREFIX_ROWS_OF_STREAM = 1_000
"""The same of a stream, whose rows are kept until the columns are known."""
LINE_HINT = "Each line must be one JSON object."
ARRAY_HINT = f"{LINE_HINT} Convert a file with one list of objects: jq -c '.[]' OLD > NEW.jsonl"

JsonRow = tuple[int, dict[str, Any] | RowProblem | SkippedRow, str]
"""The number of a line, its object or why there is none, and the line."""


def open_json_lines(path: Path, stream: BinaryIO | None, *, arriving: bool = False) -> Table:
    """The table of the objects in a file or stream.

    arriving: the keys of the first object are the columns, so that no later row is waited for.

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
            characters += len(row[2])
        elif isinstance(row[1], RowProblem) and not columns:
            raise BadInput(
                f"{path}, line {row[0]}: {row[1].reason}.", hint=ARRAY_HINT if row[2].startswith("[") else LINE_HINT
            )
        if arriving and columns:
            break
        if count == (PREFIX_ROWS if stream is None else PREFIX_ROWS_OF_STREAM) or characters > PREFIX_CHARACTERS:
            break
    if not columns:
        raise empty_file(path)
    if stream is None:
        rows.close()

    def select(names: Sequence[str]) -> Iterator[Row]:
        keys = [json.dumps(name, ensure_ascii=False) for name in names]
        for number, values, line in chain(prefix, rows) if stream is not None else _json_rows(path, None):
            if not isinstance(values, dict):
                yield number, values
            elif ("\\u" in line or any(line.count(key) > 1 for key in keys)) and (
                twice := _doubled(line).intersection(names)
            ):
                yield number, RowProblem(f"it has the key {quoted(min(twice))} twice")
            else:
                yield number, [values.get(name) for name in names]

    return Table(path, "jsonl", tuple(columns), "line", select, {})


def _json_rows(path: Path, stream: BinaryIO | None) -> Generator[JsonRow, None, None]:
    """Every line with its number."""
    most = COLUMNS.value
    with open_text(path, stream, newline=None) as file:
        for number, marked in enumerate(bounded_lines(path, file), start=1):
            line = marked.removeprefix("\ufeff")  # of files that were glued together
            if line.isspace():
                yield number, SkippedRow(BLANK), line
                continue
            if not is_utf8(line):
                yield number, RowProblem(NOT_UTF8), line
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, RowProblem(_json_reason(error)), line
                continue
            if isinstance(value, dict):
                if len(value) > most:
                    check_columns(path, f"line {number}", len(value))
                yield number, value, line
            else:
                yield number, RowProblem(f"it is {type_name(value)}, not a JSON object"), line


def _json_reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "its lists or objects are nested too deeply"
    if not isinstance(error, json.JSONDecodeError):  # of the limit of `int`
        return f"one of its numbers has more than {sys.get_int_max_str_digits():,} digits"
    return f"it is not JSON ({str(error).partition(':')[0]})"


def _doubled(line: str) -> frozenset[str]:
    """The keys that the object of a line has twice; `json.loads` keeps their last value."""
    doubled: frozenset[str] = frozenset()

    def record(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal doubled
        found = dict(pairs)
        counts = Counter(name for name, _ in pairs) if len(found) < len(pairs) else {}
        doubled = frozenset(name for name, count in counts.items() if count > 1)  # the outer object comes last
        return found

    json.loads(line, object_pairs_hook=record)
    return doubled
