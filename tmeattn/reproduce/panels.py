"""Curves and histograms of trained runs. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tmeattn.reproduce.plan import Entry
from tmeattn.reproduce.results import CurvePanel, Panel, PlottedLine, Ridge, RidgePanel
from tmeattn.reproduce.trained import EntryRuns, SeedRun, mean
from tmeattn.runs.comparison import mean_and_half_interval
from tmeattn.runs.event_types import EntropyEvent, EpochPart, Histogram, SplitName
from tmeattn.spacing import evenly_spaced

_Measure = Literal["cross_entropy", "accuracy"]
_CURVES: tuple[tuple[str, _Measure, float], ...] = (
    ("loss (cross-entropy)", "cross_entropy", 1.0),
    ("accuracy, %", "accuracy", 100.0),
)
_SPLITS: tuple[SplitName, ...] = ("train", "validation")
_MOST_EPOCHS = 9
"""Rows of a picture of one variant, because there are many variants."""
_MOST_BATCHES = 96
"""Batches in a picture: a run has thousands."""


def learning_curves(entry_runs: EntryRuns) -> list[Panel]:
    """Two panels for every run, loss and accuracy, each with training and validation of every variant."""
    panels: list[Panel] = []
    for label, variants in _by_run(entry_runs).items():
        for title, key, factor in _CURVES:
            lines = [
                _line(" ".join(filter(None, (entry.variant.label, part))), seed_runs, part, key, factor)
                for entry, seed_runs in variants
                for part in _SPLITS
            ]
            panels.append(CurvePanel(label, "epoch", title, tuple(lines)))
    return panels


def validation_curves(entry_runs: EntryRuns) -> list[Panel]:
    """Validation loss and accuracy: two panels for each run and group of variants, or for all runs without variants."""
    panels: list[Panel] = []
    for title, group in _pictures(entry_runs):
        for label, key, factor in _CURVES:
            lines = [_line(name, runs, "validation", key, factor) for name, runs in group]
            panels.append(CurvePanel(title, "epoch", f"validation {label}", tuple(lines)))
    return panels


def entropy_by_epoch(entry_runs: EntryRuns) -> list[Panel]:
    """Histograms through training for every entry, summed over seeds.

    The validation texts before training (epoch 0) and after every epoch; the training texts in every epoch; and the
    texts of single batches where the runs log them.
    """
    panels: list[Panel] = []
    for entry, seed_runs in entry_runs:
        panels += _ridges(
            f"{entry.label}, validation texts", _validation_rows(seed_runs), note=_missing_start(seed_runs)
        )
        panels += _ridges(f"{entry.label}, training texts, during each epoch", _epoch_rows(seed_runs, "train"))
        panels += _ridges(f"{entry.label}, training batches, before each step", _batch_rows(seed_runs))
    return panels


def entropy_by_variant(entry_runs: EntryRuns) -> list[Panel]:
    """The histograms of the validation texts before training and after some epochs, one panel for each variant."""
    panels: list[Panel] = []
    for entry, seed_runs in entry_runs:
        rows = _validation_rows(seed_runs)
        chosen = [rows[index] for index in evenly_spaced(len(rows), _MOST_EPOCHS)]
        panels += _ridges(entry.label, chosen, note=_missing_start(seed_runs))
    return panels


_Measured = EpochPart | EntropyEvent
_Rows = list[tuple[str, list[_Measured]]]


def _validation_rows(seed_runs: Sequence[SeedRun]) -> _Rows:
    """Epoch 0, which runs of earlier versions lack, and the others."""
    starts: list[_Measured] = [
        event
        for seed_run in seed_runs
        for event in seed_run.entropies[:1]
        if event["split"] == "validation" and event["step"] == 0
    ]
    rows = _epoch_rows(seed_runs, "validation")
    return [("epoch 0", starts), *rows] if starts else rows


def _epoch_rows(seed_runs: Sequence[SeedRun], part: SplitName) -> _Rows:
    count = max(len(seed_run.epochs) for seed_run in seed_runs)
    return [
        (
            f"epoch {index + 1}",
            [seed_run.epochs[index][part] for seed_run in seed_runs if index < len(seed_run.epochs)],
        )
        for index in range(count)
    ]


def _batch_rows(seed_runs: Sequence[SeedRun]) -> _Rows:
    """Evenly spaced batches, the first and the last among them."""
    batches: dict[int, list[_Measured]] = {}
    for seed_run in seed_runs:
        for event in seed_run.entropies:
            if event["split"] == "train":
                batches.setdefault(event["step"], []).append(event)
    steps = sorted(batches)
    chosen = [steps[index] for index in evenly_spaced(len(steps), _MOST_BATCHES)]
    return [(f"batch {step}", batches[step]) for step in chosen]


def _missing_start(seed_runs: Sequence[SeedRun]) -> str | None:
    """A sentence on the runs that did not log the entropy before training."""
    missing = [
        seed_run.run.id
        for seed_run in seed_runs
        if not any(event["split"] == "validation" for event in seed_run.entropies[:1])
    ]
    if not missing:
        return None
    return f"Epoch 0 is missing: {', '.join(missing)} was trained by a version that did not measure it."


def _pictures(entry_runs: EntryRuns) -> list[tuple[str, list[tuple[str, Sequence[SeedRun]]]]]:
    """The content of each picture, as (title, [(name, runs)]).

    A picture has the variants of one run by `group` (see part1.toml), or all entries if there are no groups.
    """
    pictures = []
    for label, variants in _by_run(entry_runs).items():
        groups = dict.fromkeys(entry.variant.group for entry, _ in variants if entry.variant.group)
        for group in groups:
            chosen = [(entry.variant.label, runs) for entry, runs in variants if entry.variant.group in ("", group)]
            pictures.append((f"{label}, {group}", chosen))
    return pictures or [("", [(entry.label, runs) for entry, runs in entry_runs])]


def _by_run(entry_runs: EntryRuns) -> dict[str, list[tuple[Entry, Sequence[SeedRun]]]]:
    grouped: dict[str, list[tuple[Entry, Sequence[SeedRun]]]] = {}
    for entry, seed_runs in entry_runs:
        grouped.setdefault(entry.run.label, []).append((entry, seed_runs))
    return grouped


def _line(name: str, seed_runs: Sequence[SeedRun], part: SplitName, key: _Measure, factor: float) -> PlottedLine:
    """A curve over epochs: the mean over the seeds that reached an epoch, with an interval where all of them did."""
    count = max(len(seed_run.epochs) for seed_run in seed_runs)
    ys, halves = [], []
    for index in range(count):
        values = [factor * seed_run.epochs[index][part][key] for seed_run in seed_runs if index < len(seed_run.epochs)]
        middle, half = mean_and_half_interval(values)
        ys.append(middle)
        halves.append(half if len(values) == len(seed_runs) else None)
    xs = tuple(float(index + 1) for index in range(count))
    return PlottedLine(name, xs, tuple(ys), tuple(halves) if len(seed_runs) > 1 else None)


def _ridges(title: str, rows: _Rows, note: str | None = None) -> list[RidgePanel]:
    """A panel from parts of events, summed within each row; empty if none of them has a histogram."""
    ridges: list[Ridge] = []
    edges: Histogram | None = None
    for label, parts in rows:
        histograms = [histogram for part in parts if (histogram := part["histogram"]) is not None]
        if histograms:
            edges = edges or histograms[0]
            counts = tuple(map(sum, zip(*(histogram["counts"] for histogram in histograms), strict=True)))
            ridges.append(Ridge(label, counts, mean(part["entropy"] for part in parts)))
    return [RidgePanel(title, edges["low"], edges["high"], tuple(ridges), note)] if edges else []
