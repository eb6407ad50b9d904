"""The events of a run as lines of a log, one JSON object a line; the writer of the log; and what events mean.

The log is append-only and flushed line by line. `tmeattn.runs.event_reader` reads it. The kinds of events and their
fields are in `tmeattn.runs.event_types`. JSON cannot represent NaN or infinity: they are written as {"$float": "nan"}
and are read as floats again. Lines are ASCII: other characters are written as \\u escapes, so no character of a message
can end a line.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import re
import stat
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from tmeattn.runs.event_types import EVENT_TYPES, EpochEvent, Event, FinishedEvent, Listener, StartedEvent
from tmeattn.runs.typed_json import matches

__all__ = [
    "Ending",
    "Event",
    "EventWriter",
    "Listener",
    "best_epoch",
    "decode",
    "diverged",
    "encode",
    "ending",
    "epoch_events",
    "finished",
    "is_damaged",
    "kind_of",
    "open_log",
    "started_event",
]

Ending = Literal["finished", "stopped", "failed"]
DURABLE = frozenset({"epoch", "checkpoint", "stopped", "finished", "failed"})
"""The events after which the log is flushed to the disk."""
_KIND = re.compile(r'\{(?:"time":[^,"]*,)?"kind":"([a-z_]+)"')


def encode(event: Mapping[str, Any]) -> str:
    """One line without its newline; `decode` gives the event back."""
    return json.dumps(_pack(event), separators=(",", ":"), allow_nan=False)


def decode(line: str) -> Event | None:
    """The event on a line; None where the line is incomplete, its kind is unknown (a newer version may have logged it),
    or a field is missing or has the wrong type, or an accuracy is not from 0 to 1."""
    try:
        value = (_DECODER if '"$float"' in line else _PLAIN_DECODER).decode(line)
    except (ValueError, RecursionError):
        return None
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in EVENT_TYPES or not matches(value, EVENT_TYPES[kind]):
        return None
    if kind == "epoch" and any(abs(value[part]["accuracy"] - 0.5) > 0.5 for part in ("train", "validation")):
        return None  # such a run would always be the best
    return cast(Event, value)


def _pack(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(float(value))}  # a NumPy float's own repr is no number
    if isinstance(value, Mapping):
        return {key: _pack(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_pack(item) for item in value]
    return value


def _float_or_object(value: dict[str, Any]) -> Any:
    if len(value) == 1 and value.get("$float") in ("nan", "inf", "-inf"):
        return float(value["$float"])
    return value


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(object_hook=_float_or_object, parse_constant=_no_number)
_PLAIN_DECODER = json.JSONDecoder(parse_constant=_no_number)
"""For the lines of finite numbers, which are almost all: three times as fast."""


def is_damaged(line: str) -> bool:
    """Whether a line that `decode` cannot read is damaged: False for an event of a kind that a newer version knows."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return True
    kind = value.get("kind") if isinstance(value, dict) else None
    return not isinstance(kind, str) or kind in EVENT_TYPES


def kind_of(line: str) -> str | None:
    """The kind of the event on a line as `EventWriter` writes it, without decoding the line; None for a line of another
    form, which only `decode` can read."""
    found = _KIND.match(line)
    return found[1] if found else None


class EventWriter:
    """Appends events to a run's log. If a killed process left an incomplete line, it is ended first, so that the next
    event has a line of its own. The events in `DURABLE` and all before them are on the disk when the call returns."""

    def __init__(self, path: Path) -> None:
        """Open the log, or create it. Raises `OSError`, also for a pipe or device."""
        if path.exists():
            _require_regular(path)
        incomplete = _ends_within_a_line(path)
        self._file = path.open("ab", buffering=0)
        if incomplete:
            self._append(b"\n")

    def __call__(self, event: Event) -> None:
        """Append one event. Raises `OSError`; the log then ends where it ended before."""
        self._append(f"{encode({'time': time.time(), **event})}\n".encode(), durable=event["kind"] in DURABLE)

    def _append(self, line: bytes, *, durable: bool = False) -> None:
        before = os.fstat(self._file.fileno()).st_size
        left = memoryview(line)
        try:
            while left:
                left = left[self._file.write(left) :]
            if durable:  # some file systems find out here that they are full
                os.fsync(self._file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file.fileno(), before)
            raise

    def close(self) -> None:
        self._file.close()


def open_log(path: Path) -> BinaryIO:
    """Open a log for reading, unless it is a pipe or device, which might block for ever.

    Raises:
        OSError: there is no log, or it is no regular file.
    """
    _require_regular(path)
    return path.open("rb")


def _require_regular(path: Path) -> None:
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def _ends_within_a_line(path: Path) -> bool:
    try:
        with open_log(path) as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except OSError:  # no file yet, or an empty one
        return False


def epoch_events(events: Iterable[Event]) -> list[EpochEvent]:
    """The events of finished epochs."""
    return [event for event in events if event["kind"] == "epoch"]


def best_epoch(events: Iterable[Event]) -> EpochEvent | None:
    """The epoch whose weights are in `checkpoints/best`."""
    found = None
    for event in events:
        if event["kind"] == "epoch" and event["best"]:
            found = event
    return found


def started_event(events: Iterable[Event]) -> StartedEvent | None:
    """The event with which training began."""
    return next((event for event in events if event["kind"] == "started"), None)


def last_end(events: Iterable[Event]) -> FinishedEvent | None:
    """The event with which a run was trained to its end; None where it was not, or has gone on since (`tmeattn resume
    --epochs`)."""
    last: FinishedEvent | None = None
    for event in events:
        if event["kind"] == "finished":
            last = event
        elif event["kind"] == "resumed":
            last = None
    return last


def finished(events: Iterable[Event]) -> bool:
    """Whether a run with this log was trained to its end, and has not gone on since."""
    return last_end(events) is not None


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
