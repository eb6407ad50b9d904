"""The state of a run, read from its event log and status file in parts, in bounded memory. No widgets."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import time as now
from typing import Any, Literal

from tmeattn.files import read_json
from tmeattn.render.numbers import count, decimal, percent, seconds
from tmeattn.runs.directory import RunDirectory, State, process_alive
from tmeattn.runs.events import Event, EventTail, decode
from tmeattn.runs.index import best_epoch

CHUNK = 256 * 1024
"""Bytes of a log read at once: some thousand events, about 10 ms."""
MOST_POINTS = 2048
MOST_HISTOGRAMS = 128
MOST_EPOCHS = 4096
MOST_LINES = 1000
MEASURES = ("cross_entropy", "accuracy", "entropy", "penalty", "loss", "tokens_per_second")
ObservedState = State | Literal["deleted"]


@dataclass
class Steps:
    """Measures by training step. Above 2,048 points, the mean of two neighbours takes their place."""

    step: list[int] = field(default_factory=list)
    columns: dict[str, list[float | None]] = field(default_factory=lambda: {name: [] for name in MEASURES})
    stride: int = 1
    _waiting: list[Event] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.step)

    def add(self, event: Event) -> None:
        self._waiting.append(event)
        if len(self._waiting) < self.stride:
            return
        self.step.append(int(event["step"]))
        for name, column in self.columns.items():
            column.append(_mean([waiting.get(name) for waiting in self._waiting]))
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

    steps: whether to keep the measures of every step. Without them only the last step event is decoded, which is
    enough for a list of many runs.
    """

    def __init__(self, run: RunDirectory, *, steps: bool = True) -> None:
        self.run = run
        self.version = 0
        self.reads = 0
        self.with_steps = steps
        self._tail = EventTail(run.events_path)
        self._stamps: tuple[float, ...] = ()
        self.status: dict[str, Any] = {}
        self.state: ObservedState = "created"
        self.name: str | None = None
        self.caught_up = False
        self._reset()

    def _reset(self) -> None:
        self.started: Event = {}
        self.attempt: Event = {}
        self.epochs: list[Event] = []
        self.steps = Steps()
        self.last_step: Event = {}
        self.watched: list[Event] = []
        self.lines: deque[LogLine] = deque(maxlen=MOST_LINES)
        self.lines_total = 0
        self.ended: Event = {}

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
        self.caught_up = not lines or sum(map(len, lines)) < most // 2
        self._stamps = stamps
        if lines:
            self._handle(lines)
        self.status = read_json(self.run.path / "status.json") or {}
        self.name = self.run.name
        self.version += 1

    def _files(self) -> tuple[float, ...]:
        """The times and sizes of the files that `refresh` reads."""
        found: list[float] = []
        for name in ("events.jsonl", "status.json", "meta.json"):
            try:
                stat = (self.run.path / name).stat()
                found += (stat.st_mtime_ns, stat.st_size)
            except OSError:
                found += (-1, -1)
        return tuple(found)

    def _state(self) -> ObservedState:
        if not self.run.path.is_dir():
            return "deleted"
        state: State = self.status.get("state", "created")
        if state == "running" and not process_alive(self.status):
            return "crashed"
        return "finished" if state == "created" and self.ended.get("kind") == "finished" else state

    def _handle(self, lines: list[str]) -> None:
        last = len(lines) - 1
        for at, line in enumerate(lines):
            if not self.with_steps and line.startswith('{"kind":"step"') and at < last:
                continue
            event = decode(line)
            if event is None:
                continue
            handler: Callable[[Event], None] | None = getattr(self, f"_on_{event['kind']}", None)
            if handler is not None:
                with contextlib.suppress(KeyError, TypeError, ValueError):  # an event without a required field
                    handler(event)

    def _log(self, event: Event, text: str, level: Literal["info", "good", "warning", "error"] = "info") -> None:
        self.lines_total += 1
        self.lines.append(LogLine(float(event.get("time") or 0.0), text, level))

    def _on_started(self, event: Event) -> None:
        self._reset()
        self.started, self.attempt = event, {**event, "step": 0}
        self._log(
            event,
            f"started: {count(event.get('train_texts'))} training and {count(event.get('validation_texts'))} "
            f"validation texts, {count(event.get('parameters'))} parameters, {event.get('device')}, "
            f"threads {event.get('threads')}",
        )

    def _on_resumed(self, event: Event) -> None:
        step, epoch = int(event["step"]), int(event["epoch"])
        self.attempt, self.ended, self.last_step = event, {}, {}
        self.steps.drop_after(step)
        self.epochs = [earlier for earlier in self.epochs if earlier["step"] <= step and earlier["epoch"] <= epoch]
        self.watched = [earlier for earlier in self.watched if earlier["epoch"] <= epoch]
        self._log(event, f"resumed after step {count(step)}")

    def _on_step(self, event: Event) -> None:
        if self.with_steps:
            self.steps.add(event)
        self.last_step = event

    def _on_epoch(self, event: Event) -> None:
        validation = event["validation"]
        accuracy = percent(validation["accuracy"], 2)
        best = ", the best so far" if event["best"] else ""
        summary = f"epoch {event['epoch']}: loss {decimal(validation['cross_entropy'])}, accuracy {accuracy}{best}"
        self._log(event, f"{summary}; {seconds(event['seconds'])}", "good" if event["best"] else "info")
        self.epochs.append(event)
        _thin_histograms(self.epochs)
        del self.epochs[:-MOST_EPOCHS]

    def _on_watched(self, event: Event) -> None:
        _ = event["epoch"], event["texts"]
        self.watched.append(event)
        if len(self.watched) > 2 * MOST_HISTOGRAMS:
            self.watched = self.watched[1::2]

    def _on_checkpoint(self, event: Event) -> None:
        self._log(event, f"checkpoint at step {count(event.get('step'))}")

    def _on_warning(self, event: Event) -> None:
        self._log(event, str(event.get("message")), "warning")

    def _on_stopped(self, event: Event) -> None:
        self.ended = event
        self._log(
            event, f"stopped at step {count(event.get('step'))} ({event.get('reason')}), can be resumed", "warning"
        )

    def _on_finished(self, event: Event) -> None:
        self.ended = event
        why = "validation accuracy did not improve" if event.get("reason") == "patience" else "all epochs are done"
        self._log(event, f"finished: {why}; {seconds(event.get('seconds'))}", "good")

    def _on_failed(self, event: Event) -> None:
        self.ended = event
        self._log(event, f"failed: {event.get('message')}", "error")

    @property
    def step(self) -> int:
        """Training steps done."""
        done = (source.get("step") for source in (self.last_step, self.status, self.ended, self.attempt))
        return max((int(step) for step in done if isinstance(step, int)), default=0)

    @property
    def epochs_planned(self) -> int:
        return int(self.run.config["train"]["epochs"])

    @property
    def steps_per_epoch(self) -> int:
        return int(self.attempt.get("steps_per_epoch") or self.status.get("steps_per_epoch") or 0)

    @property
    def share_done(self) -> float:
        """The share of all steps that is done, in [0, 1]; 1 for a finished run, also one that stopped early."""
        total = self.epochs_planned * self.steps_per_epoch
        if self.ended.get("kind") == "finished":
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
            return float(self.epochs[-1]["seconds"]) / self.steps_per_epoch * left
        done = self.last_step.get("step", 0) - self.attempt.get("step", 0)
        took = self.last_step.get("time", 0.0) - self.attempt.get("time", 0.0)
        return took / done * left if done > 0 else None

    @property
    def waited(self) -> float | None:
        """Seconds since training started or resumed; None after its first step, and for a run that is not running."""
        if self.state != "running" or not self.attempt or self.step > int(self.attempt.get("step") or 0):
            return None
        return max(now() - float(self.attempt.get("time") or 0.0), 0.0)

    @property
    def age(self) -> float:
        """Seconds since the run was created."""
        return max(now() - float(self.run.info["created"]), 0.0)


def _thin_histograms(epochs: list[Event]) -> None:
    """Remove the histograms of every second epoch where there are too many; the last epoch keeps its histogram."""
    with_histogram = [at for at, epoch in enumerate(epochs) if epoch["validation"].get("histogram")]
    if len(with_histogram) <= MOST_HISTOGRAMS:
        return
    for at in with_histogram[1:-1:2]:
        epochs[at] = {**epochs[at], **{part: _without_histograms(epochs[at][part]) for part in ("train", "validation")}}


def _without_histograms(part: Event) -> Event:
    return {key: value for key, value in part.items() if key not in ("histogram", "heads")}


def _mean(values: list[float | None]) -> float | None:
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers else None
