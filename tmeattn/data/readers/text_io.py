"""Text files of the user: plain or compressed, in UTF-8 or not."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from tmeattn.data.readers.text_encoding import HEAD, refuse_other_encoding
from tmeattn.errors import BadInput
from tmeattn.files import read_error
from tmeattn.limits import TEXT, CountedFile
from tmeattn.os_errors import reason

NOT_UTF8 = "it is not UTF-8"
"""The problem of a row whose bytes are not UTF-8."""
DECOMPRESSORS: dict[str, Callable[[Any], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
"""How a compressed file is opened, by the end of its name."""
CONTAINERS = {
    b"\x1f\x8b": "a gzip", b"BZh": "a bzip2", b"\xfd7zXZ": "an xz", b"PK\x03\x04": "a zip", b"7z\xbc\xaf": "a 7z",
    b"\x28\xb5\x2f\xfd": "a zstd", b"\x04\x22\x4d\x18": "an lz4", b"\x1f\x9d": "a compress", b"Rar!": "a rar",
    b"PAR1": "a Parquet", b"%PDF": "a PDF", b"\xd0\xcf\x11\xe0": "an Excel (.xls)", b"SQLite format 3": "an SQLite",
    b"ARROW1": "an Arrow", b"\x89HDF": "an HDF5",
}  # fmt: skip
"""First bytes of files that are no text."""
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""First bytes of the small file that stands for a file in Git LFS which was not fetched."""
COMPLETE = "Check that the file is complete."
CONVERT = "Convert it, for example from Windows-1252: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"


@contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Turn what reading a file can raise into a `BadInput` that names the file."""
    try:
        yield
    except OSError as error:
        raise read_error(path, error, hint=None if error.errno else COMPLETE) from error
    except (EOFError, zlib.error, lzma.LZMAError) as error:
        raise BadInput(f"{path} cannot be read: {reason(error)}.", hint=COMPLETE) from error


@contextmanager
def open_binary(path: Path) -> Iterator[BinaryIO]:
    """Open a file, plain or compressed (`DECOMPRESSORS`), and read its bytes.

    Raises:
        BadInput: the file cannot be read or unpacks to more than the limits, also while the caller reads it.
    """
    decompress = DECOMPRESSORS.get(path.suffix.lower())
    with read_errors(path):
        if decompress is None:
            with path.open("rb") as file:
                yield file
        else:
            with (
                path.open("rb") as file,
                io.BufferedReader(CountedFile(file, str(path), decompress), 2**18) as buffered,
            ):
                yield buffered


@contextmanager
def open_text(path: Path, stream: BinaryIO | None, newline: str | None) -> Iterator[io.TextIOWrapper]:
    """Open a file, or a `stream` that `path` names, as text.

    Bytes that are not UTF-8 become lone surrogates, so that `is_utf8` finds them row by row.

    Raises:
        BadInput: the file cannot be read, or its first bytes show another encoding or a file that is no text.
    """
    if stream is not None:
        with read_errors(path):
            if hasattr(stream, "peek"):
                refuse_other_content(path, stream)
            yield io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline=newline)
        return
    with open_binary(path) as file:
        refuse_other_content(path, file)
        yield io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline=newline)


def open_stream(path: Path) -> BinaryIO:
    """Open a pipe, plain or compressed, whose bytes can be read only once.

    Raises:
        BadInput: it cannot be opened.
    """
    decompress = DECOMPRESSORS.get(path.suffix.lower())
    with read_errors(path):
        file = path.open("rb")
        return file if decompress is None else io.BufferedReader(CountedFile(file, str(path), decompress), 2**18)


def refuse_other_content(path: Path, file: IO[bytes]) -> None:
    """Look at the first bytes of a buffered file, without reading them.

    Raises:
        BadInput: they show another encoding, or a file that is no text, such as a file that is compressed twice.
    """
    head: bytes = file.peek(8)[:HEAD]  # type: ignore[attr-defined]
    refuse_other_encoding(str(path), head)
    if head.startswith(LFS_POINTER):
        raise BadInput(f"{path} is a pointer of Git LFS, not the file itself.", hint="Fetch the file: git lfs pull")
    for mark, kind in CONTAINERS.items():
        if head.startswith(mark):
            compressed = path.suffix.lower() in DECOMPRESSORS
            raise BadInput(
                f"{path} contains {kind} file." if compressed else f"{path} is {kind} file, not a text file.",
                hint="It seems to be compressed twice. Unpack it once."
                if compressed
                else "Unpack or convert it, or correct the end of its name.",
            )


def bounded_lines(path: Path, file: io.TextIOWrapper) -> Iterator[str]:
    """The lines of an open text file.

    Raises:
        BadInput: a line is longer than the limit.
    """
    most, number = TEXT.value, 0
    while line := file.readline(most + 1):
        number += 1
        if len(line) > most:
            raise TEXT.refusal(f"{path}, line {number}: it is longer than")
        yield line


def read_text(path: Path) -> str:
    """A whole text file in UTF-8.

    Raises:
        BadInput: the file cannot be read, is longer than the limit, or is not UTF-8.
    """
    with read_errors(path), path.open("rb") as file:
        data = file.read(TEXT.value + 1)
    if len(data) > TEXT.value:
        raise TEXT.refusal(f"{path} is longer than")
    return decode(data, path)


def decode(data: bytes, path: Path, member: str | None = None) -> str:
    """Decode a whole text file, or the `member` of an archive.

    Raises:
        BadInput: it is not UTF-8; the message gives the offset and the byte.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse_other_encoding(str(path) if member is None else f"{path}: {member}", data[:HEAD])
        if member is None:
            raise not_utf8(path) from None
        raise BadInput(
            f"{path}: {member} is not UTF-8: the byte at offset {error.start} is {data[error.start]:#04x}.",
            hint=CONVERT,
        ) from None
    if "\0" in text:
        refuse_other_encoding(str(path) if member is None else f"{path}: {member}", data[:HEAD])
    return text


def not_utf8(path: Path) -> BadInput:
    """The error of a file that is not UTF-8, with the offset of the first wrong byte; reads the file again."""
    if not path.is_file():  # a pipe cannot be read again
        return BadInput(f"{path} is not UTF-8.", hint=CONVERT)
    decoder, before = codecs.getincrementaldecoder("utf-8")(), 0
    with open_binary(path) as file:
        while block := file.read(2**20):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                offset = before - pending + error.start
                byte = error.object[error.start]
                return BadInput(f"{path} is not UTF-8: the byte at offset {offset} is {byte:#04x}.", hint=CONVERT)
            before += len(block)
    return BadInput(
        f"{path} is not UTF-8: it ends in the middle of a character, at offset {before}.",
        hint="Check that the file is complete.",
    )
