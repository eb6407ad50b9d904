"""Rows of plain text, one a line, and of fastText's format: a line with a label `__label__NAME` and its text."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from tmeattn.data.readers.rows import BLANK, Row, RowProblem, SkippedRow, Table, empty_file
from tmeattn.data.readers.text_io import bounded_lines, open_text

LABEL_PREFIX = "__label__"
_PREFIX = re.compile(re.escape(LABEL_PREFIX), re.IGNORECASE)
_LABEL = re.compile(rf"(?:^|(?<=[\s\0]))[\ufeff\u200b]?{LABEL_PREFIX}([^\s\0\ufeff\u200b]*)", re.IGNORECASE)
"""A label stands alone. Between it and a word is any white space, or NUL, as in fastText, or a space without width."""
_BLANKS = "\0\ufeff\u200b"


def open_lines(path: Path, stream: BinaryIO | None) -> Table:
    """The lines of a file or stream; in fastText's format where the first line that is not blank has a label.

    Raises:
        BadInput: it is empty.
    """
    rows = _numbered_lines(path, stream)
    before: list[tuple[int, str]] = []
    for row in rows:
        before.append(row)
        if row[1].strip():
            break
    if not before:
        raise empty_file(path)
    if stream is None:
        rows.close()
    labelled = _PREFIX.search(before[-1][1]) is not None

    def select(names: Sequence[str]) -> Iterator[Row]:
        for number, line in chain(before, rows) if stream is not None else _numbered_lines(path, None):
            if not line.strip():
                yield number, SkippedRow(BLANK)
            elif _PREFIX.search(line):
                yield number, _labelled(line, names) if labelled else RowProblem("it has a label, the first line none")
            elif "label" in names:
                yield number, RowProblem(f"it has no label that begins with {LABEL_PREFIX}")
            else:
                yield number, [line for _ in names]

    return Table(path, "txt", ("label", "text") if labelled else ("text",), "line", select, {})


def _labelled(line: str, names: Sequence[str]) -> Sequence[str] | RowProblem:
    """The label and the text of a line. The label may stand anywhere, as in fastText, and is never part of the text."""
    if len(_PREFIX.findall(line)) > 1:
        return RowProblem("it has several labels, but a text has only one class")
    label = _LABEL.search(line)
    if label is None:
        return RowProblem(f"it has {LABEL_PREFIX} inside a word")
    before, after = line[: label.start()].strip(), line[label.end() :].lstrip(_BLANKS).lstrip()
    values = {"label": label[1], "text": " ".join(filter(None, (before, after)))}
    return [values[name] for name in names]


def _numbered_lines(path: Path, stream: BinaryIO | None) -> Generator[tuple[int, str], None, None]:
    with open_text(path, stream, newline=None) as file:
        for number, line in enumerate(bounded_lines(path, file), start=1):
            yield number, line.removesuffix("\n")
