"""The sign of life of a training process: `status.json`, replaced every second by a thread of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from types import TracebackType
from typing import Any

from tmeattn.files import disk_errors
from tmeattn.runs.directory import RunDirectory, State

INTERVAL = 1.0


class Heartbeat:
    """Context manager: `running` inside, and whatever `leave` was told (else `failed`) afterwards."""

    def __init__(self, run: RunDirectory) -> None:
        self.run = run
        self._status: dict[str, Any] = {"state": "running", "pid": os.getpid(), "host": socket.gethostname()}
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    @property
    def state(self) -> State:
        state: State = self._status["state"]
        return state

    def update(self, **progress: Any) -> None:
        """Progress shown to whoever reads the status: step, epoch, ..."""
        self._status = {**self._status, **progress}

    def leave(self, state: State, **more: Any) -> None:
        """The state to leave behind."""
        self.update(state=state, **more)

    def __enter__(self) -> Heartbeat:
        with disk_errors("the status", self.run.path):
            self._write()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()
        if self._status["state"] == "running":
            self.leave("failed", message=str(error) if error else "")
        with contextlib.suppress(OSError):
            self._write()

    def _beat(self) -> None:
        while not self._done.wait(INTERVAL):
            with contextlib.suppress(OSError):  # a full disk must not end the training from here
                self._write()

    def _write(self) -> None:
        with self._lock:
            self.run.write_status({**self._status, "heartbeat": time.time()})
