"""All runs of the home directory, read from their files; only changes are read. No widgets."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import time as now

from tmeattn.errors import BadInput
from tmeattn.runs.control import process_alive
from tmeattn.runs.directory import RunDirectory, observed_state
from tmeattn.runs.event_reader import CHUNK
from tmeattn.runs.figures import FigureReader, LogFigures
from tmeattn.runs.filtering import FilterError, RunFilter, parse_filter
from tmeattn.runs.summary import read_facts, state_now
from tmeattn.runs.summary_cache import Stamps, SummaryCache, stamps_of
from tmeattn.tui.services.listed_run import ListedRun
from tmeattn.watching.run_state import RunState

FOLDERS = 50
"""New folders whose files are read in one `refresh`, about as many as a screen shows: some 20 ms."""
CACHED = 10
"""Folders that are found in the cache in the time in which one is read."""
BYTES = 2**22
"""Bytes of logs read in one `refresh`."""
AT_LEAST = 2**14
"""The bytes that the smallest log counts as, because opening it takes as long as reading this number of bytes."""
REST = 5
"""The files of a run that has ended are checked in every fifth `refresh`; each `refresh` checks a fifth of the runs."""
MOST_CHECKED = 100
"""Runs at most whose files each `refresh` checks besides those that are seen: many runs are checked more rarely."""
OPENED = 8
"""Runs whose whole state is kept, those that were looked at last."""

ORDERS = ("newest", "best accuracy", "model", "state", "name")
"""The orders of every list. A column that is shown may have another one (`SORT_KEYS`)."""
_BY_STATE = ("running", "created", "stopped", "crashed", "failed", "deleted", "finished")

SortValue = float | str | None
SORT_KEYS: dict[str, Callable[[ListedRun], SortValue]] = {
    "newest": lambda one: -one.facts["created"],
    "best accuracy": lambda one: None if one.best_accuracy is None else -one.best_accuracy,
    "model": lambda one: one.facts["model"],
    "state": lambda one: _BY_STATE.index(one.state),
    "name": lambda one: f"0{one.name.lower()}" if one.name else f"1{one.run.id.lower()}",
    "dataset": lambda one: one.facts["dataset"].lower(),
    "recipe": lambda one: one.facts["recipe"],
    "alpha": lambda one: one.facts["alpha"],
    "seed": lambda one: one.facts["seed"],
    "epoch": lambda one: -one.epoch,
    "loss": lambda one: one.best_loss,
    "time": lambda one: -one.seconds or None,
    "tags": lambda one: " ".join(one.facts["tags"]).lower() or None,
}
"""What each order sorts by, the smallest first; runs without a value come last, also in the reversed order."""


@dataclass(frozen=True)
class DamagedRun:
    """A folder among the runs that cannot be read as a run, and the reason."""

    path: Path
    reason: str


class RunList:
    """Runs by id. `refresh` reads the disk in parts, the newest runs first; `version` grows with every change.

    wanted: ids of the runs that are seen: their logs are read before the others, and their files are checked each time.
    problem: why the last filter cannot be read; empty where it can.
    """

    def __init__(self) -> None:
        self._cache = SummaryCache()
        self.root = self._cache.root
        self.runs: dict[str, ListedRun] = {}
        self.damaged: dict[str, DamagedRun] = {}
        self.wanted: Sequence[str] = ()
        self.version = 0
        self.caught_up = False
        self._stamp = -1
        self._turn = 0
        self._unopened: list[Path] = []
        self._unread: dict[str, tuple[FigureReader, Stamps | None]] = {}
        self._opened: dict[str, RunState] = {}
        self.problem = ""
        self._filter = parse_filter("", 0.0)
        self._sorted: tuple[object, list[ListedRun]] = None, []
        self._running = -1, 0

    @property
    def all_listed(self) -> bool:
        """Whether all folders were opened; the logs of some runs may not be read yet."""
        return not self._unopened

    @property
    def unlisted(self) -> int:
        """The number of folders that were not opened yet."""
        return len(self._unopened)

    @property
    def running(self) -> int:
        """The number of runs that are being trained."""
        if self._running[0] != self.version:
            self._running = self.version, sum(one.state == "running" for one in self.runs.values())
        return self._running[1]

    def refresh(self) -> bool:
        """Read new folders and the new events of the logs. Returns whether anything has changed."""
        before, behind = self.version, not self.caught_up
        self._look_for_folders()
        self._open_folders()
        self._read_logs()
        self._turn += 1
        live = [one for one in self.runs.values() if one.live is not None or one.state == "created"]
        rest = [] if behind else [*self._in_turn(), *(self.runs[name] for name in self.wanted if name in self.runs)]
        for one in {one.run.id: one for one in (*live, *rest)}.values():
            if one.run.id not in self._unread:
                self._try(partial(self._look_at, one), one.run)
        reading = any(one.live is not None and not one.live.caught_up for one in live)
        self.caught_up = not self._unopened and not self._unread and not reading
        if self.caught_up:
            self._cache.save(self.runs)
        return self.version != before

    def _in_turn(self) -> list[ListedRun]:
        """The runs whose files are checked in this turn: all of them within some turns."""
        turns = max(REST, -(-len(self.runs) // MOST_CHECKED))
        return list(self.runs.values())[self._turn % turns :: turns]

    def _look_for_folders(self) -> None:
        """Find new folders, where the folder of the runs has changed."""
        try:
            stamp = self.root.stat().st_mtime_ns
        except OSError:
            stamp = 0
        if stamp == self._stamp:
            return
        self._stamp = stamp
        found = list(self.root.iterdir()) if stamp else []
        names = {path.name for path in found}
        for gone in [name for name in (*self.runs, *self.damaged) if name not in names]:
            self._remove(gone)
        unopened = [path for path in found if path.name not in self.runs and path.name not in self.damaged]
        self._unopened = sorted(unopened, key=_written) if len(unopened) > FOLDERS else unopened[::-1]

    def _open_folders(self) -> None:
        """Open new folders, and try damaged ones again."""
        left, again = FOLDERS * CACHED, list(self.damaged)[:FOLDERS]
        while self._unopened and left > 0:
            left -= self._open(self._unopened.pop())
        for name in again:
            self._open(self.damaged[name].path)

    def _open(self, path: Path) -> int:
        """List a folder, from the cache if its files have not changed. Returns what it costs."""
        if not path.is_dir():
            return 1
        run = RunDirectory(path)
        known = self._cache.find(run)
        if known is not None and known.summary.state != "running":
            self._list(ListedRun(run, known.facts, known.summary.state, known.figures, known.stamps))
            return 1
        self._try(lambda: self._list(self._fresh(run)), run)
        return CACHED

    def _fresh(self, run: RunDirectory) -> ListedRun:
        """A run as its small files describe it; its log is read next. Raises `BadInput`, `OSError`."""
        stamps = stamps_of(run)
        facts = read_facts(run)
        if facts["written"] == "running" and process_alive(run.status()):
            return ListedRun(run, facts, "running", None, stamps, RunState(run, steps=False))
        self._unread[run.id] = FigureReader(run.events_path), stamps
        return ListedRun(run, facts, observed_state(facts["written"], None), None, stamps)

    def _list(self, one: ListedRun) -> None:
        before = self.runs.get(one.run.id)
        if before is not None and not one.is_read:
            one.figures = before.figures  # shown until the log is read again
        self.damaged.pop(one.run.id, None)
        self.runs[one.run.id] = one
        self.version += 1

    def _read_logs(self) -> None:
        """Read the logs of the runs that are seen, and those of the others after all folders were opened."""
        left = BYTES
        for name in [
            *(name for name in self.wanted if name in self._unread),
            *(self._unread if self.all_listed else ()),
        ]:
            if left <= 0:
                return
            if name not in self._unread:  # it was wanted
                continue
            reader, stamps = self._unread[name]
            already = reader.offset
            reader.read(min(left, CHUNK))
            left -= max(reader.offset - already, AT_LEAST)
            if reader.at_end:
                del self._unread[name]
                self._finish(self.runs[name], reader.figures(), stamps)

    def _finish(self, one: ListedRun, figures: LogFigures, stamps: Stamps | None) -> None:
        """The log of a run was read to its end."""
        one.figures = figures
        one.state = state_now(one.run, one.facts["written"], figures["ending"])
        one.changed()
        self.version += 1
        self._cache.add(one.run, stamps, one.facts, figures)

    def _look_at(self, one: ListedRun) -> None:
        """Read what has changed in the files of a run. Raises `BadInput`, `OSError`."""
        if one.live is None:
            if stamps_of(one.run) != one.stamps:
                self._read_again(one)
            return
        if one.live.refresh():
            one.state, one.name = one.live.state, one.live.name
            one.changed()
            self.version += 1
        if one.state != "running" and one.live.caught_up:
            self._read_again(one)

    def _read_again(self, one: ListedRun) -> None:
        if one.run.path.is_dir():
            self._list(self._fresh(RunDirectory(one.run.path)))
        else:
            self._remove(one.run.id)

    def _try(self, read: Callable[[], None], run: RunDirectory) -> None:
        try:
            read()
        except (BadInput, OSError) as error:
            self._damage(run.path, error.message if isinstance(error, BadInput) else str(error))

    def _damage(self, path: Path, reason: str) -> None:
        """List a folder as damaged, behind the others, so that each of them is tried again in turn."""
        before, damaged = self.damaged.get(path.name), DamagedRun(path, reason)
        version = self.version
        self._remove(path.name)
        self.damaged[path.name] = damaged
        self.version = version + (damaged != before)

    def _remove(self, name: str) -> None:
        self.runs.pop(name, None)
        self.damaged.pop(name, None)
        self._unread.pop(name, None)
        self._opened.pop(name, None)
        self.version += 1

    def forget(self) -> None:
        """Read the folder of the runs again at the next `refresh`, for example after a deletion."""
        self._stamp = -1

    def opened(self, name: str | None) -> RunState | None:
        """The state of one run with its epochs, read up to now; None where there is no such run, or it is damaged."""
        one = self.runs.get(name or "")
        if one is None:
            return None
        if one.live is not None:
            return one.live
        state = self._opened.pop(one.run.id, None) or RunState(one.run, steps=False)
        try:
            state.refresh()
        except (BadInput, OSError) as error:
            self._damage(one.run.path, error.message if isinstance(error, BadInput) else str(error))
            return None
        self._opened[one.run.id] = state
        if len(self._opened) > OPENED:
            del self._opened[next(iter(self._opened))]
        return state

    def sorted(self, order: str, text: str, *, reverse: bool = False) -> list[ListedRun]:
        """The runs that fit the filter `text`, in one of the orders of `SORT_KEYS`. Of a filter that cannot be read,
        such as one that is being typed, `problem` says why, and the terms before it hold."""
        key = self.version, order, text, reverse
        if self._sorted[0] != key:
            self._sorted = key, self._sort(order, text, reverse)
        return self._sorted[1]

    def _sort(self, order: str, text: str, reverse: bool) -> list[ListedRun]:
        try:
            self._filter, self.problem = parse_filter(text, now()), ""
        except FilterError as error:
            self._filter, self.problem = RunFilter(text, error.before), str(error)
        fits, value = self._filter.fits, SORT_KEYS[order]
        fitting = [one for one in self.runs.values() if not self._filter.tests or fits(one.values)]
        fitting.sort(key=lambda one: -one.facts["created"])
        known = [(value(one), one) for one in fitting]
        present = [pair for pair in known if pair[0] is not None]
        present.sort(key=operator.itemgetter(0), reverse=reverse)
        return [*(one for _, one in present), *(one for at, one in known if at is None)]


def _written(path: Path) -> int:
    """When the `run.json` of a folder was written: at the creation of the run, unless the folder was copied."""
    try:
        return os.stat(f"{path}/run.json").st_mtime_ns  # noqa: PTH116  many runs are looked at, and a Path is slow
    except OSError:
        return 0
