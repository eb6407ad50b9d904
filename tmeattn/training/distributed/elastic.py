"""The runs that torchrun's processes train, remembered so that the processes of its next attempt continue them.

With `torchrun --max-restarts N`, the agent starts all processes again with the same command when one of them has ended.
The environment says so: TORCHELASTIC_RESTART_COUNT is the number of the attempt, from 0. Rank 0 writes the id of every
run that it makes to `elastic/KEY.json` of the home folder, where KEY stands for the launch.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import time
from pathlib import Path

from tmeattn.errors import BadInput
from tmeattn.files import disk_errors, read_json, to_json, write_atomically
from tmeattn.paths import home, runs_dir
from tmeattn.plurals import counted
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.liveness import process_mark
from tmeattn.training.distributed.place import TORCHRUN, Place

FORMAT = 1
"""The version of the document: {"format": 1, "runs": [ids in the order in which they were made]}."""
_UNNAMED = ("", "none")
"""The values of TORCHELASTIC_RUN_ID where the user has named no launch."""
_FORGOTTEN_AFTER = 30 * 24 * 3600.0
"""Seconds after which the file of a launch is removed."""


class Attempts:
    """The runs of one launch, in this process of rank 0, which trains them in the same order in every attempt."""

    def __init__(self) -> None:
        self._trained = 0

    def earlier_run(self, place: Place | None) -> RunDirectory | None:
        """The run that an earlier attempt has made in place of the next one; None for a new run.

        Raises:
            BadInput: the earlier attempts are not known here.
            EnvironmentProblem: the home folder cannot be written.
        """
        if place is None or place.starter != TORCHRUN:
            return None
        if place.attempt == 0:
            if self._trained == 0:
                _write(place, [])
            return None
        runs = _read(place)
        if runs is None:
            raise BadInput(
                f"torchrun has started the processes again ({counted(place.attempt, 'restart')}), and the run of the "
                "first attempt is not known here.",
                hint="Continue it with the same torchrun command and: -m tmeattn resume RUN (see tmeattn runs list).",
            )
        if self._trained >= len(runs):
            return None
        run = RunDirectory(runs_dir() / runs[self._trained])
        return run if (run.path / "run.json").exists() else None

    def made(self, place: Place | None, run: RunDirectory) -> None:
        """Remember a run that is made in place of the next one, before it is trained."""
        if place is not None and place.starter == TORCHRUN:
            _write(place, [*(_read(place) or [])[: self._trained], run.id])

    def done(self) -> None:
        """The run was trained to its end: the next one follows."""
        self._trained += 1


attempts = Attempts()


def _path(place: Place) -> Path:
    """The file of a launch. One that the user has not named is told by its agent, which starts all attempts of rank 0
    itself."""
    name = os.environ.get("TORCHELASTIC_RUN_ID", "")
    if name in _UNNAMED:
        agent = os.getppid()
        name = f"{socket.gethostname()} {agent} {process_mark(agent)}"
    return home() / "elastic" / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.json"


def _read(place: Place) -> list[str] | None:
    stored = read_json(_path(place))
    runs = stored.get("runs") if stored is not None and stored.get("format") == FORMAT else None
    return [str(run) for run in runs if Path(str(run)).name == str(run)] if isinstance(runs, list) else None


def _write(place: Place, runs: list[str]) -> None:
    path = _path(place)
    with disk_errors("the runs of this launch", path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, to_json({"format": FORMAT, "runs": runs}))
    for other in path.parent.glob("*.json"):
        with contextlib.suppress(OSError):
            if time.time() - other.stat().st_mtime > _FORGOTTEN_AFTER:
                other.unlink()
