"""Whether the process that a status names still exists.

The number of an ended process is given to a new one, so a process is identified by its number and by its mark: the
computer's boot, the space of process numbers (a container has its own) and the time at which it was started. The mark
comes from /proc, or else from psutil if that is installed, or else from `ps`; a reader must have the same
source. A process that is suspended exists. One that has ended and was not collected by its parent does not.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from functools import cache
from pathlib import Path

_MOST_PID = 2**31 - 1


def process_mark(pid: int) -> str | None:
    """A text that only this process has, as long as it exists; None where it does not exist, or where the system
    does not report it. Its first word names the source."""
    if (place := _place()) is not None:
        return _mark_in_proc(pid, place)
    return _mark_of_psutil(pid) or _mark_of_ps(pid)


def exists(pid: object, mark: str | None) -> bool | None:
    """Whether the process with this number and mark exists on this computer; None where that cannot be known: the mark
    is missing, or it was made on another computer, in another container or before the computer was started."""
    if not isinstance(pid, int) or isinstance(pid, bool) or not 0 < pid <= _MOST_PID:
        return False
    source = mark.partition(" ")[0] if mark else None
    place = _place()
    if source == "proc" and mark and (place is None or not mark.startswith(f"proc {place} ")):
        return None
    if os.name == "posix" and not _has_number(pid):
        return False
    if source == "proc" and place is not None:
        found = _mark_in_proc(pid, place)
    elif source == "psutil":
        found = _mark_of_psutil(pid)
    elif source == "ps":
        found = _mark_of_ps(pid)
    else:
        return None
    return found == mark if found is not None or _can_see(pid, source) else None


def _has_number(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it belongs to another user
        pass
    return True


def _can_see(pid: int, source: str) -> bool:
    """Whether a missing mark means that there is no living process, rather than that it is hidden from this user."""
    return source == "proc" and Path(f"/proc/{pid}/stat").exists()


@cache
def _place() -> str | None:
    """The computer since it was started and its space of process numbers; None without /proc."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}" if Path("/proc/self/stat").exists() else None  # noqa: PTH115
    except (OSError, ValueError):
        return None


def _mark_in_proc(pid: int, place: str) -> str | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        state, started = fields[0].decode("ascii"), int(fields[19])  # fields 3 and 22 of proc(5)
    except (OSError, ValueError, IndexError):
        return None
    return None if state in "ZXx" else f"proc {place} {started}"


def _mark_of_psutil(pid: int) -> str | None:
    try:
        import psutil  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        return None
    with contextlib.suppress(psutil.Error, OSError, ValueError, OverflowError):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return f"psutil {process.create_time():.2f}"
    return None


def _mark_of_ps(pid: int) -> str | None:
    if os.name != "posix":
        return None
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    try:
        told = subprocess.run(
            ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            timeout=5,
            env=environment,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    state, _, started = told.stdout.strip().partition(" ")
    return f"ps {' '.join(started.split())}" if started and "Z" not in state else None
