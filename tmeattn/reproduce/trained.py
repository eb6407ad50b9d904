"""The trained runs of a target, and the table row of an entry. No torch."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from tmeattn.evaluation.intervals import accuracy_interval
from tmeattn.reproduce.plan import Entry
from tmeattn.reproduce.results import Row
from tmeattn.runs.comparison import mean_and_half_interval
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.event_types import EntropyEvent, EpochEvent, Event, StartedEvent
from tmeattn.runs.events import best_epoch, diverged, epoch_events, started_event


@dataclass(frozen=True)
class SeedRun:
    """The run of one seed, with its events."""

    seed: int
    run: RunDirectory

    @cached_property
    def events(self) -> list[Event]:
        return self.run.page_events()

    @cached_property
    def epochs(self) -> list[EpochEvent]:
        return epoch_events(self.events)

    @cached_property
    def started(self) -> StartedEvent | None:
        return started_event(self.events)

    @cached_property
    def entropies(self) -> list[EntropyEvent]:
        """The attention entropy before training, and of each batch where the run logs it."""
        return [event for event in self.events if event["kind"] == "entropy"]

    @property
    def machine(self) -> str | None:
        """Device and threads: "cpu, 2 threads"."""
        if self.started is None:
            return None
        threads = self.started["threads"]
        return f"{self.started['device']}, {threads} thread{'s' if threads != 1 else ''}"

    @property
    def best(self) -> EpochEvent | None:
        return best_epoch(self.events)


EntryRuns = Sequence[tuple[Entry, Sequence[SeedRun]]]
"""Every entry of a target with its runs, one for each seed."""


def row(entry: Entry, seed_runs: Sequence[SeedRun], chance: float | None = None) -> Row:
    """The table row of one entry. `chance` is the accuracy of always predicting the larger class."""
    best = [event for seed_run in seed_runs if (event := seed_run.best) is not None]
    accuracies = tuple(event["validation"]["accuracy"] for event in best)
    accuracy, half = mean_and_half_interval(accuracies)
    low, high = interval(accuracy, half, seed_runs)
    return Row(
        label=entry.label,
        model=entry.run.model,
        report=entry.report,
        accuracies=accuracies,
        accuracy=accuracy,
        half=half,
        train_accuracy=mean(event["train"]["accuracy"] for event in best),
        entropy=mean(event["validation"]["entropy"] for event in best),
        normalized_entropy=mean(event["validation"]["normalized_entropy"] for event in best),
        seconds_per_epoch=mean(event["seconds"] for seed_run in seed_runs for event in seed_run.epochs),
        best_epoch=mean(event["epoch"] for event in best),
        epochs=mean(len(seed_run.epochs) for seed_run in seed_runs),
        last_accuracy=mean(seed_run.epochs[-1]["validation"]["accuracy"] for seed_run in seed_runs if seed_run.epochs),
        diverged=tuple(seed_run.seed for seed_run in seed_runs if diverged(seed_run.events)),
        runs=tuple(seed_run.run.id for seed_run in seed_runs),
        report_train=entry.report_train,
        low=low,
        high=high,
        at_chance=low is not None and chance is not None and low <= chance,
    )


def interval(
    accuracy: float | None, half: float | None, seed_runs: Sequence[SeedRun]
) -> tuple[float | None, float | None]:
    """The 95 % interval of an accuracy: Student's over seeds, or for one seed Wilson's over its validation texts."""
    if accuracy is None or not 0 <= accuracy <= 1:
        return None, None
    if half is not None:
        return max(accuracy - half, 0.0), min(accuracy + half, 1.0)
    texts = max((seed_run.started["validation_texts"] for seed_run in seed_runs if seed_run.started), default=0)
    return accuracy_interval(accuracy, texts) if texts else (None, None)


def mean(values: Iterable[float | None]) -> float | None:
    """Mean of the known values; None if there are none."""
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
