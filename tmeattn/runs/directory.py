"""A run's directory: the only interface between training and whatever looks at it.

run.json      resolved configuration, versions, data fingerprint, command: written once, before any work on data
meta.json     name and notes, the user's to change
events.jsonl  see `tmeattn.runs.events`
status.json   state, pid, host, heartbeat, progress: replaced every second while a process trains
control/      files `stop` and `checkpoint`: requests, read between steps
checkpoints/  last, previous, best (.safetensors)
vocabulary.json  the words of the model
"""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import shlex
import shutil
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from tmeattn.errors import BadInput
from tmeattn.files import disk_errors, read_json, to_json, write_atomically
from tmeattn.runs.events import Event, diverged, finished, read_events

FORMAT = 1
STALE_AFTER = 10.0
"""Seconds without a heartbeat after which a run on another machine is presumed dead."""
ID_VARIABLE = "TMEATTN_RUN_ID"
"""Who starts a process that trains can say by this what the run will be called, and so find it."""

State = Literal["created", "running", "stopped", "finished", "failed", "crashed"]
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1: an id is read aloud and typed


@dataclass(frozen=True)
class RunDirectory:
    """One run on disk. Reading never fails on a damaged file: it is treated as missing."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def events_path(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def vocabulary_path(self) -> Path:
        return self.path / "vocabulary.json"

    @cached_property
    def info(self) -> dict[str, Any]:
        """The content of run.json.

        Raises:
            BadInput: this is no run directory, or of a format this version does not read.
        """
        info = read_json(self.path / "run.json")
        if info is None or "config" not in info:
            raise BadInput(f"{self.path} is no run directory: it has no readable run.json.")
        if info.get("format") != FORMAT:
            versions = info.get("versions")
            maker = versions.get("tmeattn") if isinstance(versions, dict) else None
            raise BadInput(
                f"The run {self.id} has format {info.get('format')!r}; this tmeattn reads format {FORMAT}.",
                hint=f"It was made by tmeattn {maker or 'of another version'}.",
            )
        if not _is_whole(info):
            raise BadInput(f"{self.path} is no run directory: its run.json is damaged.")
        return info

    @property
    def config(self) -> dict[str, Any]:
        """`{"model": ..., "model_options": {...}, "train": {...}}`"""
        config: dict[str, Any] = self.info["config"]
        return config

    @property
    def data(self) -> dict[str, Any]:
        """`{"fingerprint": ..., "classes": [...], "vectors": ..., "vector_size": ...}` of the data it was made for."""
        data: dict[str, Any] = self.info["data"]
        return data

    @property
    def name(self) -> str | None:
        name = (read_json(self.path / "meta.json") or {}).get("name")
        return name if isinstance(name, str) else None

    @property
    def typed(self) -> str:
        """What stands for the run in a command line: the user's own name for it, quoted for the shell, or its id."""
        return shlex.quote(self.name or self.id)

    def rename(self, name: str | None) -> None:
        """Set the user's own name for the run."""
        meta = {**(read_json(self.path / "meta.json") or {}), "name": name}
        with disk_errors("the name", self.path):
            write_atomically(self.path / "meta.json", to_json(meta))

    def status(self) -> dict[str, Any]:
        return read_json(self.path / "status.json") or {"state": "created"}

    def write_status(self, status: Mapping[str, Any]) -> None:
        write_atomically(self.path / "status.json", to_json(dict(status)))

    def state(self) -> State:
        """The state, with `crashed` for a run whose process is gone without a word."""
        status = self.status()
        state: State = status.get("state", "created")
        return state if state != "running" or process_alive(status) else "crashed"

    def events(self) -> list[Event]:
        return read_events(self.events_path)

    def is_finished(self) -> bool:
        """Whether the run was trained to its end."""
        return finished(self.events())

    def is_over(self) -> bool:
        """Whether there is nothing to continue: the run was trained to its end, or diverged."""
        events = self.events()
        return finished(events) or diverged(events)

    def has_best(self) -> bool:
        """Whether the weights of the best epoch are there."""
        return (self.checkpoints / "best.safetensors").exists()

    def has_checkpoint(self) -> bool:
        return any((self.checkpoints / f"{name}.safetensors").exists() for name in ("best", "last", "previous"))

    def requested(self, request: Literal["stop", "checkpoint"]) -> bool:
        """Whether somebody asked; asking is answered once."""
        path = self.path / "control" / request
        if not path.exists():
            return False
        with contextlib.suppress(OSError):
            path.unlink()
        return True

    def delete(self) -> None:
        with disk_errors("the deletion", self.path):
            shutil.rmtree(self.path)


def _is_whole(info: Mapping[str, Any]) -> bool:
    """Whether everything that a listing reads is there, and of the right type."""
    config = info["config"]
    parts = (config, info.get("data"), config.get("train") if isinstance(config, dict) else None)
    if not all(isinstance(part, dict) for part in parts) or not isinstance(info.get("created"), int | float):
        return False
    train = config["train"]
    return (
        isinstance(config.get("model"), str)
        and isinstance(config.get("model_options"), dict)
        and all(isinstance(train.get(key), str) for key in ("dataset", "recipe"))
        and all(isinstance(train.get(key), int | float) for key in ("alpha", "seed", "epochs"))
        and isinstance(train.get("limit"), int | None)
    )


def process_alive(status: Mapping[str, Any]) -> bool:
    """Whether the process that wrote a `running` status lives: asked of the system here, of the clock elsewhere."""
    pid = status.get("pid")
    if status.get("host") == socket.gethostname() and isinstance(pid, int) and os.name == "posix":
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            pass
    heartbeat = status.get("heartbeat")
    return isinstance(heartbeat, int | float) and time.time() - heartbeat < STALE_AFTER


def create(root: Path, config: Mapping[str, Any], *, name: str | None, data: Mapping[str, Any]) -> RunDirectory:
    """Make a new run directory with its run.json. Its id comes from the environment where `ID_VARIABLE` is set, once.

    Raises:
        EnvironmentProblem: the folder cannot be written; nothing is left of it.
    """
    model = config["model"]
    with disk_errors("a run", root):
        root.mkdir(parents=True, exist_ok=True)
        wanted = os.environ.pop(ID_VARIABLE, None)
        while True:
            path = root / (wanted or new_id(model))
            try:
                path.mkdir()
                break
            except FileExistsError:
                wanted = None
        info = {
            "format": FORMAT,
            "id": path.name,
            "created": time.time(),
            "config": dict(config),
            "data": dict(data),
            "command": command(),
            "versions": {
                "tmeattn": version("tmeattn"),
                "torch": version("torch"),
                "numpy": version("numpy"),
                "python": platform.python_version(),
                "platform": platform.platform(),
            },
        }
        try:
            for folder in ("control", "checkpoints"):
                (path / folder).mkdir()
            write_atomically(path / "run.json", to_json(info))
            write_atomically(path / "meta.json", to_json({"name": name, "notes": ""}))
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
    return RunDirectory(path)


def new_id(model: str) -> str:
    """An id for a run, with little chance that there is one already."""
    return f"{''.join(secrets.choice(_ALPHABET) for _ in range(4))}-{model}"


def command() -> list[str]:
    """The command line of this process, as a user would type it."""
    program = Path(sys.argv[0])
    if program.name == "__main__.py":  # python -m
        return [program.parent.name, *sys.argv[1:]]
    return [program.name or "python", *sys.argv[1:]]
