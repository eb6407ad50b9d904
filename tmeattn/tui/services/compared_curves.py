"""The curves of compared runs: a measure of their epochs over epochs, steps or seconds of training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Literal

from tmeattn.render.comparison import colours_of, marks_of
from tmeattn.render.numbers import shortened
from tmeattn.runs.comparison import ComparedRun, Comparison
from tmeattn.runs.event_types import EpochEvent, SplitName
from tmeattn.watching.curve import Curve, smoothed
from tmeattn.watching.run_charts import View

Measure = Literal["accuracy", "cross_entropy"]
Shown = Literal["validation", "train", "both"]
SHOWN: tuple[Shown, ...] = ("validation", "train", "both")
SHORT_NAME = 14
"""Cells of a name above a chart; the legend below has the whole name."""


def curves(comparison: Comparison, measure: Measure, shown: Shown, view: View) -> Iterator[Curve]:
    """A curve for each run, or one for each of its splits; where they are smoothed, the curve itself behind each."""
    splits: Sequence[SplitName] = ("train", "validation") if shown == "both" else (shown,)
    factor = 100.0 if measure == "accuracy" else 1.0
    for run, mark, colour in zip(comparison.runs, marks_of(comparison), colours_of(comparison), strict=True):
        xs = places(run, view)
        for split in splits:
            sign = mark.lower() if shown == "both" and split == "train" else mark
            ys = [factor * epoch[split][measure] for epoch in run.epochs]
            curve = Curve(shortened(run.label, SHORT_NAME), xs, ys, colour, marked=True, sign=sign)
            if view.smoothing and len(xs) > 1:
                yield replace(curve, marked=False, faint=True)
                curve = replace(curve, ys=smoothed(ys, view.smoothing))
            yield curve


def places(run: ComparedRun, view: View) -> list[float]:
    """Where the ends of the epochs of a run are on the x axis."""
    if view.axis == "time":
        return list(accumulate(float(epoch["seconds"]) for epoch in run.epochs))
    return [float(epoch["epoch"] if view.axis == "epoch" else epoch["step"]) for epoch in run.epochs]


def epoch_at(run: ComparedRun, view: View, cursor: float | None) -> EpochEvent | None:
    """The epoch nearest to the cursor, or the last one."""
    if not run.epochs:
        return None
    if cursor is None:
        return run.epochs[-1]
    xs = places(run, view)
    return run.epochs[min(range(len(xs)), key=lambda at: abs(xs[at] - cursor))]
