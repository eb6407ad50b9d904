"""Both sides of the protocol between a training process and everything that watches or controls it.

Requests are empty files in `control/` of the run directory: `request` writes one, and the training process reads and
removes it between two steps with `take_request`. The status names the process, so that others find out whether it is
alive (`process_alive`), and what it prints on stderr is in `worker.log` (`log_tail`) where it was started in the
background.
"""

from __future__ import annotations

import contextlib
import math
import re
import socket
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from tmeattn.files import disk_errors
from tmeattn.paths import home
from tmeattn.runs.liveness import exists

if TYPE_CHECKING:
    from tmeattn.runs.directory import RunDirectory
    from tmeattn.runs.run_files import RunStatus

Request = Literal["stop", "checkpoint"]
REQUESTS: tuple[Request, ...] = ("stop", "checkpoint")
LOG = "worker.log"
"""The file in a run directory that receives the stderr of a training process started in the background."""
STALE_AFTER = 10.0
"""Seconds between the heartbeat and now, either way, from which on the process of a run on another computer is
presumed dead."""
_CLOCK_SET_BACK = 86400.0
"""Seconds by which the heartbeat of a process that an earlier version started on this computer may be in the future."""
_TAIL_BYTES = 8192


def request(run: RunDirectory, what: Request) -> None:
    """Request that the process that trains a run, on whatever computer, stops or writes a checkpoint after its current
    step.

    Raises:
        EnvironmentProblem: the request cannot be written.
    """
    with disk_errors("the request", run.path):
        (run.path / "control").mkdir(exist_ok=True)
        (run.path / "control" / what).touch()


def pending(run: RunDirectory, what: Request) -> bool:
    """Whether a request was made that the training process has not taken yet."""
    return (run.path / "control" / what).exists()


def take_request(run: RunDirectory, what: Request) -> bool:
    """Whether a request was made; it is removed, so that it is carried out once."""
    if not pending(run, what):
        return False
    with contextlib.suppress(OSError):
        (run.path / "control" / what).unlink()
    return True


def drop_requests(run: RunDirectory) -> None:
    """Remove the requests that an earlier process of the run did not take."""
    for what in REQUESTS:
        take_request(run, what)


def process_alive(status: RunStatus) -> bool:
    """Whether the process that wrote a `running` status is alive. On this computer the operating system decides, also
    about a process that is suspended. On another, or where the status does not identify its process, the heartbeat must
    be recent."""
    here, earliest = status.get("host") == socket.gethostname(), -STALE_AFTER
    if here:
        known = exists(status.get("pid"), status.get("process"))
        if known is not None:
            return known
        if "process" not in status:
            earliest = -_CLOCK_SET_BACK
    age = heartbeat_age(status)
    return age is not None and earliest < age < STALE_AFTER


def heartbeat_age(status: RunStatus) -> float | None:
    """Seconds since the last heartbeat, negative for one in the future; None without one that is a number."""
    heartbeat = status.get("heartbeat")
    if isinstance(heartbeat, bool) or not isinstance(heartbeat, int | float):
        return None
    try:
        age = time.time() - heartbeat
    except OverflowError:
        return None
    return age if math.isfinite(age) else None


def log_tail(run: RunDirectory, lines: int = 12) -> list[str]:
    """The last lines that the process of a run printed on stderr; empty where it was not started in the background."""
    for path in (run.path / LOG, home() / "logs" / f"{run.id}.log"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            file.seek(max(path.stat().st_size - _TAIL_BYTES, 0))
            tail = [line.rstrip() for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
            if tail:
                return tail[-lines:]
    return []


_ERROR = re.compile(
    r"(Internal error|Error|Fatal Python error): |terminate called |[A-Za-z_][\w.]*(Error|Exception|Interrupt)(: |$)"
    r"|(Killed|Terminated|Aborted|Segmentation fault|Bus error|Illegal instruction|Floating point exception)( \(|$)"
)
"""How the line begins with which a process of tmeattn, Python, a library or a shell tells why the process ends."""
_OF_DUMP = re.compile(r"\s|Current thread |Thread 0x|Extension modules: |Aborted|<")
"""How the lines begin that may follow such a line."""


def error_in(lines: Sequence[str]) -> str | None:
    """The line of a log that tells why its process has ended, such as the last one of a traceback; None where it has
    none, as the log of a process that was killed. What an earlier process has appended to the same log is not one."""
    for line in reversed(lines):
        if _ERROR.match(line):
            return line
        if not _OF_DUMP.match(line):
            return None
    return None


def last_error(run: RunDirectory) -> str | None:
    """`error_in` the log of a run."""
    return error_in(log_tail(run, _TAIL_BYTES))
