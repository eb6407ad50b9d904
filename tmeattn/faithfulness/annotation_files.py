"""Files of annotations: regular files in UTF-8, of a bounded size, whose errors name the line. No torch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tmeattn.data.readers.text_input import MOST_HELD
from tmeattn.errors import BadInput
from tmeattn.files import open_regular, read_error
from tmeattn.limits import TEXT

FORMATS_HINT = "--rationales takes ERASER's .jsonl files and the dataset.json of HateXplain."
LONGEST_JSON = 64 * 2**20
"""Bytes of a file that is one JSON document, which takes about ten times its size when it is read."""
_HEAD = 64 * 2**10


def head(path: Path) -> str:
    """The beginning of a file, for recognising its format; bytes that are not UTF-8 are left out."""
    try:
        with open_regular(path) as file:
            return file.read(_HEAD).decode("utf-8-sig", errors="ignore")
    except OSError as error:
        raise read_error(path, error, what="--rationales: ") from None


def records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a file with one JSON object on each line, each with its file and line for messages."""
    for number, line in enumerate(_lines(path), start=1):
        if line.strip():
            where = f"--rationales: {path}, line {number}"
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                raise BadInput(f"{where}: this is not JSON.", hint=FORMATS_HINT) from None
            if not isinstance(record, dict):
                raise BadInput(f"{where}: this is not a JSON object.", hint=FORMATS_HINT)
            yield where, record


def json_document(path: Path) -> tuple[Any, str]:
    """A file that is one JSON document: its value and its text.

    Raises:
        BadInput: the file cannot be read, is too long, or is not JSON; the message has the line.
    """
    try:
        with open_regular(path) as file:
            data = file.read(LONGEST_JSON + 1)
    except OSError as error:
        raise read_error(path, error, what="--rationales: ") from None
    if len(data) > LONGEST_JSON:
        raise BadInput(f"--rationales: {path} is longer than {LONGEST_JSON // 2**20} MiB.")
    try:
        text = data.decode("utf-8-sig")
        return json.loads(text), text
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(f"--rationales: {path}, line {line}: not UTF-8 at byte {error.start} of the file.") from None
    except json.JSONDecodeError as error:
        raise BadInput(f"--rationales: {path}, line {error.lineno}: this is not JSON.", hint=FORMATS_HINT) from None
    except (ValueError, RecursionError):
        raise BadInput(f"--rationales: {path} is not JSON.", hint=FORMATS_HINT) from None


def _lines(path: Path) -> Iterator[str]:
    """The lines of a regular file in UTF-8, which are bounded one by one and together."""
    size = number = 0
    try:
        with open_regular(path) as file:
            while line := file.readline(TEXT.value + 1):
                size, number = size + len(line), number + 1
                if len(line) > TEXT.value:
                    raise TEXT.refusal(f"--rationales: {path}, line {number}: it is longer than")
                if size > MOST_HELD:
                    raise BadInput(f"--rationales: {path} is longer than {MOST_HELD // 2**20} MiB.")
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
    except OSError as error:
        raise read_error(path, error, what="--rationales: ") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"--rationales: {path}, line {number}: not UTF-8 at byte {error.start}.") from None
