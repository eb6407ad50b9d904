"""The note beside a file of predictions: how far it is complete, and from what it was made."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tmeattn.files import read_json

NOTE_VERSION = 3
"""Version 1 had only the run and the path of the input, so that nothing else could be compared. The rows of version 2
had no record number."""
BLOCK = 2**20

Narrate = Callable[[str], None]
Row = tuple[int, str]
"""The number of a row in its file, and its text."""


@dataclass(frozen=True)
class Origin:
    """From what predictions are made. A prediction is continued only if all of this is the same.

    run:     the id of the run.
    weights: a hash of its weights.
    input:   the path of the input.
    column:  the name of the column of the texts.
    format:  the format of the input, such as "csv".
    output:  the format of the output, such as "jsonl".
    """

    run: str
    weights: str
    input: str
    column: str
    format: str
    output: str
    shard: str | None = None


@dataclass(frozen=True)
class Note:
    """How far `OUTPUT.part` is complete.

    bytes, written: the length of its complete rows in bytes, and their number.
    row:            the number of the last of these rows in the input.
    rows_hash:      a hash of the numbers and texts of these rows; part_hash: of the bytes of the part.
    size, changed:  the size of the input in bytes and the time of its last change in ns; None for a pipe.
    skip_bad:       whether invalid rows were skipped.
    complete:       whether these are all rows.
    """

    bytes: int
    written: int
    row: int
    rows_hash: str
    part_hash: str
    size: int | None
    changed: int | None
    skip_bad: bool
    complete: bool = False


def read_note(path: Path) -> tuple[Mapping[str, Any], Note] | None:
    """The origin and the progress in a note; None where there is no note, or none that can be understood."""
    stored = read_json(path)
    if stored is None or stored.get("version") != NOTE_VERSION:
        return None
    origin, progress = stored.get("origin"), stored.get("progress")
    if stored.get("checksum", checksum := note_checksum(origin, progress)) != checksum:  # earlier versions had none
        return None
    if not isinstance(origin, dict) or not isinstance(progress, dict):
        return None
    try:
        note = Note(**progress)
    except TypeError:
        return None
    counts = (note.bytes, note.written, note.row)
    if not all(type(count) is int and count >= 0 for count in counts):
        return None
    return origin, note


def note_checksum(origin: object, progress: object) -> str:
    """The SHA-256 of the content of a note."""
    return hashlib.sha256(json.dumps([origin, progress], sort_keys=True).encode()).hexdigest()


def state_of(path: Path) -> tuple[int | None, int | None]:
    """The size of a regular file in bytes, and the time of its last change in ns."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None, None
    return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else (None, None)


def new_hash() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=16)


def add_row(hash_: hashlib.blake2b, number: int, text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    hash_.update(b"%d %d " % (number, len(data)))
    hash_.update(data)


def hash_of(file: IO[bytes], length: int) -> hashlib.blake2b:
    """The hash of the next `length` bytes of a file, or of what there is of them."""
    found = new_hash()
    while length and (block := file.read(min(BLOCK, length))):
        found.update(block)
        length -= len(block)
    return found


def has_content(path: Path, length: int, content_hash: str) -> bool:
    """Whether a file can be read and has exactly the bytes of this length and hash."""
    try:
        with path.open("rb") as file:
            return hash_of(file, length).hexdigest() == content_hash and not file.read(1)
    except OSError:
        return False
