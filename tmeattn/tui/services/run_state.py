"""The state of a run, read from its event log and status file in parts, in bounded memory. No widgets."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import time as now
from typing import Literal

from tmeattn.render.numbers import count, decimal, percent, seconds
from tmeattn.runs.control import process_alive
from tmeattn.runs.directory import RunDirectory, observed_state
from tmeattn.runs.event_types import (
    CheckpointEvent,
    EpochEvent,
    EpochPart,
    Event,
    FailedEvent,
    FinishedEvent,
    ResumedEvent,
    StartedEvent,
    StepEvent,
    StepMeasure,
    StoppedEvent,
    WarningEvent,
    WatchedEvent,
)
from tmeattn.runs.events import EventTail, best_epoch, decode, kind_of
from tmeattn.runs.run_files import RunStatus, State

CHUNK = 256 * 1024
"""Bytes of a log read at once: some thousand events, about 10 ms."""
MOST_POINTS = 2048
MOST_HISTOGRAMS = 128
MOST_EPOCHS = 4096
MOST_LINES = 1000
MEASURES: tuple[StepMeasure, ...] = ("cross_entropy", "accuracy", "entropy", "penalty", "loss", "tokens_per_second")
ObservedState = State | Literal["deleted"]


@dataclass
class Steps:
    """Measures by training step. Above 2,048 points, the mean of two neighbours takes their place."""

    step: list[int] = field(default_factory=list)
    columns: dict[StepMeasure, list[float | None]] = field(default_factory=lambda: {name: [] for name in MEASURES})
    stride: int = 1
    _waiting: list[StepEvent] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.step)

    def add(self, event: StepEvent) -> None:
        self._waiting.append(event)
        if len(self._waiting) < self.stride:
            return
        self.step.append(event["step"])
        for name, column in self.columns.items():
            column.append(_mean([waiting[name] for waiting in self._waiting]))
        self._waiting = []
        if len(self) > MOST_POINTS:
            self._halve()

    def drop_after(self, step: int) -> None:
        """Remove the points after a step."""
        self._waiting = []
        keep = sum(at <= step for at in self.step)
        del self.step[keep:]
        for column in self.columns.values():
            del column[keep:]

    def _halve(self) -> None:
        self.step = self.step[1::2]
        for name, column in self.columns.items():
            self.columns[name] = [_mean(column[at : at + 2]) for at in range(0, 2 * len(self.step), 2)]
        self.stride *= 2


@dataclass(frozen=True)
class LogLine:
    """One line of the log on the screen. time: seconds since 1970."""

    time: float
    text: str
    level: Literal["info", "good", "warning", "error"] = "info"


class RunState:
    """What the files of a run say. `refresh` reads the new events; `version` grows with every change.

    steps: whether to keep the measures of every step, the watched texts and the log. Without them, for a list of many
    runs, only the last step event is decoded, and only the last epoch keeps its histograms.
    """

    def __init__(self, run: RunDirectory, *, steps: bool = True) -> None:
        self.run = run
        self.version = 0
        self.reads = 0
        self.with_steps = steps
        self._tail = EventTail(run.events_path)
        self._stamps: tuple[float, ...] = ()
        self.status: RunStatus = {"state": "created"}
        self.state: ObservedState = "created"
        self.name: str | None = None
        self.caught_up = False
        self._reset()

    def _reset(self) -> None:
        self.started: StartedEvent | None = None
        self.attempt: StartedEvent | ResumedEvent | None = None
        self.epochs: list[EpochEvent] = []
        self._histograms = 0
        self.steps = Steps()
        self.last_step: StepEvent | None = None
        self.watched: list[WatchedEvent] = []
        self.lines: deque[LogLine] = deque(maxlen=MOST_LINES)
        self.lines_total = 0
        self.ended: StoppedEvent | FinishedEvent | FailedEvent | None = None

    def refresh(self, most: int = CHUNK) -> bool:
        """Read new events, at most about `most` bytes of the log. Returns whether anything has changed.

        Raises:
            BadInput: run.json is damaged or of another format.
        """
        before = self.version
        stamps = self._files()
        if stamps != self._stamps or not self.caught_up:
            self._read(stamps, most)
        state = self._state()
        if state != self.state:
            self.state = state
            self.version += 1
        return self.version != before

    def _read(self, stamps: tuple[float, ...], most: int) -> None:
        self.reads += 1
        lines = self._tail.lines(most)
        self.caught_up = self._tail.at_end
        self._stamps = stamps
        if lines:
            self._handle(lines)
        self.status = self.run.status()
        self.name = self.run.name
        self.version += 1

    def _files(self) -> tuple[float, ...]:
        """The times and sizes of the files that `refresh` reads."""
        found: list[float] = []
        for name in ("events.jsonl", "status.json", "meta.json"):
            try:
                stat = os.stat(f"{self.run.path}/{name}")  # noqa: PTH116  many runs are looked at, and a Path is slow
                found += (stat.st_mtime_ns, stat.st_size)
            except OSError:
                found += (-1, -1)
        return tuple(found)

    def _state(self) -> ObservedState:
        if set(self._stamps) == {-1} and not self.run.path.is_dir():
            return "deleted"
        written = self.status["state"]
        if written == "running" and process_alive(self.status):
            return written
        ended = self.ended["kind"] if self.ended and self.caught_up else None
        return observed_state(written, ended)

    def _handle(self, lines: list[str]) -> None:
        if not self.with_steps:
            lines = _without_details(lines)
        for line in lines:
            event = decode(line)
            if event is None:
                continue
            handler: Callable[[Event], None] | None = getattr(self, f"_on_{event['kind']}", None)
            if handler is not None:
                with contextlib.suppress(KeyError, TypeError, ValueError):  # an event without a required field
                    handler(event)

    def _log(self, event: Event, text: str, level: Literal["info", "good", "warning", "error"] = "info") -> None:
        self.lines_total += 1
        if self.with_steps:
            self.lines.append(LogLine(event.get("time", 0.0), text, level))

    def _on_started(self, event: StartedEvent) -> None:
        self._reset()
        self.started = self.attempt = event
        self._log(
            event,
            f"started: {count(event['train_texts'])} training and {count(event['validation_texts'])} "
            f"validation texts, {count(event['parameters'])} parameters, {event['device']}, "
            f"threads {event['threads']}",
        )

    def _on_resumed(self, event: ResumedEvent) -> None:
        step, epoch = event["step"], event["epoch"]
        self.attempt, self.ended, self.last_step = event, None, None
        self.steps.drop_after(step)
        self.epochs = [earlier for earlier in self.epochs if earlier["step"] <= step and earlier["epoch"] <= epoch]
        self.watched = [earlier for earlier in self.watched if earlier["epoch"] <= epoch]
        self._log(event, f"resumed after step {count(step)}")

    def _on_step(self, event: StepEvent) -> None:
        if self.with_steps:
            self.steps.add(event)
        self.last_step = event

    def _on_epoch(self, event: EpochEvent) -> None:
        validation = event["validation"]
        accuracy = percent(validation["accuracy"], 2)
        best = ", the best so far" if event["best"] else ""
        summary = f"epoch {event['epoch']}: loss {decimal(validation['cross_entropy'])}, accuracy {accuracy}{best}"
        self._log(event, f"{summary}; {seconds(event['seconds'])}", "good" if event["best"] else "info")
        if not self.with_steps and self.epochs:
            self.epochs[-1] = _without_histograms_of(self.epochs[-1])
        self.epochs.append(event)
        self._histograms += 1
        if self._histograms > MOST_HISTOGRAMS:
            self._histograms = _thin_histograms(self.epochs)
        del self.epochs[:-MOST_EPOCHS]

    def _on_watched(self, event: WatchedEvent) -> None:
        self.watched.append(event)
        if len(self.watched) > 2 * MOST_HISTOGRAMS:
            self.watched = self.watched[1::2]

    def _on_checkpoint(self, event: CheckpointEvent) -> None:
        self._log(event, f"checkpoint at step {count(event['step'])}")

    def _on_warning(self, event: WarningEvent) -> None:
        self._log(event, event["message"], "warning")

    def _on_stopped(self, event: StoppedEvent) -> None:
        self.ended = event
        self._log(event, f"stopped at step {count(event['step'])} ({event['reason']}), can be resumed", "warning")

    def _on_finished(self, event: FinishedEvent) -> None:
        self.ended = event
        why = "validation accuracy did not improve" if event["reason"] == "patience" else "all epochs are done"
        self._log(event, f"finished: {why}; {seconds(event['seconds'])}", "good")

    def _on_failed(self, event: FailedEvent) -> None:
        self.ended = event
        self._log(event, f"failed: {event['message']}", "error")

    @property
    def bytes_read(self) -> int:
        """Bytes of the log that were read so far."""
        return self._tail.offset

    @property
    def step(self) -> int:
        """Training steps done."""
        done = [self.attempt_step, self.status.get("step", 0)]
        done += [self.last_step["step"]] if self.last_step else []
        if self.ended and self.ended["kind"] != "failed":
            done.append(self.ended["step"])
        return max(done)

    @property
    def attempt_step(self) -> int:
        """The step at which training started or resumed last."""
        return self.attempt["step"] if self.attempt and self.attempt["kind"] == "resumed" else 0

    @property
    def finished(self) -> bool:
        """Whether training finished, by the last event of the log."""
        return self.ended is not None and self.ended["kind"] == "finished"

    @property
    def epochs_planned(self) -> int:
        return int(self.run.config["train"]["epochs"])

    @property
    def steps_per_epoch(self) -> int:
        planned = self.attempt.get("steps_per_epoch", 0) if self.attempt else 0
        return planned or self.status.get("steps_per_epoch", 0)

    @property
    def share_done(self) -> float:
        """The share of all steps that is done, in [0, 1]; 1 for a finished run, also one that stopped early."""
        total = self.epochs_planned * self.steps_per_epoch
        if self.finished:
            return 1.0
        return min(self.step / total, 1.0) if total else 0.0

    @property
    def best_accuracy(self) -> float | None:
        best = best_epoch(self.epochs)
        return None if best is None else best["validation"]["accuracy"]

    @property
    def seconds_left(self) -> float | None:
        """The expected seconds until a running run ends, from its last epoch or else its steps; None without any."""
        left = self.epochs_planned * self.steps_per_epoch - self.step
        if self.state != "running" or not self.steps_per_epoch:
            return None
        if self.epochs:
            return self.epochs[-1]["seconds"] / self.steps_per_epoch * left
        if self.last_step is None or self.attempt is None:
            return None
        done = self.last_step["step"] - self.attempt_step
        took = self.last_step.get("time", 0.0) - self.attempt.get("time", 0.0)
        return took / done * left if done > 0 else None

    @property
    def waited(self) -> float | None:
        """Seconds since training started or resumed; None after its first step, and for a run that is not running."""
        if self.state != "running" or self.attempt is None or self.step > self.attempt_step:
            return None
        return max(now() - self.attempt.get("time", 0.0), 0.0)

    @property
    def age(self) -> float:
        """Seconds since the run was created."""
        return max(now() - float(self.run.info["created"]), 0.0)


def _without_details(lines: list[str]) -> list[str]:
    """The lines without watched texts, and of the step events only the last one."""
    kinds = [kind_of(line) for line in lines]
    last = max((at for at, kind in enumerate(kinds) if kind == "step"), default=None)
    return [
        line
        for at, (line, kind) in enumerate(zip(lines, kinds, strict=True))
        if at == last or kind not in ("step", "watched", "checkpoint")
    ]


def _thin_histograms(epochs: list[EpochEvent]) -> int:
    """Remove the histograms of every second epoch where there are too many; the last epoch keeps its histogram.
    Returns how many epochs have one."""
    with_histogram = [at for at, epoch in enumerate(epochs) if epoch["validation"].get("histogram")]
    if len(with_histogram) <= MOST_HISTOGRAMS:
        return len(with_histogram)
    thinned = with_histogram[1:-1:2]
    for at in thinned:
        epochs[at] = _without_histograms_of(epochs[at])
    return len(with_histogram) - len(thinned)


def _without_histograms_of(epoch: EpochEvent) -> EpochEvent:
    thinned = epoch.copy()
    thinned["train"] = _without_histograms(epoch["train"])
    thinned["validation"] = _without_histograms(epoch["validation"])
    return thinned


def _without_histograms(part: EpochPart) -> EpochPart:
    copy = part.copy()
    copy["histogram"] = None
    copy.pop("heads", None)
    return copy


def _mean(values: list[float | None]) -> float | None:
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers else None
