"""Text files in tar and zip archives. Archives are read and never unpacked, so they cannot write anywhere."""

from __future__ import annotations

import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from tmeattn.data.readers.skip_count import SkipCount
from tmeattn.data.readers.text_io import decode
from tmeattn.errors import BadInput

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")
MOST_BYTES = 16 * 2**30
"""The most bytes that an archive may unpack to."""
LONGEST_TEXT = 64 * 2**20
"""The most bytes of one text file."""


def is_archive(path: Path) -> bool:
    """Whether the name of a file is that of an archive."""
    return path.name.lower().endswith(ARCHIVES)


WhyNoText = Callable[[PurePosixPath], str | None]
"""Why a member is no text, as `SkipCount.add` takes it; None where it is one."""


def texts_in_archive(
    path: Path, skips: SkipCount, why_no_text: WhyNoText
) -> Iterator[tuple[PurePosixPath, str]]:
    """The path and the content of each member that is a text, in the order of the archive.

    skips: counts the other members.

    Raises:
        BadInput: the archive is damaged or too large, contains a link, a path outside it or a text twice, or a text is
            not UTF-8.
    """
    read = _texts_in_zip if path.name.lower().endswith(".zip") else _texts_in_tar
    seen: set[PurePosixPath] = set()
    for member, text in read(path, skips, why_no_text):
        if member in seen:
            raise BadInput(
                f"{path} contains the file {str(member)!r} twice.", hint="Unpack the archive and give the folder."
            )
        seen.add(member)
        yield member, text


def _texts_in_zip(path: Path, skips: SkipCount, why_no_text: WhyNoText) -> Iterator[tuple[PurePosixPath, str]]:
    with _archive_errors(path), zipfile.ZipFile(path) as archive:
        budget = _Budget(path)
        for info in archive.infolist():
            member = _member_path(path, info.filename)
            if (info.external_attr >> 16) & 0o170000 == 0o120000:
                raise _link(path, info.filename)
            if info.is_dir():
                continue
            if (reason := why_no_text(member)) is not None:
                skips.add(reason, str(member))
            else:
                budget.spend(info.file_size, info.filename)
                yield member, decode(archive.read(info), path, info.filename)


def _texts_in_tar(path: Path, skips: SkipCount, why_no_text: WhyNoText) -> Iterator[tuple[PurePosixPath, str]]:
    with _archive_errors(path), tarfile.open(path, "r|*") as archive:
        budget = _Budget(path)
        for info in archive:
            member = _member_path(path, info.name)
            if info.islnk() or info.issym():
                raise _link(path, info.name)
            reason = why_no_text(member) if info.isfile() else _kind(info)
            budget.spend(info.size, info.name, kept=reason is None)
            if reason is not None and not info.isdir():
                skips.add(reason, str(member))
            elif reason is None and (file := archive.extractfile(info)) is not None:
                yield member, decode(file.read(), path, info.name)
            archive.members = []  # type: ignore[attr-defined]  # a stream never seeks back, so the list is not needed
    if path.suffix.lower() == ".tar" and not _has_end_block(path):  # compressed archives report this themselves
        raise BadInput(f"{path} cannot be read as an archive: it is incomplete.", hint="Copy or download it again.")


def _kind(info: tarfile.TarInfo) -> str:
    return "pipe{s}" if info.isfifo() else "device{s}" if info.isdev() else "special file{s}"


def _has_end_block(path: Path) -> bool:
    """Whether an uncompressed tar ends with an empty block; `tarfile` does not report that it is missing."""
    with path.open("rb") as file:
        file.seek(-tarfile.BLOCKSIZE, os.SEEK_END)
        return not any(file.read())


class _Budget:
    """Counts the unpacked bytes of an archive."""

    def __init__(self, path: Path) -> None:
        self.path, self.left = path, MOST_BYTES

    def spend(self, size: int, member: str, *, kept: bool = True) -> None:
        """Count a member. Raises `BadInput` where the archive, or a text that is kept, is too large."""
        self.left -= size
        if self.left < 0:
            raise BadInput(
                f"{self.path} unpacks to more than {MOST_BYTES // 2**30} GiB.", hint="Unpack it and give the folder."
            )
        if kept and size > LONGEST_TEXT:
            raise BadInput(
                f"{self.path}: {member} is longer than {LONGEST_TEXT // 2**20} MiB.", hint="Remove it from the archive."
            )


def _member_path(path: Path, name: str) -> PurePosixPath:
    """The path of a member. Raises `BadInput` where it leads out of the archive."""
    member = PurePosixPath(name.replace("\\", "/"))
    if member.is_absolute() or ".." in member.parts or re.match(r"[A-Za-z]:", name):
        raise BadInput(
            f"{path} contains the path {name!r}, which leads out of the archive.",
            hint="The archive may be malicious. Get it from a source that you trust.",
        )
    return member


def _link(path: Path, name: str) -> BadInput:
    return BadInput(
        f"{path} contains the link {name}, and links are not read.", hint="Unpack the archive and give the folder."
    )


@contextmanager
def _archive_errors(path: Path) -> Iterator[None]:
    """Turn what a damaged, encrypted or unreadable archive raises into a `BadInput` that names it."""
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise BadInput(
            f"{path} cannot be read as an archive: {str(error) or type(error).__name__}.",
            hint="Copy or download it again, or unpack it and give the folder.",
        ) from error
