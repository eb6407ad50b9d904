"""How many runs wait in the queue."""

from __future__ import annotations

import contextlib

from tmeattn.errors import TmeattnError
from tmeattn.runs.queue import has_runner, queue_stamp, read_queue


class QueuedRuns:
    """The runs that wait in the queue, read again only where its file has changed.

    waiting:    how many.
    is_trained: whether a process trains the queue; only looked at while runs wait.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self.is_trained = False
        self._stamp = 0

    def look(self) -> bool:
        """Look at the queue; whether it has changed."""
        stamp, is_trained = queue_stamp(), self._has_runner()
        if (stamp, is_trained) == (self._stamp, self.is_trained):
            return False
        with contextlib.suppress(TmeattnError):  # its own screen shows what is wrong with it
            self.waiting = sum(item["state"] == "waiting" for item in read_queue())
        self._stamp, self.is_trained = stamp, self._has_runner()
        return True

    def __str__(self) -> str:
        """ "3 queued, paused"; empty without a run that waits."""
        return f"{self.waiting} queued{'' if self.is_trained else ', paused'}" if self.waiting else ""

    def _has_runner(self) -> bool:
        return self.waiting > 0 and has_runner()
