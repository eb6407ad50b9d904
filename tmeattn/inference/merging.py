"""Merge the shards of a prediction into the file that the prediction of the whole input is, byte for byte."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tmeattn.errors import BadInput, shortened
from tmeattn.files import check_place, disk_errors, read_error, remove_leftovers, temporary_name
from tmeattn.inference.output_target import check_output_name, check_target, output_format, row_format
from tmeattn.inference.prediction_note import new_hash
from tmeattn.inference.prediction_parquet import to_parquet
from tmeattn.inference.prediction_rows import is_ranked
from tmeattn.inference.shards import (
    InputRead,
    Shard,
    ShardNote,
    few_texts,
    note_path,
    numbers_in_words,
    read_shard_note,
    shard_files,
)
from tmeattn.os_errors import ELSEWHERE
from tmeattn.plurals import counted

BLOCK = 256
"""Rows of a shard that are read together."""
AGAIN = "Predict this shard again with --force."


@dataclass(frozen=True)
class Merged:
    """rows: of the merged file. shards: their number. input: what they have read. empty: the shards without rows."""

    rows: int
    shards: int
    input: InputRead
    empty: int = 0

    @property
    def note(self) -> str | None:
        """A sentence about shards that had nothing to do; None where each had some texts."""
        return few_texts(self.input.texts, self.empty, self.shards) if self.empty else None


@dataclass(frozen=True)
class _Part:
    path: Path
    note: ShardNote


def merge_shards(output: Path, files: Sequence[Path] = (), *, force: bool = False) -> Merged:
    """Write the rows of all shards of one prediction to `output`, in the order of the input.

    files: the shards; by default, those beside `output` that have the names of its shards.

    Raises:
        BadInput: a shard is missing, incomplete, damaged or given twice, or was made from something else than the
            others; or the output exists or cannot be a file of predictions. Nothing is written.
        EnvironmentProblem: it cannot be written.
    """
    check_output_name(output)
    parts = _complete(output, [_part(path) for path in files] if files else _found(output))
    _check_alike(parts, output)
    for part in parts:
        check_target(output, part.path)
    check_place(output, replaces=force)
    rows = temporary = temporary_name(output)
    with disk_errors("the predictions", output, elsewhere=ELSEWHERE):
        remove_leftovers(output.absolute().parent, output.name)
        try:
            with temporary.open("wb") as file:
                _interleave(parts, file)
                file.flush()
                os.fsync(file.fileno())
            if output_format(output) == "parquet":
                rows = rows.rename(temporary_name(output.with_name(f"{output.name}.jsonl")))
                to_parquet(rows, temporary, ranked=is_ranked(parts[0].note.origin.output))
            temporary.replace(output)
        finally:
            for path in (temporary, rows):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
    read = parts[0].note.input
    return Merged(read.texts, len(parts), read, sum(part.note.rows == 0 for part in parts))


def delete_shards(output: Path, count: int) -> None:
    """Delete the shards of `output` in `count` parts, and their notes."""
    for number in range(1, count + 1):
        path = Shard(number, count).file_of(output)
        for one in (path, note_path(path)):
            with contextlib.suppress(OSError):
                one.unlink(missing_ok=True)


# Which shards there are


def _part(path: Path) -> _Part:
    if not path.is_file():
        raise BadInput(f"There is no file {shortened(path)}.", hint="Give the files of the shards after --merge.")
    note = read_shard_note(path)
    if note is None:
        state = "damaged or of another version" if note_path(path).exists() else "missing"
        raise BadInput(
            f"{shortened(path)} is no complete shard: its note {shortened(note_path(path))} is {state}.", hint=AGAIN
        )
    if path.stat().st_size != note.bytes:
        raise _damaged(path)
    return _Part(path, note)


def _damaged(path: Path) -> BadInput:
    return BadInput(f"{shortened(path)} is damaged: it is not what its note says. Nothing was merged.", hint=AGAIN)


def _found(output: Path) -> list[_Part]:
    """The complete shards beside the output.

    Raises:
        BadInput: there is none, or there are those of several divisions.
    """
    found = shard_files(output)
    if not found:
        name = Shard(1, 16).file_of(output).name
        raise BadInput(
            f"There is no shard of {shortened(output)} beside it, such as {shortened(name)}.",
            hint="Write them with predict --shard K/N and the same --output, or give their files after --merge.",
        )
    counts = sorted({shard.count for shard in found})
    if len(counts) > 1:
        divisions = f"of {numbers_in_words(counts, 5)}"
        raise BadInput(
            f"Beside {shortened(output)} there are shards {divisions}.",
            hint="Give the files of one prediction after --merge, or delete the others.",
        )
    complete = [path for path in found.values() if not path.name.endswith(".part")]
    if not complete:
        _refuse_missing(output, counts[0], set())
    return [_part(path) for path in complete]


def _complete(output: Path, parts: list[_Part]) -> list[_Part]:
    """The shards by their numbers, after a check that there is each of them once."""
    count, first = parts[0].note.shard.count, parts[0]
    by_number: dict[int, _Part] = {}
    for part in parts:
        if part.note.shard.count != count:
            raise BadInput(
                f"{shortened(first.path)} is shard {first.note.shard}, and {shortened(part.path)} is shard "
                f"{part.note.shard}.",
                hint="Give the shards of one prediction.",
            )
        earlier = by_number.setdefault(part.note.shard.number, part)
        if earlier is not part:
            raise BadInput(
                f"Shard {part.note.shard} is there twice: {shortened(earlier.path)} and {shortened(part.path)}.",
                hint="Leave one of them out.",
            )
    if len(by_number) < count:
        _refuse_missing(output, count, set(by_number))
    return [by_number[number] for number in range(1, count + 1)]


def _refuse_missing(output: Path, count: int, there: set[int]) -> None:
    """Raise the error that names the missing and the incomplete shards."""
    missing = [number for number in range(1, count + 1) if number not in there]
    files = {number: Shard(number, count).file_of(output) for number in missing}
    begun = [number for number, path in files.items() if path.with_name(f"{path.name}.part").exists()]
    one = len(missing) == 1
    incomplete = ""
    if begun:
        which = "it is" if one else f"{numbers_in_words(begun)} {'is' if len(begun) == 1 else 'are'}"
        incomplete = f" ({which} begun and not complete)"
    raise BadInput(
        f"{'Shard' if one else 'Shards'} {numbers_in_words(missing)} of {count} {'is' if one else 'are'} missing"
        f"{incomplete}: nothing was merged.",
        hint=f"Predict with --shard {missing[0]}/{count} --resume{'' if one else ' and so on'}, then merge again; or "
        f"with --processes {count} --resume, which also merges.",
    )


def _check_alike(parts: Sequence[_Part], output: Path) -> None:
    """Check that the shards are of one run, one input and one set of options, and fit to the output.

    Raises:
        BadInput: they are not.
    """
    first = parts[0]
    names = {
        "run": "run", "weights": "weights of the run", "column": "column", "format": "format of the input",
        "output": "format of the output",
    }  # fmt: skip
    for part in parts[1:]:
        pair = f"{shortened(part.path)} was not made with the same {{}} as {shortened(first.path)}"
        for field, name in names.items():
            mine, theirs = getattr(part.note.origin, field), getattr(first.note.origin, field)
            if mine != theirs:
                values = "" if field == "weights" else f": {shortened(mine)}, not {shortened(theirs)}"
                raise BadInput(f"{pair.format(name)}{values}.", hint=AGAIN)
        if part.note.skip_bad != first.note.skip_bad:
            raise BadInput(f"{pair.format('choice of --skip-bad')}.", hint=AGAIN)
        if part.note.chunk != first.note.chunk:
            raise BadInput(f"{pair.format('version of tmeattn')}.", hint=AGAIN)
        if (part.note.input.fingerprint, part.note.input.texts) != (
            first.note.input.fingerprint,
            first.note.input.texts,
        ):
            raise BadInput(
                f"{shortened(part.path)} was made from other texts than {shortened(first.path)}: "
                f"{counted(part.note.input.texts, 'text')} of {shortened(part.note.input.path)} and "
                f"{first.note.input.texts:,} of {shortened(first.note.input.path)}, which has perhaps changed since.",
                hint="Predict all shards from one input; --force begins one again.",
            )
    form = row_format(output)
    if first.note.origin.output.partition(",")[0] != form:
        raise BadInput(
            f"The shards are {first.note.origin.output.partition(',')[0]}, and {shortened(output)} is {form}.",
            hint="Choose the ending of the shards.",
        )


# Their content


class _Source:
    """A shard that is read from its beginning to its end. header: what stands before its rows.

    It is not kept open, because there may be more shards than a process may have open files.
    """

    def __init__(self, part: _Part) -> None:
        self.part = part
        self._delimiter = {"csv": b",", "tsv": b"\t"}.get(part.note.origin.output.partition(",")[0])
        self._position, self._hash = 0, new_hash()
        self._records = self._read()
        self.header = b"" if self._delimiter is None else next(self._records, b"")

    def rows(self) -> Iterator[tuple[int, bytes]]:
        """The number of each row in the input, and the row as it is written."""
        for record in self._records:
            before, _, rest = record.partition(self._delimiter or b",")
            number = before if self._delimiter else before.removeprefix(b'{"row": ')
            if not (rest and number.isdigit()):
                raise _damaged(self.part.path)
            yield int(number[:20]), record

    def _read(self) -> Iterator[bytes]:
        while records := self._block():
            for record in records:
                self._hash.update(record)
                self._position += len(record)
            yield from records
        if (self._position, self._hash.hexdigest()) != (self.part.note.bytes, self.part.note.hash):
            raise _damaged(self.part.path)

    def _block(self) -> list[bytes]:
        try:
            with self.part.path.open("rb") as file:
                file.seek(self._position)
                return list(itertools.islice(_records(file, quoted=self._delimiter is not None), BLOCK))
        except OSError as error:
            raise read_error(self.part.path, error) from None


def _records(file: IO[bytes], *, quoted: bool) -> Iterator[bytes]:
    """The lines of a file; in a table, a line ends where no quotation marks are open."""
    if not quoted:
        yield from file
        return
    held: list[bytes] = []
    marks = 0
    for line in file:
        marks += line.count(b'"')
        held.append(line)
        if marks % 2 == 0:
            yield b"".join(held)
            held, marks = [], 0
    if held:
        yield b"".join(held)


def _interleave(parts: Sequence[_Part], file: IO[bytes]) -> None:
    """Write the rows of all shards in the order of their numbers."""
    sources = [_Source(part) for part in parts]
    file.write(sources[0].header)
    streams = [source.rows() for source in sources]
    heads = [
        (number, index, record) for index, rows in enumerate(streams) for number, record in itertools.islice(rows, 1)
    ]
    heapq.heapify(heads)
    while heads:
        _, index, record = heapq.heappop(heads)
        file.write(record)
        for number, following in streams[index]:
            if heads and number > heads[0][0]:  # the rows of a chunk follow one another
                heapq.heappush(heads, (number, index, following))
                break
            file.write(following)
