"""All runs of the home folder, each followed by its files; only what has changed is read. No widgets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tmeattn.errors import BadInput
from tmeattn.paths import runs_dir
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.services.run_state import RunState

CHUNKS = 4
"""Chunks of logs read in one `refresh`, so that many or long ones never hold up the screen."""
REST = 5
"""Runs that have ended are looked at in every fifth `refresh`."""

ORDERS = ("newest", "best accuracy", "model", "state", "name")


@dataclass(frozen=True)
class DamagedRun:
    """A folder among the runs that cannot be read as one, and why."""

    path: Path
    reason: str


class RunList:
    """Runs by id. `refresh` looks at the disk; `version` tells whether anything has changed."""

    def __init__(self) -> None:
        self.root = runs_dir()
        self.runs: dict[str, RunState] = {}
        self.damaged: dict[str, DamagedRun] = {}
        self.version = 0
        self.caught_up = False
        self._stamp = -1
        self._turn = 0

    def refresh(self) -> bool:
        """Look at the folder, and read on where logs have grown; whether anything has changed."""
        before = self.version
        self._look()
        self._turn += 1
        left = CHUNKS
        self.caught_up = True
        for run_id, following in list(self.runs.items()):
            if following.caught_up and following.state not in ("running", "created") and self._turn % REST:
                continue
            if not following.caught_up and not left:
                self.caught_up = False
                continue
            left -= not following.caught_up
            try:
                self.version += following.refresh()
            except (BadInput, OSError) as error:
                self._damage(following.run.path, str(error))
            self.caught_up &= following.caught_up
            if following.state == "deleted":
                self.runs.pop(run_id, None)
                self.version += 1
        return self.version != before

    def _look(self) -> None:
        """Find new folders, whenever the folder of the runs has changed or one of them could not be read."""
        try:
            stamp = self.root.stat().st_mtime_ns
        except OSError:
            stamp = 0
        if stamp == self._stamp and not self.damaged:
            return
        self._stamp = stamp
        found = list(self.root.iterdir()) if stamp else []
        names = {path.name for path in found}
        for gone in [name for name in self.runs if name not in names]:
            del self.runs[gone]
            self.version += 1
        known = set(self.runs)
        damaged, self.damaged = self.damaged, {}
        for path in found:
            if path.name not in known and path.is_dir():
                self._add(RunDirectory(path))
        self.version += self.damaged != damaged

    def _add(self, run: RunDirectory) -> None:
        try:
            _ = run.info
        except (BadInput, OSError) as error:
            self._damage(run.path, error.message if isinstance(error, BadInput) else str(error))
            return
        self.runs[run.id] = RunState(run, steps=False)
        self.version += 1

    def _damage(self, path: Path, reason: str) -> None:
        self.runs.pop(path.name, None)
        self.damaged[path.name] = DamagedRun(path, reason)

    def forget(self) -> None:
        """Look at everything anew, as after a deletion."""
        self._stamp = -1

    def sorted(self, order: str, text: str) -> list[RunState]:
        """Runs that contain every word of `text` in what a list shows of them, in one of `ORDERS`."""
        words = text.lower().split()
        fitting = [one for one in self.runs.values() if all(word in _haystack(one) for word in words)]
        fitting.sort(key=lambda one: -float(one.run.info["created"]))
        if order == "best accuracy":
            fitting.sort(key=lambda one: -(one.best_accuracy or 0.0))
        elif order == "model":
            fitting.sort(key=lambda one: str(one.run.config["model"]))
        elif order == "state":
            fitting.sort(key=lambda one: ("running", "created", "stopped", "crashed", "failed").index(one.state)
                         if one.state != "finished" else 9)  # fmt: skip
        elif order == "name":
            fitting.sort(key=lambda one: (one.name is None, (one.name or one.run.id).lower()))
        return fitting


def _haystack(one: RunState) -> str:
    train = one.run.config["train"]
    parts = (
        one.run.id,
        one.name or "",
        one.state,
        one.run.config["model"],
        train["dataset"],
        f"alpha {train['alpha']:g}",
    )
    return " ".join(map(str, parts)).lower()
