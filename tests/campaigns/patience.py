"""How long a campaign waits: as long as there is progress, so that a busy computer fails no case.

A command makes progress while it and its children use the processor, or while its log grows. One that waits for
something that never comes does neither.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

STILL = 120.0
"""Seconds without progress after which something counts as hanging."""
MOST = 10
"""Times as long, after which it hangs whatever it does."""
_LOOK = 0.5


class Patience:
    """progress: anything that changes while there is progress. still: seconds without a change that are too many."""

    def __init__(self, progress: Callable[[], object], still: float = STILL) -> None:
        self._progress, self._still = progress, still
        self._began = self._changed = self._looked = time.monotonic()
        self._last: object = None

    @property
    def is_over(self) -> bool:
        now = time.monotonic()
        if now - self._looked >= _LOOK:
            self._looked, found = now, self._progress()
            if found != self._last:
                self._last, self._changed = found, now
        return now - self._changed > self._still or now - self._began > MOST * self._still


def ticks(pid: int) -> int:
    """The processor time of a process and of its descendants, in ticks of the system; those that have ended count for
    their parent."""
    parents: dict[int, list[int]] = {}
    own: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            fields = path.read_text().rpartition(")")[2].split()
            process = int(path.parent.name)
            parents.setdefault(int(fields[1]), []).append(process)
            own[process] = sum(map(int, fields[11:15]))
    total, left = 0, [pid]
    while left:
        process = left.pop()
        total += own.get(process, 0)
        left += parents.get(process, [])
    return total
