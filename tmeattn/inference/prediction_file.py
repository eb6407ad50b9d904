"""The file that streaming prediction writes, and how an interrupted prediction is continued.

The rows are written to `OUTPUT.part`, and the note beside it (`prediction_note.py`) holds how far the file is complete
and what it was made from. When all rows are written, the file gets its final name and the note is removed. A complete
shard keeps a note of its own (`shards.py`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import IO

from tmeattn.errors import BadInput, shortened
from tmeattn.files import check_place, disk_errors, remove_leftovers, temporary_name, to_json, write_atomically
from tmeattn.inference.output_target import check_target
from tmeattn.inference.prediction_note import (
    NOTE_VERSION,
    Narrate,
    Note,
    Origin,
    Row,
    add_row,
    has_content,
    hash_of,
    new_hash,
    note_checksum,
    read_note,
    state_of,
)
from tmeattn.inference.prediction_origin import AGAIN, check_other_shards, check_same, is_same, nothing_to_resume
from tmeattn.inference.shards import note_path, read_shard_note
from tmeattn.os_errors import ELSEWHERE

CONTINUE = "Then continue with --resume."
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


class ChangedInput(BadInput):
    """The rows of the input that are already classified are no longer the same."""


class PredictionFile:
    """`OUTPUT.part` while it is written.

    last_row:    the number of the last row of the input that is written.
    rows:        how many rows are written; rows_before: those of an earlier call that this one continues.
    """

    def __init__(self, output: Path, origin: Origin, table_path: Path, *, skip_bad: bool, narrate: Narrate) -> None:
        self.output, self.origin, self.skip_bad, self.narrate = output, origin, skip_bad, narrate
        self.part = output.with_name(f"{output.name}.part")
        self.note_path = self.part.with_name(f"{self.part.name}.json")
        self.table_path = table_path
        self.last_row = self.rows = self.rows_before = 0
        self._file: IO[bytes] | None = None
        self._length = self._noted = 0
        self._part_hash, self._rows_hash = new_hash(), new_hash()
        self._replayed = new_hash()
        self._expected: str | None = None
        self._force = False
        self._moved = False  # whether the input was changed after the note was written

    # Opening

    def check(self, *, force: bool, resume: bool) -> bool:
        """Check that the output may be written; True: it is complete already.

        Raises:
            BadInput: it may not.
        """
        self._force = force
        shard_note = [note_path(self.output)] if self.origin.shard else []
        for path in (self.output, self.part, self.note_path, *shard_note):
            check_target(path, self.table_path)
        if resume and not force and self.output.exists() and not self.part.exists() and self._is_complete():
            self.note_path.unlink(missing_ok=True)
            return True
        check_place(self.output, replaces=force)
        return False

    def _is_complete(self) -> bool:
        """Whether the output is what the note beside it describes: the process was killed after it gave the file its
        name."""
        found = read_note(self.note_path)
        if found is not None and found[1].complete and is_same(self.origin, found[0]):
            return has_content(self.output, found[1].bytes, found[1].part_hash)
        shard = read_shard_note(self.output) if self.origin.shard else None
        if shard is not None and is_same(self.origin, asdict(shard.origin)):
            return has_content(self.output, shard.bytes, shard.hash)
        return False

    def open(self, beginning: bytes, *, force: bool, resume: bool) -> None:
        """Open the part: a new one that begins with `beginning`, or the one that is continued.

        Raises:
            BadInput: there is nothing to continue, it was made from something else, or another process writes it.
            EnvironmentProblem: it cannot be written. Nothing of a new part is left.
        """
        with disk_errors("the predictions", self.part, elsewhere=ELSEWHERE):
            existed = self.part.exists()
            begun = existed or self.note_path.exists()
            if resume and not begun and self.origin.shard is None:
                raise nothing_to_resume(self.output, self.part)
            if resume and not begun:
                check_other_shards(self.origin, self.output)
            if existed and not resume and not force and not self._is_only(beginning):
                raise BadInput(
                    f"{self.part} has the rows of an interrupted prediction.",
                    hint="Continue it with --resume, or start again with --force.",
                )
            self._file = os.fdopen(os.open(self.part, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o666), "r+b", buffering=0)
            self._lock()
            try:
                self._remove_temporaries()
                if not (resume and begun and self._continue()):
                    self._begin(beginning)
            except BaseException:
                self.close()
                if not existed:
                    self._remove()
                raise

    def _is_only(self, beginning: bytes) -> bool:
        """Whether the part has no row yet."""
        return self.part.stat().st_size <= len(beginning) and beginning.startswith(self.part.read_bytes())

    def _lock(self) -> None:
        """Refuse a part that another process writes. The lock ends with the process, however it ends."""
        try:
            import fcntl
        except ImportError:  # Windows, where an open file cannot be replaced anyway
            return
        assert self._file is not None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            same = os.path.samestat(os.fstat(self._file.fileno()), self.part.lstat())
        except (BlockingIOError, FileNotFoundError):
            same = False
        except OSError:  # a file system without locks
            return
        if not same:  # locked, or given its final name by another process in this moment
            self.close()
            raise BadInput(f"Another process is writing {self.part}.", hint="Wait for it, or stop it.")

    def _begin(self, beginning: bytes) -> None:
        assert self._file is not None
        self._file.seek(0)
        self._file.truncate(0)
        self._write(beginning)
        self._write_note()

    def _continue(self) -> bool:
        """Continue after the last complete row; False where the part must be written from its beginning."""
        found = read_note(self.note_path)
        if found is None:
            state = "damaged or of an earlier version" if self.note_path.exists() else "missing"
            self.narrate(f"The note {self.note_path} is {state}: starting again from the first row.")
            return False
        origin, note = found
        check_same(self.origin, origin, self.part)
        if note.skip_bad and not self.skip_bad:
            raise BadInput(f"{self.part} was written with --skip-bad.", hint=f"Add --skip-bad. {AGAIN}")
        assert self._file is not None
        length = self._file.seek(0, os.SEEK_END)
        self._file.seek(0)
        part_hash = hash_of(self._file, note.bytes)
        if length < note.bytes or part_hash.hexdigest() != note.part_hash:
            problem = "is missing rows" if length < note.bytes else "is damaged"
            self.narrate(f"{self.part} {problem}: starting again from the first row.")
            return False
        self._file.truncate(note.bytes)
        self._file.seek(note.bytes)
        self._part_hash, self._length = part_hash, note.bytes
        self.last_row, self.rows = note.row, note.written
        self.rows_before = self._noted = note.written
        self._expected = note.rows_hash
        self._moved = note.size is not None and (note.size, note.changed) != state_of(self.table_path)
        return True

    # Rows

    def replay(self, number: int, text: str) -> None:
        """Take a row of the input that is already written, to compare it."""
        add_row(self._replayed, number, text)

    def check_replayed(self, unit: str) -> None:
        """Check that the written rows are those of the input.

        Raises:
            ChangedInput: they are not. The part is unchanged.
        """
        if self._expected is None:
            return
        if self._replayed.hexdigest() != self._expected:
            raise ChangedInput(
                f"{self.table_path} has changed: its rows up to {unit} {self.last_row:,} are not those that "
                f"{self.part} was written for.",
                hint=AGAIN,
            )
        self._rows_hash, self._expected = self._replayed, None
        if self._moved:
            self.narrate(f"{shortened(self.table_path)} has changed, but not up to {unit} {self.last_row:,}.")
        if self.rows:
            self.narrate(f"Continuing after {unit} {self.last_row:,}.")

    def write(self, data: bytes, rows: Iterable[Row]) -> None:
        """Write the predictions of these rows. When this returns, they are noted.

        Raises:
            EnvironmentProblem: they cannot be written. The rows that are noted can be continued.
        """
        before = self._noted
        then = CONTINUE if before else ""
        with disk_errors("the predictions", self.part, elsewhere=ELSEWHERE, then=then):
            self._write(data)
            for number, text in rows:
                add_row(self._rows_hash, number, text)
                self.last_row, self.rows = number, self.rows + 1
            self._write_note()

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._part_hash.update(data)
        self._length += len(data)

    def _write_note(self, *, complete: bool = False) -> None:
        size, changed = state_of(self.table_path)
        note = Note(
            self._length,
            self.rows,
            self.last_row,
            self._rows_hash.hexdigest(),
            self._part_hash.hexdigest(),
            size,
            changed,
            self.skip_bad,
            complete,
        )
        origin, progress = asdict(self.origin), asdict(note)
        checksum = note_checksum(origin, progress)
        stored = {"version": NOTE_VERSION, "origin": origin, "progress": progress, "checksum": checksum}
        write_atomically(self.note_path, to_json(stored))
        self._noted = self.rows

    # Leaving

    def finish(
        self,
        seal: Callable[[int, int, str], None] = lambda rows, length, part_hash: None,
        convert: Callable[[Path, Path], None] | None = None,
    ) -> None:
        """Give the complete file its final name. `seal` is called just before, with its rows, its bytes, their hash.

        convert: writes the rows, which are in the file that is its first argument, in the format of the output.

        Raises:
            BadInput: another program has made a file of that name meanwhile, which is kept.
            EnvironmentProblem: the disk is full or the folder cannot be written. The rows can be continued.
        """
        with disk_errors("the predictions", self.output, elsewhere=ELSEWHERE, then=CONTINUE):
            assert self._file is not None
            os.fsync(self._file.fileno())
            if os.path.lexists(self.output) and not self._force:
                raise BadInput(
                    f"Another program has made {shortened(self.output)} meanwhile.",
                    hint=f"The predictions are complete in {shortened(self.part)}: rename that file, or replace the "
                    "other one with --resume --force.",
                )
            self._write_note(complete=True)
            seal(self.rows, self._length, self._part_hash.hexdigest())
            if convert is not None:
                self._finish_converted(convert)
                return
            self.part.replace(self.output)
            self.close()
            self.note_path.unlink(missing_ok=True)

    def _finish_converted(self, convert: Callable[[Path, Path], None]) -> None:
        temporary = temporary_name(self.output)
        remove_leftovers(self.output.absolute().parent, self.output.name)
        try:
            convert(self.part, temporary)
            temporary.replace(self.output)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        self.close()
        self._remove()

    def leave(self) -> None:
        """Close the part. One without a noted row is removed, because there is nothing to continue."""
        if self._file is None:
            return
        self.close()
        if not self._noted:
            self._remove()

    def close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _remove(self) -> None:
        for path in (self.part, self.note_path):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _remove_temporaries(self) -> None:
        """Remove what a killed process left of the note. No other process writes it, because the part is locked."""
        prefix = f".{self.note_path.name}."
        with contextlib.suppress(OSError):
            for path in self.note_path.absolute().parent.iterdir():
                if path.name.startswith(prefix) and path.name.endswith(".tmp"):
                    path.unlink(missing_ok=True)
