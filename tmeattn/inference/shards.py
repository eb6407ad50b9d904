"""A shard: one of N shares of a file of predictions, which its own process or computer writes.

The texts of the input, in order and without what is skipped, are divided into chunks (`ChunkSize`); shard K of N has
the chunks K, K + N, K + 2 N, ... Every shard reads the whole input, so all of them see the same chunks in every format,
and a chunk is classified as in the prediction of the whole file: its probabilities have the same bits.

The note beside a complete shard says from what it was made. `merging.py` reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tmeattn.errors import BadInput, shortened
from tmeattn.files import read_json, to_json, write_atomically
from tmeattn.inference.output_target import output_format
from tmeattn.inference.prediction_note import Origin, add_row, new_hash
from tmeattn.plurals import counted, plural

MOST_SHARDS = 1000
"""Shards of one prediction. The largest array of jobs has 1,001 tasks on a SLURM that nobody configured."""
CHUNK = 1024
"""Texts that are classified and written together, and that one shard has together."""
NOTE_VERSION = 2
"""The rows of version 1 had no record number."""
_NOTE_SUFFIX = ".shard.json"
_WRITTEN = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")


@dataclass(frozen=True)
class Shard:
    """Share `number` of `count`, from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def has_chunk(self, index: int) -> bool:
        """Whether the chunk with this index, from 0, belongs to the shard."""
        return index % self.count == self.number - 1

    def file_of(self, output: Path) -> Path:
        """The file of the shard beside the file of the whole prediction: `predictions-3-of-16.csv`."""
        return output.with_name(f"{output.stem}{self._mark}{_shard_ending(output)}")

    def whole(self, file: Path) -> Path:
        """The file of the whole prediction, from that of the shard."""
        return file.with_name(f"{file.stem.removesuffix(self._mark)}{file.suffix}")

    @property
    def _mark(self) -> str:
        return f"-{self.number}-of-{self.count}"


def parse_shard(text: str) -> Shard:
    """The shard that a user writes as `3/16`.

    Raises:
        BadInput: it is none.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"--shard: {shortened(text)!r} is no shard.", hint="Write shard 3 of 16 as 3/16.")
    number, count = int(found[1]), int(found[2])
    if not 1 <= count <= MOST_SHARDS:
        raise BadInput(f"--shard: {text.strip()}: a file is divided into 1 to {MOST_SHARDS:,} shards.")
    if not 1 <= number <= count:
        raise BadInput(
            f"--shard: there is no shard {number} of {count}.", hint=f"They are 1/{count} to {count}/{count}."
        )
    return Shard(number, count)


def _shard_ending(output: Path) -> str:
    """The ending of the shards of an output: the rows of Parquet are JSON lines until they are merged."""
    return ".jsonl" if output_format(output) == "parquet" else output.suffix


def shard_files(output: Path) -> dict[Shard, Path]:
    """The files beside `output` that have the names of its shards, complete (or with `.part`, incomplete), by shard."""
    name = re.compile(
        rf"{re.escape(output.stem)}-([0-9]{{1,9}})-of-([0-9]{{1,9}}){re.escape(_shard_ending(output))}(?P<part>\.part)?"
    )
    found: dict[Shard, Path] = {}
    folder = output.absolute().parent
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if (match := name.fullmatch(path.name)) and match[1] == str(int(match[1])) and match[2] == str(int(match[2])):
            shard = Shard(int(match[1]), int(match[2]))
            if 1 <= shard.number <= shard.count <= MOST_SHARDS and (match["part"] is None or shard not in found):
                found[shard] = output.with_name(path.name)
    return found


@dataclass(frozen=True)
class ChunkSize:
    """Texts are classified together until there are so many `texts`, or so many `characters` in them."""

    texts: int
    characters: int

    def is_full(self, texts: int, characters: int) -> bool:
        return texts >= self.texts or characters >= self.characters


@dataclass(frozen=True)
class InputRead:
    """What a shard has read, the same for all shards of one input.

    path:        the input, as the shard was given it.
    fingerprint: a hash of the numbers and texts of all rows.
    texts:       the number of these rows; skipped: of those that were left out.
    notes:       sentences for the user about how the rows were read, and what was skipped.
    """

    path: str
    fingerprint: str
    texts: int
    skipped: int
    notes: tuple[str, ...]


def few_texts(texts: int, empty: int, count: int) -> str:
    """A sentence about `empty` of `count` shards of an input that have no texts, because a chunk is not divided."""
    return (
        f"{empty} of {counted(count, 'shard')} {plural(empty, 'has', 'have')} no texts: the input has "
        f"{counted(texts, 'text')}, and what is shared out are chunks of {CHUNK:,}."
    )


class InputReading:
    """The input while it is read.

    texts: how many texts have been read.   chunk: the index of the chunk of the next one.
    """

    def __init__(self, size: ChunkSize) -> None:
        self.texts = self.chunk = 0
        self._size = size
        self._held = self._characters = 0  # of the chunk that is read
        self._hash = new_hash()

    def add(self, number: int, text: str) -> None:
        add_row(self._hash, number, text)
        self.texts += 1
        self._held, self._characters = self._held + 1, self._characters + len(text)
        if self._size.is_full(self._held, self._characters):
            self.chunk, self._held, self._characters = self.chunk + 1, 0, 0

    def end(self, path: str, skipped: int, notes: Iterable[str]) -> InputRead:
        return InputRead(path, self._hash.hexdigest(), self.texts, skipped, tuple(notes))


@dataclass(frozen=True)
class ShardNote:
    """What a complete shard is.

    chunk:    the size of a chunk.
    skip_bad: whether invalid rows were skipped.
    rows, bytes, hash: the number of its rows, the length of its file in bytes, and a hash of these.
    """

    shard: Shard
    origin: Origin
    input: InputRead
    chunk: ChunkSize
    skip_bad: bool
    rows: int
    bytes: int
    hash: str


def note_path(file: Path) -> Path:
    """The note of the shard in a file."""
    return file.with_name(f"{file.name}{_NOTE_SUFFIX}")


def write_shard_note(file: Path, note: ShardNote) -> None:
    """Write the note beside the file of a shard."""
    write_atomically(note_path(file), to_json({"version": NOTE_VERSION, **asdict(note)}))


def read_shard_note(file: Path) -> ShardNote | None:
    """The note beside the file of a shard; None where there is none, or none that can be understood."""
    stored = read_json(note_path(file))
    if stored is None or stored.pop("version", None) != NOTE_VERSION:
        return None
    try:
        stored["shard"], stored["origin"] = Shard(**stored["shard"]), Origin(**stored["origin"])
        stored["chunk"] = ChunkSize(**stored["chunk"])
        stored["input"] = InputRead(**{**stored["input"], "notes": tuple(map(str, stored["input"]["notes"]))})
        note = ShardNote(**stored)
    except (TypeError, KeyError):
        return None
    counts = (note.shard.number, note.shard.count, note.rows, note.bytes, note.input.texts)
    return note if all(type(count) is int and count >= 0 for count in counts) and note.shard.count else None


def numbers_in_words(numbers: Sequence[int], most: int = 10) -> str:
    """As in "3, 7 and 9", and "1, 2, 3 and 13 others"."""
    shown = [str(number) for number in numbers[:most]]
    if rest := len(numbers) - len(shown):
        shown.append(f"{rest} others" if rest > 1 else str(numbers[most]))
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
