"""Trackers: plugins that export a run's events, for example to TensorBoard.

While a run is trained, every tracker works in a thread of its own: a slow tracker delays no step. A tracker that fails
is reported by a `warning` event and gets no further events.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, count
from typing import Any

from tmeattn.errors import TmeattnError
from tmeattn.foreign import one_line, plugin_call
from tmeattn.registry import registry, resolve
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.event_reader import stream_events
from tmeattn.runs.events import Event
from tmeattn.specs import TrackerSpec

CLOSE_TIMEOUT = 30.0
"""Seconds that a tracker has after the end of training to process the events that it has not processed yet."""
_END = object()


def find_trackers(names: Sequence[str]) -> list[TrackerSpec]:
    """The trackers with these names, each once.

    Raises:
        UnknownName: no tracker has that name.
    """
    return [registry().get(TrackerSpec, name) for name in dict.fromkeys(names)]


def track(run: RunDirectory, spec: TrackerSpec) -> int:
    """Pass all events that a run has logged so far to a tracker, and return their number.

    Raises:
        BadInput: the tracker fails. A `TmeattnError` that it raises is not changed.
    """
    number = count()
    with plugin_call(_title(spec), "failed"):
        _process(spec, run, (event for event, _ in zip(logged_so_far(run), number, strict=False)))
    return next(number)


def logged_so_far(run: RunDirectory) -> Iterator[Event]:
    """The events that count and are in the log at the time of the call, read one by one as they are asked for."""
    events = stream_events(run.events_path)
    return chain([first] if (first := next(events, None)) is not None else [], events)


class RunTrackers:
    """The trackers of a run that is being trained. They are started by its `started` or `resumed` event, and first get
    all earlier events that still count.

    warn: called with a message about a tracker that has failed, in the thread that passes the events.
    """

    def __init__(self, run: RunDirectory, specs: Sequence[TrackerSpec], warn: Callable[[str], None]) -> None:
        self.run, self.specs, self.warn = run, specs, warn
        self._active: list[_TrackerThread] = []

    def __call__(self, event: Event) -> None:
        """Pass on an event that was logged."""
        if event["kind"] in ("started", "resumed"):
            self._active = [_TrackerThread(spec, self.run, logged_so_far(self.run)) for spec in self.specs]
        else:
            for tracker in self._active:
                tracker.events.put(event)
        self._warn_of_failures()

    def close(self, timeout: float = CLOSE_TIMEOUT) -> None:
        """Wait until all trackers have processed their events, for each at most `timeout` seconds."""
        for tracker in self._active:
            tracker.close(timeout)
        self._warn_of_failures()

    def _warn_of_failures(self) -> None:
        failed = [tracker for tracker in self._active if tracker.problem]
        self._active = [tracker for tracker in self._active if not tracker.problem]
        for tracker in failed:
            self.warn(f"{_title(tracker.spec)} {tracker.problem}. Training continues without it.")


class _TrackerThread:
    """The thread of a tracker and the queue of events that it has not processed yet. earlier: those before them."""

    def __init__(self, spec: TrackerSpec, run: RunDirectory, earlier: Iterator[Event]) -> None:
        self.spec, self.run, self.earlier = spec, run, earlier
        self.problem: str | None = None
        self.events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"tracker {spec.name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            _process(self.spec, self.run, chain(self.earlier, iter(self.events.get, _END)))
        except BaseException as error:  # a SystemExit of a tracker must not end the training either
            reason = error.message if isinstance(error, TmeattnError) else one_line(error)
            self.problem = f"failed: {reason.rstrip('.')}"

    def close(self, timeout: float) -> None:
        self.events.put(_END)
        self._thread.join(timeout)
        if self._thread.is_alive():
            self.problem = f"had not processed all events {timeout:g} s after the end of training"


def _process(spec: TrackerSpec, run: RunDirectory, events: Iterator[Event]) -> None:
    track_event = resolve(spec.track, wanted_by=_title(spec))(run)
    for event in events:
        track_event(event)
    if (close := getattr(track_event, "close", None)) is not None:
        close()


def _title(spec: TrackerSpec) -> str:
    return f"The tracker {spec.name!r} (from {registry().plugin_of(spec).distribution})"
