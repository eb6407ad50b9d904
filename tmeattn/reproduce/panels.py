"""Curves and histograms of trained runs. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from tmeattn.reproduce.plan import Entry
from tmeattn.reproduce.results import CurvePanel, Panel, PlottedLine, Ridge, RidgePanel
from tmeattn.reproduce.trained import EntryRuns, SeedRun, mean
from tmeattn.runs.comparison import mean_and_half_interval
from tmeattn.runs.event_types import EpochPart, Histogram, SplitName

_Measure = Literal["cross_entropy", "accuracy"]
_LEARNING_CURVES: tuple[tuple[str, _Measure, float], ...] = (
    ("cross-entropy", "cross_entropy", 1.0),
    ("accuracy, %", "accuracy", 100.0),
)
_SPLITS: tuple[SplitName, ...] = ("train", "validation")


def learning_curves(entry_runs: EntryRuns) -> list[Panel]:
    """Two panels for every run, cross-entropy and accuracy, each with training and validation of every variant."""
    panels: list[Panel] = []
    for label, variants in _by_run(entry_runs).items():
        for title, key, factor in _LEARNING_CURVES:
            lines = [
                _line(" ".join(filter(None, (entry.variant.label, part))), seed_runs, part, key, factor)
                for entry, seed_runs in variants
                for part in _SPLITS
            ]
            panels.append(CurvePanel(label, "epoch", title, tuple(lines)))
    return panels


def validation_curves(entry_runs: EntryRuns) -> list[Panel]:
    """Validation accuracy: a panel for each run and group of variants, or one for all runs if there are no variants."""
    panels: list[Panel] = []
    for title, group in _pictures(entry_runs):
        lines = [_line(name, runs, "validation", "accuracy", 100.0) for name, runs in group]
        panels.append(CurvePanel(title, "epoch", "validation accuracy, %", tuple(lines)))
    return panels


def entropy_by_epoch(entry_runs: EntryRuns) -> list[Panel]:
    """The histograms of all epochs for every entry, summed over seeds: training, then validation."""
    panels: list[Panel] = []
    for entry, seed_runs in entry_runs:
        for part in _SPLITS:
            count = max(len(seed_run.epochs) for seed_run in seed_runs)
            rows = [
                (
                    f"epoch {index + 1}",
                    [seed_run.epochs[index][part] for seed_run in seed_runs if index < len(seed_run.epochs)],
                )
                for index in range(count)
            ]
            panels += _ridges(f"{entry.label}, {'training' if part == 'train' else part} texts", rows)
    return panels


def entropy_by_variant(entry_runs: EntryRuns) -> list[Panel]:
    """The histograms of the validation texts after the last epoch, one row for each variant."""
    panels: list[Panel] = []
    for title, group in _pictures(entry_runs):
        rows = [
            (name, [seed_run.epochs[-1]["validation"] for seed_run in runs if seed_run.epochs]) for name, runs in group
        ]
        panels += _ridges(", ".join(filter(None, (title, "after the last epoch"))), rows)
    return panels


def _pictures(entry_runs: EntryRuns) -> list[tuple[str, list[tuple[str, Sequence[SeedRun]]]]]:
    """The content of each picture, as (title, [(name, runs)]).

    A picture has the variants of one run by `group` (see targets.toml), or all entries if there are no groups.
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


def _ridges(title: str, rows: Iterable[tuple[str, Sequence[EpochPart]]]) -> list[RidgePanel]:
    """A panel from parts of epoch events, summed within each row; empty if none of them has a histogram."""
    ridges: list[Ridge] = []
    edges: Histogram | None = None
    for label, parts in rows:
        histograms = [histogram for part in parts if (histogram := part["histogram"]) is not None]
        if histograms:
            edges = edges or histograms[0]
            counts = tuple(map(sum, zip(*(histogram["counts"] for histogram in histograms), strict=True)))
            ridges.append(Ridge(label, counts, mean(part["entropy"] for part in parts)))
    return [RidgePanel(title, edges["low"], edges["high"], tuple(ridges))] if edges else []
