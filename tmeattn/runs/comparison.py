"""Compare runs: the options in which they differ, and means and intervals over runs that differ only in their seed."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tmeattn.errors import BadInput, shortened
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.event_types import EpochEvent, EpochMeasure, EpochPart
from tmeattn.runs.events import best_epoch, epoch_events
from tmeattn.runs.fairness import fairness_notes, same_seed_note
from tmeattn.runs.summary import RunSummary, summarize

# Two-sided 95 % points of Student's t for 1 to 30 degrees of freedom (Student 1908).
_T95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip

_OF_THE_PROCESS = {"seed", "threads", "device"}
"""Options in which runs of one group may differ."""


@dataclass(frozen=True)
class ComparedRun:
    """A run: its summary, its options, the validation measures of its best epoch (None: no epoch yet), its epochs, and
    the fingerprint of its data."""

    summary: RunSummary
    options: dict[str, object]
    best: EpochPart | None
    epochs: list[EpochEvent]
    fingerprint: str

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
    """Runs that differ only in their seed, or that the user has put together.

    label:    what names the group: the user's name, that of its run, or what the names of its runs begin with.
    accuracy: mean over the seeds. half: half the width of its 95 % interval, None for a single run.
    """

    runs: tuple[ComparedRun, ...]
    accuracy: float | None
    half: float | None
    label: str = ""


@dataclass(frozen=True)
class Comparison:
    """The runs, the options other than the seed in which they differ, and the groups of runs with equal options."""

    runs: tuple[ComparedRun, ...]
    differing: tuple[str, ...]
    groups: tuple[SeedGroup, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What keeps the logged figures from being comparable, such as other data or `--limit`; one sentence each."""
        same_seed = same_seed_note(self.groups)
        return (*fairness_notes(self.runs), *([same_seed] if same_seed else []))

    @property
    def equal(self) -> dict[str, object]:
        """The options other than the seed that all runs have with the same value."""
        options = self.runs[0].options
        return {key: options[key] for key in sorted(options) if key not in (*self.differing, *_OF_THE_PROCESS)}

    @property
    def sides(self) -> tuple[SeedGroup, ...]:
        """What is compared: the groups, or the runs themselves where they are one group."""
        if len(self.groups) > 1:
            return self.groups
        return _labelled([_seeds([run]) for run in self.runs], self.differing)

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
                "label": group.label,
                "model": group.runs[0].summary.model,
                "runs": [run.summary.id for run in group.runs],
                "accuracy": group.accuracy,
                "interval": None if group.half is None or group.accuracy is None
                else [group.accuracy - group.half, group.accuracy + group.half],
            }
            for group in self.groups
        ]  # fmt: skip
        return {"runs": runs, "groups": groups, "notes": list(self.notes)}


def compare_runs(
    runs: Sequence[RunDirectory], together: Sequence[tuple[str, Sequence[RunDirectory]]] = ()
) -> Comparison:
    """Compare runs, whether of the same dataset or not.

    runs:     those that differ only in their seed become a group. A single run given twice is compared with itself.
    together: groups of the user's own, each with its name.

    Raises:
        BadInput: fewer than two runs, or a run in two groups.
    """
    unique = list(dict.fromkeys(runs))
    unique = unique * 2 if len(unique) == 1 < len(runs) else unique
    _check_groups(unique, together)
    read = {run: _read(run) for run in dict.fromkeys([*unique, *(run for _, own in together for run in own)])}
    compared = [read[run] for run in unique]
    every = [*compared, *(read[run] for _, own in together for run in own)]
    keys = sorted({key for run in every for key in run.options} - _OF_THE_PROCESS)
    differing = tuple(key for key in keys if len({_text(run.options.get(key)) for run in every}) > 1)
    grouped: dict[tuple[str, ...], dict[str, ComparedRun]] = {}
    for run in compared:
        identity = (run.summary.model, run.fingerprint, *(_text(run.options.get(key)) for key in keys))
        grouped.setdefault(identity, {})[run.summary.id] = run
    own = [_seeds([read[run] for run in dict.fromkeys(group)], name) for name, group in together]
    automatic = [_seeds(list(group.values())) for group in grouped.values()]
    return Comparison(tuple(every), differing, _labelled([*own, *automatic], differing))


def _check_groups(runs: Sequence[RunDirectory], together: Sequence[tuple[str, Sequence[RunDirectory]]]) -> None:
    if len(runs) + sum(len(own) for _, own in together) < 2:
        raise BadInput(
            "A single run cannot be compared.", hint="Give two runs or more. List them with: tmeattn runs list"
        )
    placed = dict.fromkeys(runs, "the runs that are compared")
    for name, own in together:
        for run in dict.fromkeys(own):
            if run in placed:
                raise BadInput(
                    f"The run {run.id} is in {placed[run]} and in the group {shortened(name)}.", hint="Name it once."
                )
            placed[run] = f"the group {shortened(name)}"


def seed_group(runs: Sequence[RunDirectory]) -> SeedGroup:
    """Runs that differ only in their seed, with the mean of their best accuracies and its interval."""
    return _seeds([_read(run) for run in runs])


def mean_and_half_interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    """The mean, and half the width of its 95 % interval (Student's t); None where there are too few values for it."""
    if len(values) < 2:
        return (values[0] if values else None), None
    return statistics.mean(values), _t95(len(values) - 1) * statistics.stdev(values) / len(values) ** 0.5


def welch_interval(values: Sequence[float], others: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % interval of the difference of two means (Welch 1947), without the assumption of equal variances; None
    where either has fewer than two values. The degrees of freedom are rounded down, so it is never too narrow."""
    if min(len(values), len(others)) < 2:
        return None
    shares = [statistics.variance(each) / len(each) for each in (values, others)]
    difference, variance = statistics.mean(values) - statistics.mean(others), sum(shares)
    if variance == 0:
        return difference, difference
    degrees = variance**2 / sum(
        share**2 / (len(each) - 1) for share, each in zip(shares, (values, others), strict=True)
    )
    half = _t95(max(int(degrees + 1e-9), 1)) * variance**0.5
    return difference - half, difference + half


def _t95(freedom: int) -> float:
    """The 95 % point of Student's t: from the table, and above 30 degrees of freedom from the first terms of Fisher's
    expansion around the point of the normal distribution."""
    if freedom <= len(_T95):
        return _T95[freedom - 1]
    z = 1.959963984540054
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _seeds(group: Sequence[ComparedRun], label: str = "") -> SeedGroup:
    accuracies = [run.summary.best_accuracy for run in group if run.summary.best_accuracy is not None]
    return SeedGroup(tuple(group), *mean_and_half_interval(accuracies), label)


def _labelled(groups: Sequence[SeedGroup], differing: Sequence[str]) -> tuple[SeedGroup, ...]:
    """The groups, each with a label of its own."""
    labelled: list[SeedGroup] = []
    for group in groups:
        label = group.label or _label(group, differing)
        if label in {other.label for other in labelled}:
            label = f"{label} ({group.runs[0].summary.id})"
        labelled.append(replace(group, label=label))
    return tuple(labelled)


def _label(group: SeedGroup, differing: Sequence[str]) -> str:
    """The name of a single run; `NAME` of runs that are named NAME-0, NAME-1 and so on after their seeds; else the
    model, with the options in which it differs from others."""
    first = group.runs[0]
    if len(group.runs) == 1:
        return first.label
    names = {(run.summary.name or "").removesuffix(f"-{run.summary.seed}") for run in group.runs}
    if len(names) == 1 and (name := names.pop()) and name != first.summary.name:
        return name
    own = [(key.replace("_", "-"), first.options[key]) for key in differing if key in first.options]
    parts = [f"--{key} {value if isinstance(value, str) else _text(value)}" for key, value in own]
    return " ".join([first.summary.model, *parts])


def _read(run: RunDirectory) -> ComparedRun:
    events = list(run.figures())
    best = best_epoch(events)
    validation = None if best is None else best["validation"]
    return ComparedRun(summarize(run, events), run.options, validation, epoch_events(events), run.data["fingerprint"])


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
