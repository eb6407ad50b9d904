"""Text files of the user: plain or compressed, in UTF-8 or not."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tmeattn.errors import BadInput

BYTE_ORDER_MARKS = {codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
"""First bytes of files in other encodings than UTF-8. UTF-32 comes first, as its mark begins with that of UTF-16."""
CONTAINERS = {
    b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip (or an Excel workbook)", b"BZh91AY&SY": "bzip2", b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf": "7z",
}  # fmt: skip
"""First bytes of compressed files, and their formats."""
HEAD = max(map(len, CONTAINERS))
NOT_UTF8 = "it is not UTF-8"
"""The problem of a row whose bytes are not UTF-8."""
CONVERT = "Convert it, for example from Windows-1252: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"


@contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Turn what reading a file can raise into a `BadInput` that names the file."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.",
            hint="Check the path, the permissions, and that the file is complete.",
        ) from error


@contextmanager
def open_binary(path: Path) -> Iterator[BinaryIO]:
    """Open a file, plain or `.gz`, and read its bytes.

    Raises:
        BadInput: the file cannot be read, also while the caller reads it.
    """
    with read_errors(path), gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        yield file  # type: ignore[misc]


@contextmanager
def open_text(path: Path, stream: BinaryIO | None, newline: str | None) -> Iterator[io.TextIOWrapper]:
    """Open a file, or a `stream` that `path` names, as text.

    Bytes that are not UTF-8 become lone surrogates, so that `is_utf8` finds them row by row.

    Raises:
        BadInput: the file cannot be read, or a byte order mark shows another encoding.
    """
    if stream is not None:
        with read_errors(path):
            if hasattr(stream, "peek"):
                _refuse_other_formats(path, stream.peek(HEAD))
            yield io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline=newline)
        return
    with open_binary(path) as file:
        _refuse_other_formats(path, file.read(HEAD))
        file.seek(0)
        yield io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline=newline)


def open_stream(path: Path) -> BinaryIO:
    """Open a pipe, plain or `.gz`, whose bytes can be read only once.

    Raises:
        BadInput: it cannot be opened.
    """
    with read_errors(path):
        return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def _refuse_other_formats(path: Path, head: bytes) -> None:
    """Raise `BadInput` where the first bytes of a file show that it is no text in UTF-8."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            raise BadInput(
                f"{path} is {encoding}, not UTF-8: the bytes at offset 0 are {mark.hex(' ')}.",
                hint=f"Convert it: iconv -f {encoding} -t UTF-8 OLD > NEW",
            )
    for mark, container in CONTAINERS.items():
        if head.startswith(mark):
            if path.suffix.lower() == ".gz":
                raise BadInput(
                    f"{path} is compressed twice: it contains data in the format {container}.",
                    hint="Decompress it once: gunzip FILE",
                )
            raise BadInput(
                f"{path} is no text: its first bytes are those of the format {container}.",
                hint="Decompress or convert it, or give it the ending of its format.",
            )


def decode(data: bytes, path: Path, member: str | None = None) -> str:
    """Decode a whole text file, or the `member` of an archive.

    Raises:
        BadInput: it is not UTF-8; the message gives the offset and the byte.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if member is None:
            raise not_utf8(path) from None
        raise BadInput(
            f"{path}: {member} is not UTF-8: the byte at offset {error.start} is {data[error.start]:#04x}.",
            hint=CONVERT,
        ) from None


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


def is_utf8(text: str) -> bool:
    """Whether the bytes of a decoded line were UTF-8: no byte became a lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
