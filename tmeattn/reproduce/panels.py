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


def learning_curves(found: EntryRuns) -> list[Panel]:
    """For every run two panels, cross-entropy and accuracy, each with training and validation of every variant."""
    panels: list[Panel] = []
    for label, variants in _by_run(found).items():
        for title, key, factor in _LEARNING_CURVES:
            lines = [
                _line(" ".join(filter(None, (entry.variant.label, part))), trained, part, key, factor)
                for entry, trained in variants
                for part in _SPLITS
            ]
            panels.append(CurvePanel(label, "epoch", title, tuple(lines)))
    return panels


def validation_curves(found: EntryRuns) -> list[Panel]:
    """Validation accuracy: one panel a run and group of variants, or one for all runs where there are no variants."""
    panels: list[Panel] = []
    for title, group in _pictures(found):
        lines = [_line(name, runs, "validation", "accuracy", 100.0) for name, runs in group]
        panels.append(CurvePanel(title, "epoch", "validation accuracy, %", tuple(lines)))
    return panels


def entropy_by_epoch(found: EntryRuns) -> list[Panel]:
    """For every entry the histograms of all epochs, summed over seeds: training, then validation."""
    panels: list[Panel] = []
    for entry, trained in found:
        for part in _SPLITS:
            count = max(len(one.epochs) for one in trained)
            rows = [
                (f"epoch {index + 1}", [one.epochs[index][part] for one in trained if index < len(one.epochs)])
                for index in range(count)
            ]
            panels += _ridges(f"{entry.label}, {'training' if part == 'train' else part} texts", rows)
    return panels


def entropy_by_variant(found: EntryRuns) -> list[Panel]:
    """The histograms of the validation texts after the last epoch, one row a variant: what the penalty leads to."""
    panels: list[Panel] = []
    for title, group in _pictures(found):
        rows = [(name, [one.epochs[-1]["validation"] for one in runs if one.epochs]) for name, runs in group]
        panels += _ridges(", ".join(filter(None, (title, "after the last epoch"))), rows)
    return panels


def _pictures(found: EntryRuns) -> list[tuple[str, list[tuple[str, Sequence[SeedRun]]]]]:
    """What shares a picture, as (title, [(name, runs)]): the variants of one run by `group` (see targets.toml), or
    everything where there are no groups."""
    pictures = []
    for label, variants in _by_run(found).items():
        groups = dict.fromkeys(entry.variant.group for entry, _ in variants if entry.variant.group)
        for group in groups:
            chosen = [(entry.variant.label, runs) for entry, runs in variants if entry.variant.group in ("", group)]
            pictures.append((f"{label}, {group}", chosen))
    return pictures or [("", [(entry.label, runs) for entry, runs in found])]


def _by_run(found: EntryRuns) -> dict[str, list[tuple[Entry, Sequence[SeedRun]]]]:
    grouped: dict[str, list[tuple[Entry, Sequence[SeedRun]]]] = {}
    for entry, trained in found:
        grouped.setdefault(entry.run.label, []).append((entry, trained))
    return grouped


def _line(name: str, trained: Sequence[SeedRun], part: SplitName, key: _Measure, factor: float) -> PlottedLine:
    """A curve over epochs: the mean over the seeds that got so far, with its interval where all did."""
    count = max(len(one.epochs) for one in trained)
    ys, halves = [], []
    for index in range(count):
        values = [factor * one.epochs[index][part][key] for one in trained if index < len(one.epochs)]
        middle, half = mean_and_half_interval(values)
        ys.append(middle)
        halves.append(half if len(values) == len(trained) else None)
    xs = tuple(float(index + 1) for index in range(count))
    return PlottedLine(name, xs, tuple(ys), tuple(halves) if len(trained) > 1 else None)


def _ridges(title: str, rows: Iterable[tuple[str, Sequence[EpochPart]]]) -> list[RidgePanel]:
    """A panel from parts of epoch events, summed row by row; none where nothing has a histogram."""
    ridges: list[Ridge] = []
    edges: Histogram | None = None
    for label, parts in rows:
        histograms = [histogram for part in parts if (histogram := part["histogram"]) is not None]
        if histograms:
            edges = edges or histograms[0]
            counts = tuple(map(sum, zip(*(histogram["counts"] for histogram in histograms), strict=True)))
            ridges.append(Ridge(label, counts, mean(part["entropy"] for part in parts)))
    return [RidgePanel(title, edges["low"], edges["high"], tuple(ridges))] if edges else []
