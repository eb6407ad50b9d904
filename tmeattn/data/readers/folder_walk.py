"""The files below a folder: links are followed once, and what is no readable file is counted, never left out silently.

A pipe or a device is never opened, so a walk cannot hang.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tmeattn.data.readers.skip_count import SkipCount
from tmeattn.data.readers.text_io import read_errors

KINDS = {
    stat.S_IFIFO: "pipe{s}", stat.S_IFSOCK: "socket{s}", stat.S_IFCHR: "device{s}", stat.S_IFBLK: "device{s}",
}  # fmt: skip
NOWHERE = {
    errno.ENOENT: "dangling link{s}", errno.ENOTDIR: "dangling link{s}", errno.ELOOP: "link{s} in a circle",
}  # fmt: skip
"""What is wrong with a link, by the error of following it."""
Identity = tuple[int, int]
"""Device and number of a file: equal for all names of it."""


def is_hidden(name: str) -> bool:
    """Whether a name is that of a hidden file or of a folder of macOS's metadata in an archive."""
    return name.startswith(".") or name == "__MACOSX"


def files_below(root: Path, skips: SkipCount | None = None) -> list[Path]:
    """All regular files below a folder, ordered by folder and name. Linked files and folders are followed once.

    skips: counts what is left out: hidden files and folders, empty folders, dangling links, links to what is read
           already, pipes, sockets and devices.

    Raises:
        BadInput: a folder cannot be read, or a link not be followed; the message names it.
    """
    walk = _Walk(root, SkipCount() if skips is None else skips)
    with read_errors(root):
        status = root.stat()
        for parent in root.resolve().parents:
            with suppress(OSError):  # a folder above may be closed
                walk.parents.add(_identity(parent.stat()))
    walk.folder(root, status)
    while walk.links:
        walk.link(walk.links.pop(0))
    return sorted(walk.files, key=lambda path: path.relative_to(root).parts)


@dataclass
class _Walk:
    """The state of one walk. `parents`: the folders above the root, which a link must not lead to."""

    root: Path
    skips: SkipCount
    files: list[Path] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    seen: set[Identity] = field(default_factory=set)
    parents: set[Identity] = field(default_factory=set)

    def skip(self, reason: str, path: Path) -> None:
        self.skips.add(reason, str(path.relative_to(self.root)))

    def folder(self, top: Path, status: os.stat_result) -> None:
        """Record all entries of a folder and of the folders in it; links are for later."""
        pending = [(top, status)]
        while pending:
            folder, status = pending.pop()
            if _identity(status) in self.seen:
                self.skip("folder{s} that are read already under another name", folder)
                continue
            self.seen.add(_identity(status))
            with read_errors(folder), os.scandir(folder) as entries:
                below = []
                listed = sorted(entries, key=lambda entry: entry.name)
                if not listed and folder != self.root:  # that of a class, perhaps
                    self.skip("empty folder{s}", folder)
                for entry in listed:
                    path = Path(entry.path)
                    if is_hidden(entry.name):
                        self.skip("hidden folder{s}" if entry.is_dir(follow_symlinks=False) else "hidden file{s}", path)
                    elif entry.is_symlink():
                        self.links.append(path)
                    elif entry.is_dir(follow_symlinks=False):
                        below.append((path, entry.stat(follow_symlinks=False)))
                    else:
                        self.file(path, entry.stat(follow_symlinks=False))
            pending += reversed(below)

    def file(self, path: Path, status: os.stat_result) -> None:
        """Record an entry that is no folder and no link."""
        if stat.S_ISREG(status.st_mode):
            self.seen.add(_identity(status))
            self.files.append(path)
        else:
            self.skip(KINDS.get(stat.S_IFMT(status.st_mode), "special file{s}"), path)

    def link(self, path: Path) -> None:
        """Follow a link, unless it leads nowhere, to what is read already, or to a folder above the root."""
        try:
            status = path.stat()
        except OSError as error:
            if error.errno not in NOWHERE:
                with read_errors(path):
                    raise
            self.skip(NOWHERE[error.errno], path)
            return
        if _identity(status) in self.parents:
            self.skip("link{s} to a folder above", path)
        elif _identity(status) in self.seen:
            self.skip("link{s} to what is read already", path)
        elif stat.S_ISDIR(status.st_mode):
            self.folder(path, status)
        else:
            self.file(path, status)


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino
