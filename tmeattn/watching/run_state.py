"""The state of a run, read from its event log and status file in parts, in bounded memory. No widgets."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable
from time import time as now
from typing import Literal

from tmeattn.runs.control import process_alive
from tmeattn.runs.directory import RunDirectory, observed_state
from tmeattn.runs.event_reader import EventTail
from tmeattn.runs.event_types import (
    EntropyEvent,
    EpochEvent,
    Event,
    FailedEvent,
    FinishedEvent,
    ResumedEvent,
    StartedEvent,
    StepEvent,
    StoppedEvent,
    WatchedStepEvent,
)
from tmeattn.runs.events import best_epoch, decode
from tmeattn.runs.run_files import RunStatus, State
from tmeattn.watching.log_lines import MOST_LINES, LogLine, log_line
from tmeattn.watching.log_sample import sample, spacing, step_lines, without_details
from tmeattn.watching.run_history import (
    MOST_EPOCHS,
    MOST_HISTOGRAMS,
    Steps,
    TrainingClock,
    Watched,
    thin_histograms,
    thin_watched,
    without_histograms,
)

CHUNK = 256 * 1024
"""Bytes of a log read at once: some thousand events, about 10 ms."""
LARGE_CHUNK = 2**21
"""Bytes read at once of a long log, whose step events are sampled: about 10 ms too."""
ObservedState = State | Literal["deleted"]


class RunState:
    """The state of a run by its files. `refresh` reads the new events; `version` grows with every change.

    steps: whether to keep the measures of every step, the watched texts and the log. Without them, for a list of many
    runs, only the last step event is decoded, and only the last epoch keeps its histograms. The step events of a long
    log are sampled; those that are logged later are all read.
    """

    def __init__(self, run: RunDirectory, *, steps: bool = True) -> None:
        self.run = run
        self.version = 0
        self.reads = 0
        self.with_steps = steps
        self._tail = EventTail(run.events_path)
        self._stamps: tuple[float, ...] = ()
        self._every = self._passed = 0
        self.status: RunStatus = {"state": "created"}
        self.state: ObservedState = "created"
        self.name: str | None = None
        self.caught_up = False
        self._reset()

    def _reset(self) -> None:
        self.started: StartedEvent | None = None
        self.attempt: StartedEvent | ResumedEvent | None = None
        self.untrained: EntropyEvent | None = None
        self.epochs: list[EpochEvent] = []
        self._histograms = 0
        self.steps = Steps()
        self.last_step: StepEvent | None = None
        self.watched: list[Watched] = []
        self.clock = TrainingClock()
        self.epoch_seconds: dict[int, float | None] = {}
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
        size = int(stamps[1])
        if self.caught_up or not self._tail.offset:
            self._every = spacing(size - self._tail.offset if size >= self._tail.offset else size)
        sampled = self._every or not self.with_steps
        data = self._tail.chunk(LARGE_CHUNK if sampled else most)
        self.caught_up = self._tail.at_end
        self._stamps = stamps
        if data:
            lines, left_out = self._lines(data)
            self._handle(lines)
            self.lines_total += left_out
        if self.caught_up:
            self._end_sample()
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

    def _lines(self, data: bytes) -> tuple[list[str], int]:
        """The lines that are decoded: all, unless many are read at once or the steps are not kept. Then how many lines
        of the log on the screen were left out because newer ones fill it."""
        if not self.with_steps:
            return without_details(data), 0
        if not self._every:
            return data.decode("utf-8", "replace").split("\n"), 0
        self._passed += step_lines(data)
        return sample(data, self._every)

    def _end_sample(self) -> None:
        """From now on every step event is decoded: as many of them make one point as there are behind each of the
        points so far."""
        if self._every and len(self.steps):
            self.steps.stride = max(self.steps.stride, self._passed // len(self.steps))
        self._every = self._passed = 0

    def _handle(self, lines: list[str]) -> None:
        for line in lines:
            event = decode(line)
            if event is None:
                continue
            handler: Callable[[Event], None] | None = getattr(self, f"_on_{event['kind']}", None)
            with contextlib.suppress(KeyError, TypeError, ValueError):  # an event without a required field
                if handler is not None:
                    handler(event)
                self._log(event)

    def _log(self, event: Event) -> None:
        line = log_line(event)
        if line is None:
            return
        self.lines_total += 1
        if self.with_steps:
            self.lines.append(line)

    @property
    def stop_reason(self) -> str | None:
        """Why the last attempt was stopped; None where it was not."""
        return self.ended["reason"] if self.ended and self.ended["kind"] == "stopped" else None

    def _on_started(self, event: StartedEvent) -> None:
        self._reset()
        self.started = self.attempt = event
        self.clock.begin(event)

    def _on_resumed(self, event: ResumedEvent) -> None:
        step, epoch = event["step"], event["epoch"]
        self.attempt, self.ended, self.last_step = event, None, None
        self.steps.drop_after(step)
        self.epochs = [earlier for earlier in self.epochs if earlier["step"] <= step and earlier["epoch"] <= epoch]
        self.watched = [
            earlier
            for earlier in self.watched
            if earlier["epoch"] <= epoch and (earlier["kind"] == "watched" or earlier["step"] <= step)
        ]
        self.epoch_seconds = {at: seconds for at, seconds in self.epoch_seconds.items() if at <= epoch}
        known = [*self.steps.seconds[-1:], *self.epoch_seconds.values()]
        self.clock.begin(event, max((seconds for seconds in known if seconds is not None), default=0.0))

    def _on_step(self, event: StepEvent) -> None:
        if self.with_steps:
            self.steps.add(event, self.clock.at(event))
        self.last_step = event

    def _on_epoch(self, event: EpochEvent) -> None:
        if not self.with_steps and self.epochs:
            self.epochs[-1] = without_histograms(self.epochs[-1])
        self.epochs.append(event)
        self._histograms += 1
        if self._histograms > MOST_HISTOGRAMS:
            self._histograms = thin_histograms(self.epochs)
        self.epoch_seconds[event["epoch"]] = self.clock.at(event)
        del self.epochs[:-MOST_EPOCHS]

    def _on_entropy(self, event: EntropyEvent) -> None:
        """Keep that of the model before its first step; those of single batches are for analyses."""
        if event["split"] == "validation" and event["step"] == 0:
            self.untrained = event

    def _on_watched(self, event: Watched) -> None:
        if not self.with_steps:
            return
        self.watched.append(event)
        if len(self.watched) > 2 * MOST_HISTOGRAMS:
            self.watched = thin_watched(self.watched)

    def _on_watched_step(self, event: WatchedStepEvent) -> None:
        self._on_watched(event)

    def _on_stopped(self, event: StoppedEvent) -> None:
        self.ended = event

    def _on_finished(self, event: FinishedEvent) -> None:
        self.ended = event

    def _on_failed(self, event: FailedEvent) -> None:
        self.ended = event

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
        of_attempt = self.attempt.get("epochs") if self.attempt else None  # another process may have extended the run
        return int(of_attempt or self.run.config["train"]["epochs"])

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
