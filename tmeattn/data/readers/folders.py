"""Folders of text files, one folder a class, perhaps below one a split; on disk or in a tar or zip archive.

Archives are read, never unpacked: nothing in them can be written anywhere.
"""

from __future__ import annotations

import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath

from tmeattn.data.readers.text_io import not_utf8, reading
from tmeattn.errors import BadInput

SPLIT_NAMES = {
    "train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
    "dev": "validation", "eval": "validation", "test": "test", "testing": "test",
}  # fmt: skip
UNLABELLED = "unsup"
"""The folder of the IMDb archive whose reviews have no label."""
MOST_BYTES = 16 * 2**30
LONGEST_TEXT = 64 * 2**20
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")


@dataclass(frozen=True)
class Leaf:
    """A text file: its path below the tree, and its content."""

    path: PurePosixPath
    content: str


def is_archive(path: Path) -> bool:
    """Whether a file's name is an archive's."""
    return path.name.lower().endswith(ARCHIVES)


def leaves(path: Path) -> Iterator[Leaf]:
    """The `.txt` files of a folder or archive that lie in a folder of a class.

    Raises:
        BadInput: a file that is not UTF-8; an archive that is damaged, too large, or holds a link or a path that leads
            out of it.
    """
    if path.is_dir():
        yield from _on_disk(path)
    elif path.name.lower().endswith(".zip"):
        yield from _in_zip(path)
    else:
        yield from _in_tar(path)


def placed(paths: Sequence[PurePosixPath], source: str) -> tuple[list[int], list[str], list[str | None]]:
    """Which files hold texts, in order, and the class and the split (None: not said) of each.

    What all paths have in common is set aside. The order is by split, class and name, numbers in it by their value.

    Raises:
        BadInput: the files do not lie in folders of classes.
    """
    common = _common([path.parts[:-1] for path in paths])
    found = []
    for index, path in enumerate(paths):
        folders = path.parts[common:-1]
        split = SPLIT_NAMES.get(folders[0].lower()) if folders else None
        label = folders[1:] if split else folders
        if len(label) == 1:
            found.append((split, label[0], _natural(path.name), index))
    splits = {split for split, *_ in found}
    if None in splits and len(splits) > 1:
        raise BadInput(f"{source} has folders of classes beside folders of splits.", hint="Use one or the other.")
    if not found:
        raise BadInput(
            f"{source} holds no .txt files in folders of classes.",
            hint="Expected are CLASS/*.txt, or train/CLASS/*.txt and test/CLASS/*.txt.",
        )
    order = {"train": 0, "validation": 1, "test": 2, None: 0}
    found.sort(key=lambda one: (order[one[0]], one[1], one[2]))
    return [one[3] for one in found], [one[1] for one in found], [one[0] for one in found]


def _common(folders: Sequence[tuple[str, ...]]) -> int:
    """How many leading folders all files share, short of the last, which is a class, and of a split."""
    if not folders:
        return 0
    first, last = min(folders), max(folders)  # what these two share, all do
    shared = [a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))]
    upto = min(len(shared), min(map(len, folders)) - 1)
    while upto > 0 and any(part.lower() in SPLIT_NAMES for part in shared[:upto]):
        upto -= 1
    return max(upto, 0)


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"[0-9]+|[^0-9]+", name))


def _is_text(path: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix == ".txt" and len(path.parts) > 1 and UNLABELLED not in path.parts and not hidden


def _on_disk(root: Path) -> Iterator[Leaf]:
    for path in files_below(root):
        relative = PurePosixPath(path.relative_to(root).as_posix())
        if _is_text(relative):
            with reading(path):
                data = path.read_bytes()
            yield Leaf(relative, _decoded(data, path))


def files_below(root: Path) -> list[Path]:
    """All files below a folder, by folder and name; links to folders are not followed."""
    found = []
    with reading(root):
        for folder, folders, names in os.walk(root):
            folders.sort()
            found += [Path(folder, name) for name in sorted(names)]
    return found


def _decoded(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise not_utf8(path) from None


def _in_zip(path: Path) -> Iterator[Leaf]:
    with _damage(path), zipfile.ZipFile(path) as archive:
        budget = _Budget(path)
        for info in archive.infolist():
            member = _inside(path, info.filename)
            if (info.external_attr >> 16) & 0o170000 == 0o120000:
                raise BadInput(f"{path} holds a link, {info.filename}.", hint="Unpack it and give the folder.")
            if not info.is_dir() and _is_text(member):
                budget.spend(info.file_size, info.filename)
                yield Leaf(member, _member_text(path, info.filename, archive.read(info)))


def _in_tar(path: Path) -> Iterator[Leaf]:
    with _damage(path), tarfile.open(path, "r|*") as archive:
        budget = _Budget(path)
        for info in archive:
            member = _inside(path, info.name)
            if info.islnk() or info.issym():
                raise BadInput(f"{path} holds a link, {info.name}.", hint="Unpack it and give the folder.")
            budget.spend(info.size, info.name, kept=info.isfile() and _is_text(member))
            if info.isfile() and _is_text(member) and (file := archive.extractfile(info)) is not None:
                yield Leaf(member, _member_text(path, info.name, file.read()))
            archive.members = []  # type: ignore[attr-defined]  # a stream never goes back: keep no list of all
    if path.suffix.lower() == ".tar" and not _ends_well(path):  # compression would have told
        raise BadInput(f"{path} cannot be read as an archive: it is cut short.")


def _ends_well(path: Path) -> bool:
    """Whether an uncompressed tar has the empty block at its end, whose absence `tarfile` forgives."""
    with path.open("rb") as file:
        file.seek(-tarfile.BLOCKSIZE, os.SEEK_END)
        return not any(file.read())


class _Budget:
    """What an archive may unpack to."""

    def __init__(self, path: Path) -> None:
        self.path, self.left = path, MOST_BYTES

    def spend(self, size: int, member: str, *, kept: bool = True) -> None:
        self.left -= size
        if self.left < 0:
            raise BadInput(f"{self.path} unpacks to more than {MOST_BYTES // 2**30} GiB.")
        if kept and size > LONGEST_TEXT:
            raise BadInput(f"{self.path}: {member} is longer than {LONGEST_TEXT // 2**20} MiB.")


def _inside(path: Path, name: str) -> PurePosixPath:
    """A member's path, once it is sure that it stays inside."""
    member = PurePosixPath(name.replace("\\", "/"))
    if member.is_absolute() or ".." in member.parts or re.match(r"[A-Za-z]:", name):
        raise BadInput(f"{path} holds the path {name!r}, which leads out of it.", hint="It is not to be trusted.")
    return member


def _member_text(path: Path, name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = data[error.start]
        raise BadInput(f"{path}: {name} is not UTF-8: its byte at offset {error.start} is {byte:#04x}.") from None


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Turn what a broken, encrypted or unreadable archive raises into one line that names it."""
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise BadInput(f"{path} cannot be read as an archive: {str(error) or type(error).__name__}.") from error
