"""The curves of a run in bounded memory: measures by training step, and the histograms of its epochs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

from tmeattn.runs.event_types import (
    EpochEvent,
    EpochPart,
    Event,
    StepEvent,
    StepMeasure,
    WatchedEvent,
    WatchedStepEvent,
)

MOST_POINTS = 2048
"""Points of a curve of steps."""
MOST_HISTOGRAMS = 128
"""Epochs that keep their histogram, and watched epochs that are kept."""
MOST_EPOCHS = 4096
Watched = WatchedEvent | WatchedStepEvent
MEASURES: tuple[StepMeasure, ...] = get_args(StepMeasure)


@dataclass
class Steps:
    """Measures by training step. Above 2,048 points, the mean of two neighbours takes their place. A measure that the
    events lack, because an earlier version logged them, is None.

    seconds: of training until each step; None where the events have no time.
    stride:  events of a point.
    """

    step: list[int] = field(default_factory=list)
    seconds: list[float | None] = field(default_factory=list)
    columns: dict[StepMeasure, list[float | None]] = field(default_factory=lambda: {name: [] for name in MEASURES})
    stride: int = 1
    _waiting: list[StepEvent] = field(default_factory=list)
    _newest: float | None = None

    def __len__(self) -> int:
        return len(self.step)

    def add(self, event: StepEvent, seconds: float | None = None) -> None:
        """seconds: of training until then."""
        self._waiting.append(event)
        self._newest = seconds
        if len(self._waiting) < self.stride:
            return
        self.step.append(event["step"])
        self.seconds.append(seconds)
        for name, column in self.columns.items():
            column.append(_mean([waiting.get(name) for waiting in self._waiting]))
        self._waiting = []
        if len(self) > MOST_POINTS:
            self._halve()

    @property
    def last(self) -> int | None:
        """The step of the newest event that was added; None without any."""
        return self._waiting[-1]["step"] if self._waiting else self.step[-1] if self.step else None

    def curve(self, measure: StepMeasure) -> tuple[list[int], list[float | None]]:
        """The steps and values of a measure. The events that make no whole point yet are the last point."""
        if not self._waiting:
            return self.step, self.columns[measure]
        value = _mean([waiting.get(measure) for waiting in self._waiting])
        return [*self.step, self._waiting[-1]["step"]], [*self.columns[measure], value]

    def clock(self) -> list[float | None]:
        """The seconds of training at the points of `curve`."""
        return [*self.seconds, self._newest] if self._waiting else self.seconds

    def drop_after(self, step: int) -> None:
        """Remove the points after a step."""
        self._waiting = []
        keep = sum(at <= step for at in self.step)
        del self.step[keep:], self.seconds[keep:]
        for column in self.columns.values():
            del column[keep:]

    def _halve(self) -> None:
        self.step, self.seconds = self.step[1::2], self.seconds[1::2]
        for name, column in self.columns.items():
            self.columns[name] = [_mean(column[at : at + 2]) for at in range(0, 2 * len(self.step), 2)]
        self.stride *= 2


def _mean(values: list[float | None]) -> float | None:
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers else None


@dataclass
class TrainingClock:
    """Seconds of training from the times of events. The time in which a run was stopped does not count."""

    _before: float = 0.0
    _since: float | None = None

    def begin(self, event: Event, seconds: float = 0.0) -> None:
        """An attempt begins, after `seconds` of training."""
        self._before, self._since = seconds, event.get("time")

    def at(self, event: Event) -> float | None:
        """The seconds until an event; None where its time or that of the beginning is unknown."""
        time = event.get("time")
        return None if time is None or self._since is None else self._before + max(time - self._since, 0.0)


def thin_watched(events: list[Watched]) -> list[Watched]:
    """Half of the events of the watch list: those within epochs go first. The last one stays."""
    within = [at for at, event in enumerate(events[:-1]) if event["kind"] == "watched_step"]
    drop = set(within[::2] if len(within) > MOST_HISTOGRAMS else [*within, *range(0, len(events) - 1, 2)])
    return [event for at, event in enumerate(events) if at not in drop]


def thin_histograms(epochs: list[EpochEvent]) -> int:
    """Remove the histograms of every second epoch where there are too many; the last epoch keeps its histogram.
    Returns how many epochs have one."""
    with_histogram = [at for at, epoch in enumerate(epochs) if epoch["validation"].get("histogram")]
    if len(with_histogram) <= MOST_HISTOGRAMS:
        return len(with_histogram)
    thinned = with_histogram[1:-1:2]
    for at in thinned:
        epochs[at] = without_histograms(epochs[at])
    return len(with_histogram) - len(thinned)


def without_histograms(epoch: EpochEvent) -> EpochEvent:
    """A copy of the event without the histograms of its two splits."""
    thinned = epoch.copy()
    thinned["train"] = _part_without_histograms(epoch["train"])
    thinned["validation"] = _part_without_histograms(epoch["validation"])
    return thinned


def _part_without_histograms(part: EpochPart) -> EpochPart:
    copy = part.copy()
    copy["histogram"] = None
    copy.pop("heads", None)
    return copy
