"""The figures of an event log that a list of many runs shows, read in parts and in bounded memory."""

# No `from __future__ import annotations`: as strings, annotations would hide types from `typed_json`.

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypedDict

from tmeattn.runs.event_reader import CHUNK, EventTail
from tmeattn.runs.event_types import EpochEvent, Event
from tmeattn.runs.events import Ending, decode, is_damaged

RECENT = 8
"""Epochs whose accuracy a list shows as a trend."""
PRUNED, OUT_OF_TIME = "pruned", "time"
"""Why a sweep stopped a run: it was worse than others, or its time was over."""
SETTLED = (PRUNED, OUT_OF_TIME)
"""The reasons of stopping after which a run is not meant to go on."""
_PASSED_OVER = ("step", "threads", "watched", "watched_step", "checkpoint", "warning")
"""Kinds of events that no figure needs: their lines are not decoded."""

_COUNT = r"(?:0|[1-9]\d{0,17})"
_EDGE = r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,20})?"
_BINS = re.compile(rf'"histogram":\{{"low":{_EDGE},"high":{_EDGE},"counts":\[{_COUNT}(?:,{_COUNT})*\]\}}')
"""A whole histogram, which no figure needs: to decode and to check it takes most of the time of an epoch's line."""


class LogFigures(TypedDict):
    """What a list shows of an event log. Events that a later attempt has repeated do not count.

    epoch:           the last finished one, 0 without any.
    best_epoch:      the one whose weights are kept; best_accuracy: on the validation split, in [0, 1]; best_loss: the
                     cross-entropy there, in nats.
    seconds:         in all epochs; epoch_seconds: the median of them, 0 without any.
    recent:          validation accuracies of the last epochs, the last one last.
    ending:          how the last attempt ended; None where its process was killed, or is alive.
    stop_reason:     why the last attempt was stopped; None where it was not.
    diverged:        whether the last attempt ended with a loss that was not finite.
    train_texts:     texts that it was trained on, threads: those that it used; None before training began.
    damaged_lines:   lines that cannot be read.
    """

    epoch: int
    best_epoch: int | None
    best_accuracy: float | None
    best_loss: float | None
    seconds: float
    epoch_seconds: float
    recent: list[float]
    ending: Ending | None
    stop_reason: str | None
    diverged: bool
    train_texts: int | None
    threads: int | None
    damaged_lines: int


_Epoch = tuple[int, int, float, float, bool, float]
"""Number, step, accuracy, seconds, whether it is the best so far, and cross-entropy of an epoch."""


class FigureReader:
    """Reads the figures of a log that may still grow: each `read` goes on where the one before ended.

    at_end: whether everything that is in the log was read.
    """

    def __init__(self, path: Path) -> None:
        self._tail = EventTail(path)
        self.at_end = False
        self._reset()

    def _reset(self) -> None:
        self._epochs: list[_Epoch] = []
        self._ending: Ending | None = None
        self._stop_reason: str | None = None
        self._diverged = False
        self._train_texts: int | None = None
        self._threads: int | None = None
        self._damaged = 0

    @property
    def offset(self) -> int:
        """Bytes of the log that were read so far."""
        return self._tail.offset

    def read(self, most: int = CHUNK) -> None:
        """Read at most about `most` bytes."""
        before = self._tail.offset
        lines = self._tail.lines(most, without=_PASSED_OVER)
        if self._tail.offset < before:  # another log is in its place
            self._reset()
        self.at_end = self._tail.at_end
        for line in lines:
            event = decode(_BINS.sub('"histogram":null', line) if '"kind":"epoch"' in line else line)
            if event is not None:
                self.add(event)
            else:
                self._damaged += is_damaged(line)

    def read_all(self) -> LogFigures:
        """Read to the end of the log."""
        self.read()
        while not self.at_end:
            self.read()
        return self.figures()

    def add(self, event: Event) -> None:
        """Take an event into account."""
        kind = event["kind"]
        if event["kind"] == "epoch":
            self._epochs.append(_figures_of(event))
        elif event["kind"] == "started":
            self._begin()
            self._train_texts, self._threads = event["train_texts"], event["threads"]
        elif event["kind"] == "resumed":
            self._begin()
            step, last = event["step"], event["epoch"]
            self._epochs = [one for one in self._epochs if one[0] <= last and one[1] <= step]
        elif kind == "finished" or (kind in ("stopped", "failed") and self._ending != "finished"):
            self._ending = kind
            self._diverged = event["kind"] == "failed" and event.get("diverged", False)
            self._stop_reason = event["reason"] if event["kind"] == "stopped" else None

    def _begin(self) -> None:
        self._ending, self._stop_reason, self._diverged = None, None, False

    def figures(self) -> LogFigures:
        """The figures of what was read so far."""
        epochs = self._epochs
        best = next((one for one in reversed(epochs) if one[4]), None)
        return {
            "epoch": epochs[-1][0] if epochs else 0,
            "best_epoch": best[0] if best else None,
            "best_accuracy": best[2] if best else None,
            "best_loss": best[5] if best else None,
            "seconds": sum(one[3] for one in epochs),
            "epoch_seconds": _median([one[3] for one in epochs]),
            "recent": [one[2] for one in epochs[-RECENT:]],
            "ending": self._ending,
            "stop_reason": self._stop_reason,
            "diverged": self._diverged,
            "train_texts": self._train_texts,
            "threads": self._threads,
            "damaged_lines": self._damaged + self._tail.skipped,
        }


def figures_of(events: Iterable[Event]) -> LogFigures:
    """The figures of events that were read already."""
    reader = FigureReader(Path())
    for event in events:
        reader.add(event)
    return reader.figures()


def _figures_of(event: EpochEvent) -> _Epoch:
    seen = event["validation"]
    return event["epoch"], event["step"], seen["accuracy"], event["seconds"], event["best"], seen["cross_entropy"]


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
