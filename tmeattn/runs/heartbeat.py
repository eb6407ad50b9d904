"""The heartbeat of a training process: a thread replaces `status.json` every second.

`tmeattn.runs.control.process_alive` reads it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import threading
import time
from types import TracebackType
from typing import Unpack

from tmeattn.files import disk_errors, to_json
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.liveness import process_mark
from tmeattn.runs.run_files import RunProgress, RunStatus, State

INTERVAL = 1.0
"""Seconds between two heartbeats."""


class Heartbeat:
    """Context manager: the state is `running` inside the block. Afterwards it is the one given to `end`, or else
    `failed` after an error and `stopped` after an interruption."""

    def __init__(self, run: RunDirectory) -> None:
        self.run = run
        self._status: RunStatus = {"state": "running", "pid": os.getpid(), "host": socket.gethostname()}
        if (mark := process_mark(os.getpid())) is not None:
            self._status["process"] = mark
        self._restored: RunStatus | None = None
        self._folder = _identity(run)
        self._missed = 0
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

    def restore(self, status: RunStatus) -> None:
        """Leave the status behind that was there before the block: nothing was changed."""
        self._restored = status

    @property
    def folder_is_gone(self) -> bool:
        """Whether the folder of the run is no longer at its path: it was moved, deleted, or is being deleted."""
        return _identity(self.run) != self._folder or not (self.run.path / "run.json").exists()

    def check_folder(self) -> None:
        """Notice a lost folder between two checkpoints. It costs nothing while the heartbeat can be written.

        Raises:
            FileNotFoundError: the folder is gone since two heartbeats.
        """
        if self._missed > 1:
            self._require_folder()

    def _require_folder(self) -> None:
        if self.folder_is_gone:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.run.path))

    def __enter__(self) -> Heartbeat:
        with disk_errors("the status", self.run.path):
            self._write()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()
        if self._status["state"] == "running":
            if isinstance(error, Exception):
                self.end("failed", message=str(error))
            else:
                self.end("stopped")
        with contextlib.suppress(OSError):
            if not self.folder_is_gone:
                self._write_last()

    def _write_last(self) -> None:
        """Write the status that stays. On a full disk there is no room for a second file, but the space of the old one
        can be used again; a status that this tears is read as none, and the log tells how the run ended."""
        try:
            self._write()
        except OSError:
            with (self.run.path / "status.json").open("r+b", buffering=0) as file:
                file.write(to_json(self._content()))
                file.truncate()

    def _beat(self) -> None:
        while not self._done.wait(INTERVAL):
            try:
                self._require_folder()
                self._write()
                self._missed = 0
            except OSError:  # a full disk must not end the training here
                self._missed += 1

    def _write(self) -> None:
        with self._lock:
            self.run.write_status(self._content())

    def _content(self) -> RunStatus:
        return self._restored or {**self._status, "heartbeat": time.time()}


def _identity(run: RunDirectory) -> tuple[int, int] | None:
    """The same for the same folder, wherever it is moved; None where there is none."""
    try:
        stat = run.path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
