"""The processor time and the memory of this process."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

_STATM, _STATUS = Path("/proc/self/statm"), Path("/proc/self/status")


class ProcessUse:
    """What this process uses. A measurement takes some microseconds."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin a new span of time."""
        self._cpu, self._clock = time.process_time(), time.perf_counter()

    def cores(self) -> float:
        """CPU seconds of all threads, a second, since the last call; so many cores were busy on average."""
        cpu, clock = self._cpu, self._clock
        self.restart()
        return (self._cpu - cpu) / max(self._clock - clock, 1e-9)


def memory() -> int:
    """Bytes of physical memory that this process has; where there is no /proc, the most that it has had so far."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return peak_memory() or 0


def peak_memory() -> int | None:
    """The largest memory that this process has used, in bytes; None where the system does not report it."""
    with contextlib.suppress(OSError, ValueError, IndexError):  # elsewhere, it is at least that of the starting process
        return int(_STATUS.read_text().partition("VmHWM:")[2].split()[0]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
