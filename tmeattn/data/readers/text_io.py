"""Text files as they come: plain or compressed, in UTF-8 or not."""

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

OTHER_MARKS = {codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
NOT_UTF8 = "not UTF-8"
"""What is wrong with a row that holds other bytes."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what can go wrong while reading a file into an error that names it."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def not_utf8(path: Path) -> BadInput:
    """Where and how a file departs from UTF-8, and what it may be instead."""
    decoder, before = codecs.getincrementaldecoder("utf-8")(), 0
    with reading(path), binary(path) as file:
        while block := file.read(2**20):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                at = before - pending + error.start
                byte = error.object[error.start]
                return BadInput(
                    f"{path} is not UTF-8: the byte at offset {at} is {byte:#04x}.",
                    hint="Convert it, from Windows-1252 perhaps: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW",
                )
            before += len(block)
    return BadInput(f"{path} is not UTF-8: it ends in the middle of a character, at offset {before}.")


def is_utf8(text: str) -> bool:
    """Whether no byte had to be escaped when a line was decoded."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def binary(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, plain or `.gz`."""
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        yield file  # type: ignore[misc]


@contextmanager
def decoded(path: Path, stream: BinaryIO | None, newline: str | None) -> Iterator[io.TextIOWrapper]:
    """A file as text; bytes that are no UTF-8 become lone surrogates, to be found row by row."""
    if stream is not None:
        yield io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline=newline)
        return
    with binary(path) as file:
        head = file.read(4)
        file.seek(0)
        for mark, name in (
            (codecs.BOM_UTF32_LE, "UTF-32"),
            (codecs.BOM_UTF16_LE, "UTF-16"),
            (codecs.BOM_UTF16_BE, "UTF-16"),
        ):
            if head.startswith(mark):
                raise BadInput(
                    f"{path} is {name}, not UTF-8: its bytes at offset 0 are {mark.hex(' ')}.",
                    hint=f"Convert it: iconv -f {name} -t UTF-8 OLD > NEW",
                )
        yield io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline=newline)
