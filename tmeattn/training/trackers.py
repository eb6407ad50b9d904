"""Trackers take a run's events elsewhere, each in a thread of its own: a slow one delays no step, a failing one is told
of and left out."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tmeattn.errors import BadInput, TmeattnError
from tmeattn.registry import registry, resolve
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event
from tmeattn.specs import TrackerSpec

PATIENCE = 30.0
"""Seconds that a tracker has at the end to deal with what it was given."""
_END = object()


def find_trackers(names: Sequence[str]) -> list[TrackerSpec]:
    """The trackers of these names.

    Raises:
        UnknownName: there is no such tracker.
    """
    return [registry().get(TrackerSpec, name) for name in dict.fromkeys(names)]


def track(run: RunDirectory, spec: TrackerSpec) -> int:
    """Give a tracker all events that a run has logged so far, and return how many.

    Raises:
        BadInput: the tracker fails; a `TmeattnError` of its own comes through as it is.
    """
    events = run.events()
    try:
        _work(spec, run, iter(events))
    except TmeattnError:
        raise
    except Exception as error:
        raise BadInput(f"{_who(spec)} failed: {type(error).__name__}: {error}") from error
    return len(events)


class Tracking:
    """The trackers of a run that is being trained. They begin with its `started` or `resumed` event and are given all
    that has happened before it and still counts.

    warn: called, in the thread that calls this, with a sentence on a tracker that has failed.
    """

    def __init__(self, run: RunDirectory, specs: Sequence[TrackerSpec], warn: Callable[[str], None]) -> None:
        self.run, self.specs, self.warn = run, specs, warn
        self._at_work: list[_AtWork] = []

    def __call__(self, event: Event) -> None:
        """Hand on an event that has been logged."""
        if event["kind"] in ("started", "resumed"):
            self._at_work = [_AtWork(spec, self.run) for spec in self.specs]
            given = self.run.events() if self.specs else []
        else:
            given = [event]
        for tracker in self._at_work:
            for one in given:
                tracker.events.put(one)
        self._tell()

    def close(self, patience: float = PATIENCE) -> None:
        """Wait until all trackers are done, each for `patience` seconds at most."""
        for tracker in self._at_work:
            tracker.close(patience)
        self._tell()

    def _tell(self) -> None:
        failed = [tracker for tracker in self._at_work if tracker.problem]
        self._at_work = [tracker for tracker in self._at_work if not tracker.problem]
        for tracker in failed:
            self.warn(f"{_who(tracker.spec)} {tracker.problem}. The training goes on without it.")


class _AtWork:
    """A tracker's thread and the events that it has not dealt with yet."""

    def __init__(self, spec: TrackerSpec, run: RunDirectory) -> None:
        self.spec, self.run = spec, run
        self.problem: str | None = None
        self.events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"tracker {spec.name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            _work(self.spec, self.run, iter(self.events.get, _END))
        except BaseException as error:  # its SystemExit is no reason to stop a training either
            told = error.message.rstrip(".") if isinstance(error, TmeattnError) else f"{type(error).__name__}: {error}"
            self.problem = f"failed: {told}"

    def close(self, patience: float) -> None:
        self.events.put(_END)
        self._thread.join(patience)
        if self._thread.is_alive():
            self.problem = f"was not done {patience:g} s after the end"


def _work(spec: TrackerSpec, run: RunDirectory, events: Iterator[Event]) -> None:
    take = resolve(spec.track, wanted_by=_who(spec))(run)
    for event in events:
        take(event)
    if (close := getattr(take, "close", None)) is not None:
        close()


def _who(spec: TrackerSpec) -> str:
    return f"The tracker {spec.name!r} (from {registry().plugin_of(spec).distribution})"
