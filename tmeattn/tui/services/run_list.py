"""All runs of the home directory, read from their files; only changes are read. No widgets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tmeattn.errors import BadInput
from tmeattn.paths import runs_dir
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.services.run_state import RunState

CHUNKS = 4
"""Chunks of logs read in one `refresh`, so that many or long logs never block the screen."""
REST = 5
"""Runs that have ended are read in every fifth `refresh`."""

ORDERS = ("newest", "best accuracy", "model", "state", "name")


@dataclass(frozen=True)
class DamagedRun:
    """A folder among the runs that cannot be read as a run, and the reason."""

    path: Path
    reason: str


class RunList:
    """Runs by id. `refresh` reads the disk; `version` grows with every change."""

    def __init__(self) -> None:
        self.root = runs_dir()
        self.runs: dict[str, RunState] = {}
        self.damaged: dict[str, DamagedRun] = {}
        self.version = 0
        self.caught_up = False
        self._stamp = -1
        self._turn = 0

    def refresh(self) -> bool:
        """Read new folders and what logs have grown by. Returns whether anything has changed."""
        before = self.version
        self._find_folders()
        self._turn += 1
        left = CHUNKS
        self.caught_up = True
        for run_id, state in list(self.runs.items()):
            if state.caught_up and state.state not in ("running", "created") and self._turn % REST:
                continue
            if not state.caught_up and not left:
                self.caught_up = False
                continue
            left -= not state.caught_up
            try:
                self.version += state.refresh()
            except (BadInput, OSError) as error:
                self._damage(state.run.path, str(error))
            self.caught_up &= state.caught_up
            if state.state == "deleted":
                self.runs.pop(run_id, None)
                self.version += 1
        return self.version != before

    def _find_folders(self) -> None:
        """Find new folders, where the folder of the runs has changed or contains a damaged run."""
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
        """Read the folder of the runs again at the next `refresh`, for example after a deletion."""
        self._stamp = -1

    def sorted(self, order: str, text: str) -> list[RunState]:
        """The runs whose columns contain every word of `text`, in one of `ORDERS`."""
        words = text.lower().split()
        fitting = [state for state in self.runs.values() if all(word in _searchable(state) for word in words)]
        fitting.sort(key=lambda state: -float(state.run.info["created"]))
        if order == "best accuracy":
            fitting.sort(key=lambda state: -(state.best_accuracy or 0.0))
        elif order == "model":
            fitting.sort(key=lambda state: str(state.run.config["model"]))
        elif order == "state":
            fitting.sort(key=lambda state: ("running", "created", "stopped", "crashed", "failed").index(state.state)
                         if state.state != "finished" else 9)  # fmt: skip
        elif order == "name":
            fitting.sort(key=lambda state: (state.name is None, (state.name or state.run.id).lower()))
        return fitting


def _searchable(state: RunState) -> str:
    train = state.run.config["train"]
    parts = (
        state.run.id,
        state.name or "",
        state.state,
        state.run.config["model"],
        train["dataset"],
        f"alpha {train['alpha']:g}",
    )
    return " ".join(map(str, parts)).lower()
