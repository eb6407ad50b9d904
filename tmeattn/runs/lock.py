"""One writer a run, one run a name: locks of the operating system, which end with the process that holds them.

They are released when the process ends, however it ends, and are kept while it is suspended. They hold on local disks,
and between computers on NFS v4, and v3 with lockd. Where a file system has no locks, the heartbeat of the status is the
only protection.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.files import disk_errors
from tmeattn.runs.control import STALE_AFTER, heartbeat_age, process_alive

if TYPE_CHECKING:
    from tmeattn.runs.directory import RunDirectory

LOCK = "run.lock"
"""The empty file in a run directory that the process which trains the run locks. That it exists means nothing."""
NAMES_LOCK = ".names.lock"
"""The file beside the runs that is locked while a name is checked and given."""
NAMES_TIMEOUT = 60.0
_UNSUPPORTED = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL})
_WRITER_TIMEOUT = 2.0


@contextlib.contextmanager
def writing(run: RunDirectory) -> Iterator[None]:
    """Hold the exclusive right to write a run inside the block.

    Raises:
        BadInput: another process holds it.
        EnvironmentProblem: the folder of the run cannot be written.
    """
    with _locked(run.path / LOCK, "the lock") as lock:
        if lock == "busy" or _has_unlocked_writer(run, locked=lock == "held"):
            raise _refusal(run)
        yield


def is_written(run: RunDirectory) -> bool:
    """Whether a process holds the right to write a run."""
    if not (run.path / LOCK).exists():
        return False
    try:
        with _locked(run.path / LOCK, "the lock") as lock:
            return lock == "busy"
    except EnvironmentProblem:
        return False


def is_trained(run: RunDirectory) -> bool:
    """Whether a process trains a run, by the lock, which the written state may not show: a killed process leaves
    `running` behind. Where the lock cannot be asked, the state is believed."""
    if not (run.path / LOCK).exists():  # a run of an earlier version, or no run at all
        return run.state() == "running"
    try:
        with _locked(run.path / LOCK, "the lock") as lock:
            return lock == "busy" or _has_unlocked_writer(run, locked=lock == "held")
    except EnvironmentProblem:
        return run.state() == "running"


def delete(run: RunDirectory) -> None:
    """Delete a run that no process trains; meanwhile, none can begin to.

    Raises:
        BadInput: a process trains it.
        EnvironmentProblem: it cannot be deleted.
    """
    with contextlib.ExitStack() as held:
        if is_trained(run):
            raise _refusal(run)
        if os.name == "posix":  # elsewhere, a file that is open cannot be deleted
            with contextlib.suppress(EnvironmentProblem):
                held.enter_context(writing(run))
        run.delete()


@contextlib.contextmanager
def naming(root: Path) -> Iterator[None]:
    """Inside the block, no other process gives a name to a run below `root`.

    Raises:
        EnvironmentProblem: the folder cannot be written, or another process does not end its own block.
    """
    with disk_errors("a run", root):
        root.mkdir(parents=True, exist_ok=True)
    with holding(root / NAMES_LOCK, "a run"):
        yield


@contextlib.contextmanager
def holding(path: Path, what: str) -> Iterator[bool]:
    """Hold the lock of a file inside the block, whose folder exists. Yields False where the file system has no locks.

    Raises:
        EnvironmentProblem: the file cannot be written (`what` names it), or another process does not end its own block.
    """
    with _locked(path, what, NAMES_TIMEOUT) as lock:
        if lock == "busy":
            raise EnvironmentProblem(
                f"Another process has held the lock {path} for {NAMES_TIMEOUT:.0f} seconds.",
                hint="It is perhaps suspended: continue or end it.",
            )
        yield lock == "held"


@contextlib.contextmanager
def held_alone(path: Path, what: str, patience: float = 0.0) -> Iterator[bool]:
    """Hold the lock of a file inside the block, or yield False where another process holds it for more than `patience`
    seconds. Where the file system has no locks, nobody is kept out.

    Raises:
        EnvironmentProblem: the file cannot be written; `what` names it.
    """
    with _locked(path, what, patience) as lock:
        yield lock != "busy"


@contextlib.contextmanager
def _locked(path: Path, what: str, timeout: float = 0.0) -> Iterator[Literal["held", "busy", "unsupported"]]:
    """Lock a file inside the block, or yield that another process holds the lock or that the file system has no locks.

    Raises:
        EnvironmentProblem: the file cannot be written; `what` names it.
    """
    from filelock import FileLock, Timeout

    # A lock that is a mere file would stay after its process is killed.
    lock = FileLock(path, timeout=timeout, thread_local=False, fallback_to_soft=False)
    outcome: Literal["held", "busy", "unsupported"] = "held"
    with disk_errors(what, path.parent):
        path.parent.stat()  # filelock would make a missing folder
        _require_regular(path)
        try:
            lock.acquire()
        except Timeout:
            outcome = "busy"
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
            outcome = "unsupported"
    try:
        yield outcome
    finally:
        if outcome == "held":
            lock.release()


def _require_regular(path: Path) -> None:
    """Check that a lock is a regular file, or does not exist yet.

    Raises:
        EnvironmentProblem: it is a folder, a link, a pipe or a device.
        OSError: it cannot be looked at.
    """
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise EnvironmentProblem(
                f"{path} is no regular file, so it cannot be locked.", hint="Delete it: tmeattn writes it again."
            )


def _has_unlocked_writer(run: RunDirectory, *, locked: bool) -> bool:
    """Whether the status is that of a writer that the lock does not keep out: of an earlier version, or on a computer
    that does not share the locks of this file system."""
    status = run.status()
    if status["state"] != "running" or not process_alive(status):
        return False
    here = status.get("host") == socket.gethostname()
    itself = here and status.get("pid") == os.getpid()
    return not itself and not (here and locked and "process" in status)


def _refusal(run: RunDirectory) -> BadInput:
    """The error that names the process which writes a run."""
    status = run.status()
    until = time.monotonic() + _WRITER_TIMEOUT
    while not process_alive(status) and time.monotonic() < until:  # it has the lock, and writes its status next
        time.sleep(0.05)
        status = run.status()
    age = heartbeat_age(status)
    if age is None or not process_alive(status):
        return BadInput(f"The run {run.id} is being trained by another process.")
    pid, when = status.get("pid"), f"{age:.0f} s ago" if age >= 0 else f"{-age:.0f} s in the future"
    suspended = f"It is suspended: continue it with fg or kill -CONT {pid}, or end it." if age > STALE_AFTER else None
    by = f"process {pid} on {status.get('host', 'an unknown computer')} (heartbeat {when})"
    return BadInput(f"The run {run.id} is being trained by {by}.", hint=suspended)
