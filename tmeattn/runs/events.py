"""The event log of a run: one JSON object a line, append-only, flushed line by line.

The kinds of events and their fields are in `tmeattn.runs.event_types`. JSON cannot represent NaN or infinity: they are
written as {"$float": "nan"} and are read as floats again. Lines are ASCII: other characters are written as \\u escapes,
so no character of a message can end a line.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, cast

from tmeattn.runs.event_types import EVENT_TYPES, EpochEvent, Event, Listener, ResumedEvent, StartedEvent
from tmeattn.runs.typed_json import matches

__all__ = [
    "Event",
    "EventTail",
    "EventWriter",
    "Listener",
    "best_epoch",
    "current",
    "decode",
    "diverged",
    "encode",
    "ending",
    "epoch_events",
    "finished",
    "last_ending",
    "read_events",
    "started_event",
]

Ending = Literal["finished", "stopped", "failed"]
_TAIL_BYTES = 65536


def encode(event: Mapping[str, Any]) -> str:
    """One line without its newline; `decode` gives the event back."""
    return json.dumps(_pack(event), separators=(",", ":"), allow_nan=False)


def decode(line: str) -> Event | None:
    """The event on a line; None where the line is incomplete, its kind is unknown (a newer version may have logged it),
    or a field is missing or has the wrong type."""
    try:
        value = _unpack(json.loads(line))
    except (ValueError, RecursionError):
        return None
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in EVENT_TYPES or not matches(value, EVENT_TYPES[kind]):
        return None
    return cast(Event, value)


def _pack(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(float(value))}  # a NumPy float's own repr is no number
    if isinstance(value, Mapping):
        return {key: _pack(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_pack(item) for item in value]
    return value


def _unpack(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"$float"} and value["$float"] in ("nan", "inf", "-inf"):
            return float(value["$float"])
        return {key: _unpack(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unpack(item) for item in value]
    return value


class EventWriter:
    """Appends events to a run's log. If a killed process left an incomplete line, it is ended first, so that the next
    event has a line of its own."""

    def __init__(self, path: Path) -> None:
        incomplete = _ends_within_a_line(path)
        self._file = path.open("a", encoding="utf-8")
        if incomplete:
            self._file.write("\n")

    def __call__(self, event: Event) -> None:
        self._file.write(encode({"time": time.time(), **event}) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _ends_within_a_line(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except OSError:  # no file yet, or an empty one
        return False


class EventTail:
    """Reads a log that may still grow: each `read()` returns the events completed since the previous call.

    skipped: lines so far that hold no event that this version can read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.skipped = 0
        self._offset = 0

    def read(self) -> list[Event]:
        events = []
        for line in self.lines():
            event = decode(line)
            if event is not None:
                events.append(event)
            else:
                self.skipped += 1
        return events

    def lines(self, most: int | None = None) -> list[str]:
        """The lines completed since the previous call, not decoded, without empty ones.

        most: read about this many bytes at most, and the rest in the next call. A log that has become shorter was
        replaced, and is read from its start.
        """
        try:
            with self.path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self._offset:
                    self._offset = 0
                file.seek(self._offset)
                data = file.read() if most is None else file.read(most)
                if most is not None and b"\n" not in data:  # one line that is longer
                    data += file.readline()
        except OSError:  # not written yet, or the run is being deleted
            return []
        complete = data[: data.rfind(b"\n") + 1]
        self._offset += len(complete)
        # splitlines() also splits at U+2028 and others
        return [line for line in complete.decode("utf-8", "replace").split("\n") if line.strip()]


def current(events: Iterable[Event]) -> list[Event]:
    """Drop what earlier attempts logged past the step at which a later attempt resumed, so that no step or epoch
    appears twice in a curve."""
    kept: list[Event] = []
    for event in events:
        if event["kind"] == "resumed":
            resumed = event
            kept = [earlier for earlier in kept if not _is_past(earlier, resumed)]
        kept.append(event)
    return kept


def _is_past(event: Event, resumed: ResumedEvent) -> bool:
    """Whether the resumed attempt will log an event again. This includes the end of an epoch if the checkpoint was
    written after the epoch's last step and before its end."""
    if (event["kind"] == "epoch" or event["kind"] == "watched") and event["epoch"] > resumed["epoch"]:
        return True
    step = event.get("step")
    return isinstance(step, int) and step > resumed["step"]


def read_events(path: Path) -> list[Event]:
    """All events of a log that count (see `current`)."""
    return current(EventTail(path).read())


def epoch_events(events: Iterable[Event]) -> list[EpochEvent]:
    """The events of finished epochs."""
    return [event for event in events if event["kind"] == "epoch"]


def best_epoch(events: Iterable[Event]) -> EpochEvent | None:
    """The epoch whose weights are in `checkpoints/best`."""
    return next((event for event in reversed(epoch_events(events)) if event["best"]), None)


def started_event(events: Iterable[Event]) -> StartedEvent | None:
    """The event with which training began."""
    return next((event for event in events if event["kind"] == "started"), None)


def finished(events: Iterable[Event]) -> bool:
    """Whether a run with this log was trained to its end."""
    return any(event["kind"] == "finished" for event in events)


def diverged(events: Iterable[Event]) -> bool:
    """Whether training ended with a loss or gradient that was not finite; trained again, it would do so again."""
    return any(event["kind"] == "failed" and event.get("diverged", False) for event in events)


def ending(events: Iterable[Event]) -> Ending | None:
    """How the last attempt ended by the log; None where its process was killed, or is alive."""
    last: Ending | None = None
    for event in events:
        if event["kind"] in ("started", "resumed"):
            last = None
        elif event["kind"] == "finished" or (event["kind"] in ("stopped", "failed") and last != "finished"):
            last = event["kind"]
    return last


def last_ending(path: Path) -> Ending | None:
    """`ending` of a log, from its last 64 KiB: after its end, an attempt logs nothing but warnings."""
    try:
        with path.open("rb") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - _TAIL_BYTES, 0))
            lines = file.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return None
    last: list[Event] = []
    for line in reversed(lines):
        event = decode(line)
        if event is not None and event["kind"] not in ("finished", "stopped", "failed", "warning"):
            break
        last += [event] if event is not None else []
    return ending(reversed(last))
