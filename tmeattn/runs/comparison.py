"""Compare runs: the options in which they differ, and means and intervals over runs that differ only in their seed."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tmeattn.errors import BadInput
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.event_types import EpochEvent, EpochMeasure, EpochPart
from tmeattn.runs.events import best_epoch, epoch_events
from tmeattn.runs.summary import RunSummary, summarize

# Two-sided 95 % points of Student's t for 1 to 30 degrees of freedom (Student 1908).
_T95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True)
class ComparedRun:
    """A run: its summary, its options, the validation measures of its best epoch (None: no epoch yet), its epochs."""

    summary: RunSummary
    options: dict[str, object]
    best: EpochPart | None
    epochs: list[EpochEvent]

    @property
    def label(self) -> str:
        return self.summary.name or self.summary.id

    def measure(self, name: EpochMeasure) -> float | None:
        """A validation measure of the best epoch, such as `cross_entropy`."""
        return None if self.best is None else self.best[name]

    @property
    def seconds_per_epoch(self) -> float | None:
        return statistics.mean(epoch["seconds"] for epoch in self.epochs) if self.epochs else None


@dataclass(frozen=True)
class SeedGroup:
    """Runs that differ only in their seed.

    accuracy: mean over the seeds. half: half the width of its 95 % interval, None for a single run.
    """

    runs: tuple[ComparedRun, ...]
    accuracy: float | None
    half: float | None


@dataclass(frozen=True)
class Comparison:
    """The runs, the options other than the seed in which they differ, and the groups of runs with equal options."""

    runs: tuple[ComparedRun, ...]
    differing: tuple[str, ...]
    groups: tuple[SeedGroup, ...]

    def document(self) -> dict[str, Any]:
        """The comparison as `--json` prints it."""
        runs = [
            {
                "id": run.summary.id,
                "name": run.summary.name,
                "model": run.summary.model,
                "seed": run.summary.seed,
                "options": {key: run.options.get(key) for key in self.differing},
                "best_epoch": run.summary.best_epoch,
                "validation": run.best and {k: v for k, v in run.best.items() if k != "histogram"},
                "seconds_per_epoch": run.seconds_per_epoch,
            }
            for run in self.runs
        ]
        groups = [
            {
                "model": group.runs[0].summary.model,
                "runs": [run.summary.id for run in group.runs],
                "accuracy": group.accuracy,
                "interval": None if group.half is None or group.accuracy is None
                else [group.accuracy - group.half, group.accuracy + group.half],
            }
            for group in self.groups
        ]  # fmt: skip
        return {"runs": runs, "groups": groups}


def compare_runs(runs: Sequence[RunDirectory]) -> Comparison:
    """Compare runs, whether of the same dataset or not.

    Raises:
        BadInput: fewer than two runs.
    """
    if len(runs) < 2:
        raise BadInput(
            "A single run cannot be compared.", hint="Give two runs or more. List them with: tmeattn runs list"
        )
    compared = tuple(_read(run) for run in runs)
    keys = sorted({key for run in compared for key in run.options} - {"seed", "threads", "device"})
    differing = tuple(key for key in keys if len({_text(run.options.get(key)) for run in compared}) > 1)
    grouped: dict[tuple[str, ...], list[ComparedRun]] = {}
    for run in compared:
        identity = (run.summary.model, *(_text(run.options.get(key)) for key in keys))
        grouped.setdefault(identity, []).append(run)
    return Comparison(compared, differing, tuple(_seeds(group) for group in grouped.values()))


def mean_and_half_interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    """The mean, and half the width of its 95 % interval (Student's t); None where there are too few values for it."""
    if len(values) < 2:
        return (values[0] if values else None), None
    return statistics.mean(values), _t95(len(values) - 1) * statistics.stdev(values) / len(values) ** 0.5


def _t95(freedom: int) -> float:
    """The 95 % point of Student's t: from the table, and above 30 degrees of freedom from the first terms of Fisher's
    expansion around the point of the normal distribution."""
    if freedom <= len(_T95):
        return _T95[freedom - 1]
    z = 1.959963984540054
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _seeds(group: list[ComparedRun]) -> SeedGroup:
    accuracies = [run.summary.best_accuracy for run in group if run.summary.best_accuracy is not None]
    return SeedGroup(tuple(group), *mean_and_half_interval(accuracies))


def _read(run: RunDirectory) -> ComparedRun:
    events = list(run.figures())
    best = best_epoch(events)
    validation = None if best is None else best["validation"]
    return ComparedRun(summarize(run, events), run.options, validation, epoch_events(events))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
