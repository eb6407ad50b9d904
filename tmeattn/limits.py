"""The limits of what is read from files of the user, so that no small file fills the memory or the disk.

With the default limits, reading a file takes at most 1 GiB of memory more than the program itself, and the time to
unpack `UNPACKED`. Each limit can be raised by its environment variable.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tmeattn.errors import BadInput

MOST_MEMORY = 2**30
"""Bytes of memory that reading a file takes at most, with the default limits, beside the program itself."""
LARGEST_EXPANSION = 100
"""How many times its size a compressed file may unpack to, beyond the first `FREE_EXPANSION` bytes. Texts unpack to 3
to 20 times the size of their file, and files that are made to fill a disk to about 1,000 times."""
FREE_EXPANSION = 32 * 2**20
MOST_PADDING = 4 * 2**20
"""Bytes of a compressed file that may unpack to nothing: padding, headers, and blocks that are not yet complete. A file
or a device that goes on with zeros would otherwise be read to its end."""

LARGEST_LIST = 64 * 2**20
"""Bytes of the list of members of a zip, about a million of them; each takes some 500 bytes of memory."""


@dataclass(frozen=True)
class Limit:
    """One limit: `default` of `unit`, of which each is `scale` bytes or things; `variable` overrides the number."""

    variable: str
    default: int
    unit: str
    scale: int

    @property
    def number(self) -> int:
        """The limit in its unit.

        Raises:
            BadInput: the variable is not a whole number.
        """
        given = os.environ.get(self.variable, "").strip()
        if not given:
            return self.default
        if not (given.isascii() and given.isdigit() and len(given) <= 15 and int(given) > 0):
            raise BadInput(
                f"The environment variable {self.variable} is {given[:40]!r}, not a whole number above 0.",
                hint=f"Set it to a number ({self.unit}), or remove it.",
            )
        return int(given)

    @property
    def value(self) -> int:
        """The limit in bytes or things."""
        return self.number * self.scale

    def refusal(self, problem: str) -> BadInput:
        """The error of an input that exceeds the limit. `problem`: the sentence without the limit at its end."""
        return BadInput(
            f"{problem} {self.number:,} {self.unit}.",
            hint=f"Check the file. If it is right, raise the limit with the environment variable {self.variable}.",
        )


TEXT = Limit("TMEATTN_MAX_TEXT_MIB", 16, "MiB", 2**20)
"""The longest text, line, row or field."""
COLUMNS = Limit("TMEATTN_MAX_COLUMNS", 10_000, "columns", 1)
"""The most columns of a table, keys of a JSON object, or numbers of a word vector."""
UNPACKED = Limit("TMEATTN_MAX_UNPACKED_GIB", 16, "GiB", 2**30)
"""The most bytes that a compressed file or an archive unpacks to. Where the user sets it, `LARGEST_EXPANSION` does not
apply."""
VECTORS = Limit("TMEATTN_MAX_VECTORS", 10_000_000, "word vectors", 1)
"""The most vectors of a file."""


class Unpacking:
    """Counts the bytes that a file unpacks to. `name`: the file, in errors."""

    def __init__(self, name: str) -> None:
        self.name, self.unpacked, self.packed = name, 0, 0

    def count(self, unpacked: int, packed: int = 0) -> None:
        """Count further bytes, and the bytes of the file that they were unpacked from.

        Raises:
            BadInput: the file unpacks to more than the limits.
        """
        self.unpacked += unpacked
        self.packed += packed
        if self.unpacked > UNPACKED.value:
            raise UNPACKED.refusal(f"{self.name} unpacks to more than")
        if self.unpacked > FREE_EXPANSION + LARGEST_EXPANSION * self.packed and UNPACKED.variable not in os.environ:
            raise BadInput(
                f"{self.name} unpacks to more than {LARGEST_EXPANSION} times its size.",
                hint="It may be made to fill the disk. If it is right, set the environment variable "
                f"{UNPACKED.variable} to the GiB that it may unpack to.",
            )


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip whose list of members, which is held in memory, has at most `LARGEST_LIST` bytes.

    Raises:
        BadInput: the list is longer.
        OSError, zipfile.BadZipFile: it cannot be read.
    """
    with path.open("rb") as file, zipfile.ZipFile(_BoundedReads(file, str(path))) as archive:
        yield archive


class _BoundedReads:
    """A file of which no more than `LARGEST_LIST` bytes are read at once. `zipfile` reads the list of members so."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name = file, name
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, size: int = -1) -> bytes:
        if size > LARGEST_LIST:
            raise BadInput(
                f"{self._name} lists more files than are read: the list has more than {LARGEST_LIST // 2**20} MiB.",
                hint="Unpack it and give the folder or the file.",
            )
        return self._file.read(size)

    def seekable(self) -> bool:
        return True


class CountedFile(io.RawIOBase):
    """The unpacked bytes of an open file, counted as `Unpacking` does.

    allowance:  the bytes that may be read until it is set again; None for any number.
    compressed: whether the file is.
    """

    def __init__(self, file: IO[bytes], name: str, decompress: Callable[[Any], Any] | None) -> None:
        """`decompress` opens a compressed file object, such as `gzip.open`; None where the file is not compressed."""
        self._unpacking = Unpacking(name)
        self.compressed = decompress is not None
        self._packed = _CountedReads(file, name, bounded=decompress is not None)
        self._source = self._packed if decompress is None else decompress(self._packed)
        self.allowance: int | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as much as fits.

        Raises:
            BadInput: the stream exceeds a limit.
        """
        before = self._packed.count
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        self._packed.without_content = 0
        self._unpacking.count(len(data), self._packed.count - before)
        if self.allowance is not None:
            self.allowance -= len(data)
            if self.allowance < 0:
                raise TEXT.refusal(f"{self._unpacking.name}: the header of a member is longer than")
        return len(data)


class _CountedReads:
    """A file object that counts what a decompressor reads of it, in all and since it last returned content."""

    def __init__(self, file: IO[bytes], name: str, *, bounded: bool) -> None:
        self._file, self._name, self._bounded = file, name, bounded
        self.count = self.without_content = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.count += len(data)
        self.without_content += len(data)
        if self._bounded and self.without_content > MOST_PADDING:
            raise BadInput(
                f"{self._name} is damaged: more than {MOST_PADDING // 2**20} MiB of it unpack to nothing.",
                hint="Copy or download it again.",
            )
        return data

    def seekable(self) -> bool:
        return False
