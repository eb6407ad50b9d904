"""The heartbeat of a training process: a thread replaces `status.json` every second.

`tmeattn.runs.control.process_alive` reads it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from types import TracebackType
from typing import Unpack

from tmeattn.files import disk_errors
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.run_files import RunProgress, RunStatus, State

INTERVAL = 1.0
"""Seconds between two heartbeats."""


class Heartbeat:
    """Context manager: the state is `running` inside the block. Afterwards it is the one given to `end`, or else
    `failed`."""

    def __init__(self, run: RunDirectory) -> None:
        self.run = run
        self._status: RunStatus = {"state": "running", "pid": os.getpid(), "host": socket.gethostname()}
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    @property
    def state(self) -> State:
        return self._status["state"]

    def update(self, **progress: Unpack[RunProgress]) -> None:
        """Set fields of the status; the next heartbeat writes them."""
        self._status = {**self._status, **progress}

    def end(self, state: State, **progress: Unpack[RunProgress]) -> None:
        """Set the state that remains when the block is left."""
        self._status = {**self._status, **progress, "state": state}

    def __enter__(self) -> Heartbeat:
        with disk_errors("the status", self.run.path):
            self._write()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()
        if self._status["state"] == "running":
            self.end("failed", message=str(error) if error else "")
        with contextlib.suppress(OSError):
            self._write()

    def _beat(self) -> None:
        while not self._done.wait(INTERVAL):
            with contextlib.suppress(OSError):  # a full disk must not end the training here
                self._write()

    def _write(self) -> None:
        with self._lock:
            self.run.write_status({**self._status, "heartbeat": time.time()})
