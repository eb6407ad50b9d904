"""Read the event log of a run, of any length, in chunks and in bounded memory, also while a training appends to it.

`read_events` and `stream_events` read the events that count; `EventTail` follows a log that grows.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

from tmeattn.runs.event_types import Event
from tmeattn.runs.events import Ending, decode, ending, is_damaged, kind_of, open_log

CHUNK = 1 << 20
"""Bytes of a log that are read at once."""
MOST_LINE = 4 << 20
"""Bytes of the longest line that is read. The lines of a training have some thousand."""
_TAIL_BYTES = 65536


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

    def lines(self, most: int = CHUNK, without: tuple[str, ...] = ()) -> list[str]:
        """The next lines, not decoded, without empty ones: about `most` bytes at most, and the rest in the next calls.

        without: kinds of events whose lines, as `EventWriter` writes them, are left out.
        """
        complete = self.chunk(most)
        if without:
            return [line.decode("utf-8", "replace") for _, line in lines_without(complete, without)]
        # splitlines() also splits at U+2028 and others
        return [line for line in complete.decode("utf-8", "replace").split("\n") if line.strip()]

    def chunk(self, most: int = CHUNK) -> bytes:
        """The next complete lines as bytes: about `most` bytes at most, and the rest in the next calls.

        A log that has become shorter was replaced, and is read from its start.
        """
        self.at_end = True
        try:
            with open_log(self.path) as file:
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
            return b""
        if self._too_long:
            return self._pass_over(data)
        complete = data[: data.rfind(b"\n") + 1]
        if not complete and len(data) >= MOST_LINE:
            self.skipped += 1
            self._too_long = True
            return self._pass_over(data)
        self.offset += len(complete)
        self.at_end |= not complete
        return complete

    def _pass_over(self, data: bytes) -> bytes:
        """Leave out the rest of a line that is too long, as far as it was read."""
        end = data.find(b"\n") + 1
        self._too_long = not end
        self.offset += end or len(data)
        self.at_end &= not end
        return b""


def lines_without(data: bytes, kinds: tuple[str, ...]) -> Iterator[tuple[int, bytes]]:
    """The lines of all events but those of some kinds, as `EventWriter` writes them, and where each begins."""
    for found in _lines_without(kinds).finditer(b"\n" + data):
        if line := found[1].strip():
            yield found.start(), line


@cache
def _lines_without(kinds: tuple[str, ...]) -> re.Pattern[bytes]:
    """A pattern that finds the lines of all other kinds, each after a line break, without looking into the rest."""
    words = "|".join(map(re.escape, kinds)).encode()
    return re.compile(rb'\n(?!\{(?:"time":[^,"\n]*,)?"kind":"(?:' + words + rb')")([^\n]+)')


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
        """Whether the event at this place of the log counts. Call it with the places in their order."""
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
        with open_log(path) as file:
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


def last_ending(path: Path) -> Ending | None:
    """`ending` of a log, from its last 64 KiB: after its end, an attempt logs nothing but warnings."""
    try:
        with open_log(path) as file:
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
