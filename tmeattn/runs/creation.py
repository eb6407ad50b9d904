"""Create a run directory: its id, its folders, and `run.json`, which is written last and makes the directory a run.

A process that is killed in between leaves an incomplete directory, which the next `create` removes.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import secrets
import shutil
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tmeattn.files import disk_errors, sync_folder, to_json, write_atomically
from tmeattn.runs.directory import FORMAT, RunDirectory
from tmeattn.runs.lock import LOCK, is_written
from tmeattn.runs.run_files import DataInfo, InitOrigin, RunInfo, StoredConfig, SweepOrigin

if TYPE_CHECKING:
    from tmeattn.run_config import RunConfig

ID_VARIABLE = "TMEATTN_RUN_ID"
"""The environment variable by which the parent of a training process chooses the id of the run."""
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # without l, o, 0 and 1, which are easily confused
_ID = re.compile(r"\w[\w.-]*")
_PASSWORD = re.compile(r"(://[^/:@\s]*):[^/\s]*@")
_NEW_ID = re.compile(rf"[{_ALPHABET}]{{4}}-.+")
_BEFORE_RUN_JSON = {"control", "checkpoints", LOCK, "meta.json"}
"""The names of what `create` makes before run.json."""
_ABANDONED_AFTER = 5.0
"""Seconds after which a directory without run.json was not finished by the process that created it."""


def create(
    root: Path,
    config: RunConfig,
    *,
    name: str | None,
    data: DataInfo,
    claim: Callable[[RunDirectory], None] = lambda run: None,
    run_id: str | None = None,
    sweep: SweepOrigin | None = None,
    init: InitOrigin | None = None,
) -> RunDirectory:
    """Create a run directory below `root`, with its run.json and meta.json.

    claim: called with the directory while it is not yet a run, so that no other process can train it first. The first
    that a process creates gets the id in the environment variable `ID_VARIABLE`, if that is set and can be an id.
    run_id: the id, unless another run has it. sweep: the trial of a sweep that the run belongs to.
    init: the run that it starts from.

    Raises:
        EnvironmentProblem: the folder cannot be written; an incomplete directory is removed.
    """
    with disk_errors("a run", root):
        root.mkdir(parents=True, exist_ok=True)
        remove_incomplete(root)
        wanted = run_id or os.environ.pop(ID_VARIABLE, None)
        if wanted is not None and not _ID.fullmatch(wanted):
            wanted = None
        while True:
            path = root / (wanted or new_id(config.model))
            try:
                path.mkdir()
                break
            except FileExistsError:
                wanted = None
        info: RunInfo = {
            "format": FORMAT,
            "id": path.name,
            "created": time.time(),
            "config": cast(StoredConfig, config.model_dump(mode="json")),
            "data": data,
            "command": command(),
            "versions": {
                "tmeattn": version("tmeattn"),
                "torch": version("torch"),
                "numpy": version("numpy"),
                "python": platform.python_version(),
                "platform": platform.platform(),
            },
        }
        if sweep is not None:
            info["sweep"] = sweep
        if init is not None:
            info["init"] = init
        try:
            for folder in ("control", "checkpoints"):
                (path / folder).mkdir()
            claim(RunDirectory(path))
            write_atomically(path / "meta.json", to_json({"name": name, "notes": ""}), durable=True)
            write_atomically(path / "run.json", to_json(info), durable=True)  # last: with it, the directory is a run
            sync_folder(root)
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
    return RunDirectory(path)


def remove_incomplete(root: Path) -> None:
    """Remove the directories whose creation was killed. They hold no results."""
    for path in root.iterdir():
        with contextlib.suppress(OSError):
            if _is_incomplete(path) and time.time() - path.stat().st_mtime > _ABANDONED_AFTER:
                shutil.rmtree(path)


def _is_incomplete(path: Path) -> bool:
    """Whether a directory holds less than `create` makes of a run, and no process is making it."""
    if path.is_symlink() or not path.is_dir() or (path / "run.json").exists():
        return False
    if not (path / "control").is_dir():
        return _NEW_ID.fullmatch(path.name) is not None and not any(path.iterdir())
    content = [child for child in path.iterdir() if child.suffix != ".tmp"]
    filled = any(child.is_dir() and any(child.iterdir()) for child in content)
    return {child.name for child in content} <= _BEFORE_RUN_JSON and not filled and not is_written(RunDirectory(path))


def new_id(model: str) -> str:
    """A random id for a run; a collision with an existing id is unlikely."""
    return f"{''.join(secrets.choice(_ALPHABET) for _ in range(4))}-{model}"


def command() -> list[str]:
    """The command line of this process as a user types it, without the passwords in URLs."""
    program = Path(sys.argv[0])
    arguments = [_PASSWORD.sub(r"\1:***@", argument) for argument in sys.argv[1:]]
    if program.name == "__main__.py":  # python -m
        return [program.parent.name, *arguments]
    return [program.name or "python", *arguments]
