"""Faults at the N-th change of a folder: the process is killed there, or the disk is full from there on.

A change is an opening for writing, a write, an fsync, or a creation, renaming or removal of a file or folder. They are
counted in Python's own functions, which tmeattn uses for all its files, so that it works without tools of the system.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

GROWS = ("open", "write", "fsync", "mkdir", "rename")
"""The changes that a full disk can refuse."""


class Faults:
    """Counts the changes below `root`; `act` is called at each from number `at` (from 1) on.

    changes: what was done: the kind and the path.
    """

    def __init__(self, root: str, at: int, act: Callable[[Faults, str], None]) -> None:
        self.root = os.path.realpath(root) + os.sep
        self.at = at
        self.act = act
        self.changes: list[tuple[str, str]] = []

    def change(self, kind: str, path: Any) -> None:
        """Count one change, before it is made, and act where its time has come."""
        if isinstance(path, int):
            path = _path_of(path)
        where = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
        if not (where + os.sep).startswith(self.root):
            return
        self.changes.append((kind, where[len(self.root) :]))
        if self.at and len(self.changes) >= self.at:
            self.act(self, kind)

    def install(self) -> None:
        """Replace the functions of this process that change files."""
        for name, kind in (("mkdir", "mkdir"), ("rmdir", "remove"), ("unlink", "remove"), ("remove", "remove")):
            self._wrap(name, kind)
        for name in ("rename", "replace", "link", "symlink", "truncate"):
            self._wrap(name, "rename")
        for name in ("fsync", "fdatasync", "ftruncate", "posix_fallocate"):
            self._wrap(name, "fsync")
        self._wrap("write", "write")
        self._wrap("sendfile", "write")
        original_open = os.open

        def os_open(path: Any, flags: int, *rest: Any, **named: Any) -> int:
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                self.change("open", path)
            return original_open(path, flags, *rest, **named)

        os.open = os_open
        io.open = builtins.open = _opening(self)  # type: ignore[assignment]

    def _wrap(self, name: str, kind: str) -> None:
        original = getattr(os, name, None)
        if original is None:
            return

        def counted(path: Any, *rest: Any, **named: Any) -> Any:
            self.change(kind, path)
            return original(path, *rest, **named)

        setattr(os, name, counted)


def _opening(faults: Faults) -> Callable[..., Any]:
    """`open`, whose files count each write that reaches the system."""
    original = io.open

    class Counting(io.FileIO):
        def write(self, data: Any) -> int:
            path = self.name
            try:
                faults.change("write", path)
            except Tear:
                super().write(bytes(data)[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return super().write(data)

    def opened(
        file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None,
        newline: Any = None, closefd: bool = True, opener: Any = None,
    ) -> Any:  # fmt: skip
        if not set(mode) & set("wax+") or "r" in mode or isinstance(file, int) or opener is not None:
            if set(mode) & set("wax+") and not isinstance(file, int):
                faults.change("open", file)
            return original(file, mode, buffering, encoding, errors, newline, closefd, opener)
        faults.change("open", file)
        raw = Counting(file, mode.replace("b", "").replace("t", ""))
        if buffering == 0:
            return raw
        buffer: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        if "b" in mode:
            return buffer
        text = io.TextIOWrapper(buffer, encoding or "utf-8", errors, newline, line_buffering=buffering == 1)
        text.mode = mode  # type: ignore[misc]
        return text

    return opened


class Tear(BaseException):
    """The write in progress is to be torn: half of it is written, then the process dies."""


def kill(_: Faults, kind: str) -> None:
    """Die as by a power failure: at once, a write half done."""
    if kind == "write":
        raise Tear
    os.kill(os.getpid(), signal.SIGKILL)


def full_disk(_: Faults, kind: str) -> None:
    """Refuse whatever needs room."""
    if kind in GROWS:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def full_disk_once(faults: Faults, kind: str) -> None:
    """Refuse one change; another process has then freed some room."""
    if kind in GROWS:
        faults.at = 0
        full_disk(faults, kind)


def largest_file(size: int, *, dies: bool) -> None:
    """No file of this process grows beyond `size` bytes: the writing fails, or ends the process, also in libraries."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL if dies else signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _path_of(descriptor: int) -> str:
    try:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())
    except OSError:  # not Linux
        return os.devnull
