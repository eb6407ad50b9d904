"""What a run is worth for a sweep, by its event log; and the listener that prunes it or ends it when its time is over.

No torch and no Optuna.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.event_types import EpochEvent, Event
from tmeattn.runs.events import epoch_events
from tmeattn.runs.figures import OUT_OF_TIME, PRUNED, figures_of
from tmeattn.sweep.plan import LOSS, Objective


class StopReason(Protocol):
    """The flag that stops a training: see `tmeattn.training.signals.StopFlag`."""

    reason: str | None


def measure(event: EpochEvent, objective: Objective) -> float:
    """What one epoch is worth."""
    validation = event["validation"]
    return validation["cross_entropy"] if objective.kind == LOSS else validation["accuracy"]


def value_of(epochs: Iterable[EpochEvent], objective: Objective) -> float | None:
    """What a run is worth: the best of its epochs, of those that ended within the time. 0 for a run that has none
    within the time; None for a run without an epoch, or with a value that is not finite."""
    found, passed = [], 0.0
    for event in epochs:
        passed += event["seconds"]
        if objective.within is None or passed <= objective.within:
            found.append(measure(event, objective))
    if not found:
        return None if objective.within is None else 0.0
    best = max(found) if objective.rises else min(found)
    return best if math.isfinite(best) else None


def seconds_of(run: RunDirectory) -> float:
    """The seconds of all epochs of a run."""
    return sum(event["seconds"] for event in epoch_events(run.events("epoch", "resumed")))


class Watcher:
    """A listener of a training that sets the flag `stop` where the run is to end early.

    prune: called with the number of an epoch and its value; whether to prune the run. None: it is not pruned.
    already: the seconds of the epochs that an earlier process trained.
    """

    def __init__(
        self,
        objective: Objective,
        stop: StopReason,
        prune: Callable[[int, float], bool] | None,
        already: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._objective, self._stop, self._prune, self._clock = objective, stop, prune, clock
        self._passed, self._began, self._epochs = already, clock(), 0

    def __call__(self, event: Event) -> None:
        if event["kind"] in ("started", "resumed"):
            self._epochs, self._began = event.get("epochs", 0), self._clock()
        elif event["kind"] == "epoch":
            self._passed, self._began = self._passed + event["seconds"], self._clock()
            if self._prune is not None and self._prune(event["epoch"], measure(event, self._objective)):
                self._end(PRUNED, event["epoch"])
            self._check_time(event["epoch"])
        elif event["kind"] == "step":
            self._check_time(event["epoch"] - 1)

    def _check_time(self, epoch: int) -> None:
        within = self._objective.within
        if within is not None and self._passed + self._clock() - self._began > within:
            self._end(OUT_OF_TIME, epoch)

    def _end(self, reason: str, epoch: int) -> None:
        if epoch < self._epochs and self._stop.reason is None:  # after the last epoch, the run ends by itself
            self._stop.reason = reason


def stop_reason(run: RunDirectory) -> str | None:
    """Why the last attempt of a run stopped: `PRUNED`, `OUT_OF_TIME`, a signal or a request; None if it did not."""
    return figures_of(run.figures())["stop_reason"]
