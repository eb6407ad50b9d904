"""Text files in tar and zip archives. Archives are read and never unpacked, so they cannot write anywhere."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from tmeattn.data.readers.skip_count import SkipCount
from tmeattn.data.readers.tables import format_of
from tmeattn.data.readers.text_io import decode
from tmeattn.errors import BadInput, shortened
from tmeattn.files import read_error
from tmeattn.limits import TEXT, CountedFile, Unpacking, open_zip
from tmeattn.os_errors import reason

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tbz2", ".tar.xz", ".txz", ".tar.lzma", ".zip")
COMPRESSED: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
    b"]\0\0": lzma.open,
}
"""How a file is decompressed, by its first bytes."""
DAMAGE = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError,
    TypeError, LookupError, OverflowError, MemoryError, struct.error,
)  # fmt: skip
"""What the libraries raise for a damaged, encrypted or unreadable archive."""


def is_archive(path: Path) -> bool:
    """Whether the name of a file is that of an archive."""
    return path.name.lower().endswith(ARCHIVES)


WhyNoText = Callable[[PurePosixPath], str | None]
"""Why a member is no text, as `SkipCount.add` takes it; None where it is one."""


def texts_in_archive(path: Path, skips: SkipCount, why_no_text: WhyNoText) -> Iterator[tuple[PurePosixPath, str]]:
    """The path and the content of each member that is a text, in the order of the archive.

    skips: counts the other members.

    Raises:
        BadInput: the archive is damaged or too large, contains a link, a path outside it, a text twice or tables
            alone, or a text is not UTF-8.
    """
    read = _texts_in_zip if path.name.lower().endswith(".zip") else _texts_in_tar
    tables: list[str] = []
    found: set[PurePosixPath] = set()
    for member, text in read(path, skips, why_no_text, tables):
        if member in found:
            raise BadInput(
                f"{path} contains the file {str(member)[:200]!r} twice.", hint="Unpack it and give the folder."
            )
        found.add(member)
        yield member, text
    if tables and not found:
        raise BadInput(
            f"{path} contains the table {tables[0]}, and tables in archives are not read.",
            hint="Unpack it and give the path of the table or of the folder.",
        )


def _texts_in_zip(
    path: Path, skips: SkipCount, why_no_text: WhyNoText, tables: list[str]
) -> Iterator[tuple[PurePosixPath, str]]:
    with _archive_errors(path), open_zip(path) as archive:
        unpacking = Unpacking(str(path))
        for info in archive.infolist():
            member = _member_path(path, info.filename)
            if (info.external_attr >> 16) & 0o170000 == 0o120000:
                raise _link(path, info.filename)
            if info.is_dir():
                continue
            _note_table(member, tables)
            if (reason := why_no_text(member)) is not None:
                skips.add(reason, str(member))
                continue
            _check_length(path, info.filename, info.file_size)
            unpacking.count(info.file_size, info.compress_size)
            yield member, decode(archive.read(info), path, info.filename)


def _texts_in_tar(
    path: Path, skips: SkipCount, why_no_text: WhyNoText, tables: list[str]
) -> Iterator[tuple[PurePosixPath, str]]:
    with _archive_errors(path), _open_tar(path) as file, tarfile.open(fileobj=file, mode="r|") as archive:
        while (info := archive.next()) is not None:
            member = _member_path(path, info.name)
            if info.islnk() or info.issym():
                raise _link(path, info.name)
            file.allowance = info.size + TEXT.value
            reason = why_no_text(member) if info.isfile() else _kind(info)
            if info.isfile():
                _note_table(member, tables)
            if reason is None:
                _check_length(path, info.name, info.size)
                if (content := archive.extractfile(info)) is not None:
                    yield member, decode(content.read(), path, info.name)
            elif not info.isdir():
                skips.add(reason, str(member))
            archive.members = []  # type: ignore[attr-defined]  # a stream never seeks back, so the list is not needed
        file.allowance = None
        while file.read(2**18):  # to the checksum, which the compression verifies at its end
            pass
    if not file.compressed and not _has_end_block(path):  # compressed archives report this themselves
        raise BadInput(f"{path} cannot be read as an archive: it is incomplete.", hint="Copy or download it again.")


def _kind(info: tarfile.TarInfo) -> str:
    return "pipe{s}" if info.isfifo() else "device{s}" if info.isdev() else "special file{s}"


@contextmanager
def _open_tar(path: Path) -> Iterator[CountedFile]:
    """The uncompressed bytes of a tar; the compression is found by its first bytes."""
    with path.open("rb") as file:
        head = file.read(6)
    decompress = next((opener for mark, opener in COMPRESSED.items() if head.startswith(mark)), None)
    with path.open("rb") as file:
        counted = CountedFile(file, str(path), decompress)
        counted.allowance = TEXT.value
        yield counted


def _note_table(member: PurePosixPath, tables: list[str]) -> None:
    """Add the first member that is a table."""
    if not tables and (format_of(Path(member)) or "txt") != "txt" and "__MACOSX" not in member.parts:
        tables.append(str(member)[:200])


def _has_end_block(path: Path) -> bool:
    """Whether an uncompressed tar ends with an empty block; `tarfile` does not report that it is missing."""
    with path.open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - tarfile.BLOCKSIZE, 0))
        return not any(file.read())


def _check_length(path: Path, member: str, size: int) -> None:
    if size > TEXT.value:
        raise TEXT.refusal(f"{path}: {member[:200]} is longer than")


def _member_path(path: Path, name: str) -> PurePosixPath:
    """The path of a member. Raises `BadInput` where it leads out of the archive."""
    member = PurePosixPath(name.replace("\\", "/"))
    if member.is_absolute() or ".." in member.parts or re.match(r"[A-Za-z]:", name):
        raise BadInput(
            f"{path} contains the path {name[:200]!r}, which leads out of the archive.",
            hint="The archive may be malicious. Get it from a source that you trust.",
        )
    return member


def _link(path: Path, name: str) -> BadInput:
    return BadInput(
        f"{path} contains the link {name[:200]}, and links are not read.",
        hint="Unpack the archive and give the folder.",
    )


@contextmanager
def damage_errors(path: Path, *, kind: str, hint: str) -> Iterator[None]:
    """Turn what reading a damaged, encrypted or missing file raises into a `BadInput` that names the file.

    kind: added after "cannot be read", such as " as an archive".
    """
    try:
        yield
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno:
            raise read_error(path, error) from error
        raise BadInput(f"{path} cannot be read{kind}: {shortened(reason(error))}.", hint=hint) from error


def _archive_errors(path: Path) -> AbstractContextManager[None]:
    hint = "Copy or download it again, or unpack it and give the folder."
    return damage_errors(path, kind=" as an archive", hint=hint)
