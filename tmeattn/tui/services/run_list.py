"""All runs of the home directory, read from their files; only changes are read. No widgets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tmeattn.errors import BadInput
from tmeattn.paths import runs_dir
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.services.run_state import RunState

FOLDERS = 100
"""New folders that are opened in one `refresh`, so that many runs never block the screen."""
BYTES = 2**21
"""Bytes of logs read in one `refresh`."""
AT_LEAST = 2**14
"""The bytes that the smallest log counts as, because opening it takes as long as reading this number of bytes."""
REST = 5
"""The files of a run that has ended are checked in every fifth `refresh`; each `refresh` checks a fifth of the runs."""

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
        self._unopened: list[Path] = []

    def refresh(self) -> bool:
        """Read new folders and the new events of the logs. Returns whether anything has changed."""
        before = self.version
        self._find_folders()
        self._turn += 1
        left = BYTES
        behind, self.caught_up = not self.caught_up, not self._unopened
        for at, (run_id, state) in enumerate(list(self.runs.items())):
            ended = state.caught_up and state.state not in ("running", "created")
            if ended and (behind or (at - self._turn) % REST):
                continue
            if not state.caught_up:
                if left <= 0:
                    self.caught_up = False
                    continue
                left -= AT_LEAST
            try:
                already = state.bytes_read
                self.version += state.refresh()
                left -= state.bytes_read - already
            except (BadInput, OSError) as error:
                self._damage(state.run.path, str(error))
            self.caught_up &= state.caught_up
            if state.state == "deleted":
                self.runs.pop(run_id, None)
                self.version += 1
        return self.version != before

    def _find_folders(self) -> None:
        """Find new folders, where the folder of the runs has changed, and open some of them; try damaged ones again."""
        self._look_for_folders()
        opened, self._unopened = self._unopened[:FOLDERS], self._unopened[FOLDERS:]
        again = list(self.damaged)[:FOLDERS]
        for path in [*opened, *(self.damaged[name].path for name in again)]:
            if path.is_dir():
                self._add(RunDirectory(path))

    def _look_for_folders(self) -> None:
        try:
            stamp = self.root.stat().st_mtime_ns
        except OSError:
            stamp = 0
        if stamp == self._stamp:
            return
        self._stamp = stamp
        found = list(self.root.iterdir()) if stamp else []
        names = {path.name for path in found}
        known: tuple[dict[str, RunState] | dict[str, DamagedRun], ...] = (self.runs, self.damaged)
        for listed in known:
            for gone in [name for name in listed if name not in names]:
                del listed[gone]
                self.version += 1
        self._unopened = [path for path in found if path.name not in self.runs and path.name not in self.damaged]

    def _add(self, run: RunDirectory) -> None:
        try:
            _ = run.info
        except (BadInput, OSError) as error:
            self._damage(run.path, error.message if isinstance(error, BadInput) else str(error))
            return
        self.damaged.pop(run.id, None)
        self.runs[run.id] = RunState(run, steps=False)
        self.version += 1

    def _damage(self, path: Path, reason: str) -> None:
        """List a folder as damaged, behind the others, so that each of them is tried again in turn."""
        self.runs.pop(path.name, None)
        before, damaged = self.damaged.pop(path.name, None), DamagedRun(path, reason)
        self.damaged[path.name] = damaged
        self.version += damaged != before

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
