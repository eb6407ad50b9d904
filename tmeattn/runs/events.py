"""The event log of a run: one JSON object a line, append-only, flushed line by line.

The kinds of events and their fields are in `tmeattn.runs.event_types`. JSON cannot represent NaN or infinity: they are
written as {"$float": "nan"} and are read as floats again. Lines are ASCII: other characters are written as \\u escapes,
so no character of a message can end a line.
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
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from tmeattn.runs.event_types import EVENT_TYPES, EpochEvent, Event, Listener, StartedEvent
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
    "kind_of",
    "last_ending",
    "read_events",
    "started_event",
    "stream_events",
]

Ending = Literal["finished", "stopped", "failed"]
_TAIL_BYTES = 65536
CHUNK = 1 << 20
"""Bytes of a log that are read at once."""
DURABLE = frozenset({"epoch", "checkpoint", "stopped", "finished", "failed"})
"""The events after which the log is flushed to the disk."""
MOST_LINE = 4 << 20
"""Bytes of the longest line that is read. The lines of a training have some thousand."""
_KIND = re.compile(r'\{(?:"time":[^,"]*,)?"kind":"([a-z_]+)"')


def encode(event: Mapping[str, Any]) -> str:
    """One line without its newline; `decode` gives the event back."""
    return json.dumps(_pack(event), separators=(",", ":"), allow_nan=False)


def decode(line: str) -> Event | None:
    """The event on a line; None where the line is incomplete, its kind is unknown (a newer version may have logged it),
    or a field is missing or has the wrong type."""
    try:
        value = _DECODER.decode(line)
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


def _float_or_object(value: dict[str, Any]) -> Any:
    if len(value) == 1 and value.get("$float") in ("nan", "inf", "-inf"):
        return float(value["$float"])
    return value


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(object_hook=_float_or_object, parse_constant=_no_number)


def is_damaged(line: str) -> bool:
    """Whether a line that `decode` cannot read is damaged: False for an event of a kind that a newer version knows."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return True
    kind = value.get("kind") if isinstance(value, dict) else None
    return not isinstance(kind, str) or kind in EVENT_TYPES


def kind_of(line: str) -> str | None:
    """The kind of the event on a line as `EventWriter` writes it, without decoding the line; None where only `decode`
    can tell."""
    found = _KIND.match(line)
    return found[1] if found else None


class EventWriter:
    """Appends events to a run's log. If a killed process left an incomplete line, it is ended first, so that the next
    event has a line of its own. The events in `DURABLE` and all before them are on the disk when the call returns."""

    def __init__(self, path: Path) -> None:
        incomplete = _ends_within_a_line(path)
        self._file = path.open("ab", buffering=0)
        if incomplete:
            self._append(b"\n")

    def __call__(self, event: Event) -> None:
        """Append one event. Raises `OSError`; the log then ends where it ended before."""
        self._append(f"{encode({'time': time.time(), **event})}\n".encode())
        if event["kind"] in DURABLE:
            os.fsync(self._file.fileno())

    def _append(self, line: bytes) -> None:
        before = os.fstat(self._file.fileno()).st_size
        left = memoryview(line)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file.fileno(), before)
            raise

    def close(self) -> None:
        self._file.close()


def _open(path: Path) -> BinaryIO:
    """Open a log for reading, unless it is a pipe or device, which might block for ever. Raises `OSError`."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return path.open("rb")


def _ends_within_a_line(path: Path) -> bool:
    try:
        with _open(path) as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except OSError:  # no file yet, or an empty one
        return False


class EventTail:
    """Reads a log that may still grow: each `read()` returns the events completed since the previous call.

    skipped: lines so far that hold no event that this version can read, or that are longer than `MOST_LINE`.
    at_end:  whether the last call read all complete lines that there were.
    offset:  the byte up to which the log was read.
    until:   read the log only up to this byte.
    """

    def __init__(self, path: Path, until: int | None = None) -> None:
        self.path = path
        self.until = until
        self.skipped = 0
        self.at_end = False
        self.offset = 0
        self._too_long = False

    def read(self) -> list[Event]:
        events = []
        for line in self.rest():
            event = decode(line)
            if event is not None:
                events.append(event)
            else:
                self.skipped += 1
        return events

    def rest(self) -> Iterator[str]:
        """All lines completed since the previous call, read in chunks."""
        self.at_end = False
        while not self.at_end:
            yield from self.lines()

    def lines(self, most: int = CHUNK) -> list[str]:
        """The next lines, not decoded, without empty ones: about `most` bytes at most, and the rest in the next calls.

        A log that has become shorter was replaced, and is read from its start.
        """
        self.at_end = True
        try:
            with _open(self.path) as file:
                size = os.fstat(file.fileno()).st_size
                if size < self.offset:
                    self.offset, self._too_long = 0, False
                file.seek(self.offset)
                wanted = (size if self.until is None else self.until) - self.offset
                data = file.read(min(most, wanted))
                self.at_end = len(data) < most
                if not self.at_end and b"\n" not in data and not self._too_long:
                    data += file.readline(MOST_LINE - most)
        except OSError:  # not written yet, or the run is being deleted
            return []
        if self._too_long:
            return self._pass_over(data)
        complete = data[: data.rfind(b"\n") + 1]
        if not complete and len(data) >= MOST_LINE:
            self.skipped += 1
            self._too_long = True
            return self._pass_over(data)
        self.offset += len(complete)
        self.at_end |= not complete
        # splitlines() also splits at U+2028 and others
        return [line for line in complete.decode("utf-8", "replace").split("\n") if line.strip()]

    def _pass_over(self, data: bytes) -> list[str]:
        """Leave out the rest of a line that is too long, as far as it was read."""
        end = data.find(b"\n") + 1
        self._too_long = not end
        self.offset += end or len(data)
        self.at_end &= not end
        return []


def current(events: Iterable[Event]) -> list[Event]:
    """Drop what earlier attempts logged past the step at which a later attempt resumed, so that no step or epoch
    appears twice in a curve."""
    logged = list(events)
    limits = _Limits((at, event) for at, event in enumerate(logged) if event["kind"] == "resumed")
    return [event for at, event in enumerate(logged) if limits.allow(at, event)]


class _Limits:
    """How far the events before each `resumed` event count: up to the lowest step and epoch at which any later attempt
    resumed. An epoch that ended after the checkpoint of its last step is logged again, and counts the second time."""

    def __init__(self, resumes: Iterable[tuple[int, Event]]) -> None:
        self._limits: list[tuple[int, float, float]] = []
        step = epoch = math.inf
        for at, event in reversed(list(resumes)):
            assert event["kind"] == "resumed"
            step, epoch = min(step, event["step"]), min(epoch, event["epoch"])
            self._limits.append((at, step, epoch))

    def allow(self, at: int, event: Event) -> bool:
        """Whether the event at this place of the log counts. Places are asked for in their order."""
        while self._limits and self._limits[-1][0] <= at:
            self._limits.pop()
        if not self._limits:
            return True
        _, most_steps, most_epochs = self._limits[-1]
        if (event["kind"] == "epoch" or event["kind"] == "watched") and event["epoch"] > most_epochs:
            return False
        step = event.get("step")
        return not (isinstance(step, int) and step > most_steps)


def read_events(path: Path, kinds: Collection[str] | None = None) -> list[Event]:
    """The events of a log that count (see `current`), all or those of some kinds."""
    return list(stream_events(path, kinds))


def stream_events(
    path: Path, kinds: Collection[str] | None = None, damaged: Callable[[], None] = lambda: None
) -> Iterator[Event]:
    """`read_events` one by one, in the memory of some chunks, however long the log is. Events that are logged
    meanwhile are left out.

    damaged: called for each line that was read and is damaged.
    """
    size, resumed = _look(path)
    limits = _Limits(_resumes(path, size) if resumed else ())
    for at, line in enumerate(EventTail(path, size).rest()):
        kind = kind_of(line)
        if kinds is not None and kind is not None and kind not in kinds:
            continue
        event = decode(line)
        if event is None and is_damaged(line):
            damaged()
        if event is not None and (kinds is None or event["kind"] in kinds) and limits.allow(at, event):
            yield event


def _look(path: Path) -> tuple[int, bool]:
    """The bytes of a log, and whether a `resumed` event may be among them."""
    size, before, word = 0, b"", b"resumed"
    try:
        with _open(path) as file:
            while data := file.read(CHUNK):
                if word in data or word in before + data[: len(word)]:
                    return os.fstat(file.fileno()).st_size, True
                size, before = size + len(data), data[-len(word) :]
    except OSError:
        pass
    return size, False


def _resumes(path: Path, size: int) -> Iterator[tuple[int, Event]]:
    """The `resumed` events of a log, each with the number of its line."""
    for at, line in enumerate(EventTail(path, size).rest()):
        if kind_of(line) in ("resumed", None):
            event = decode(line)
            if event is not None and event["kind"] == "resumed":
                yield at, event


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
        with _open(path) as file:
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
