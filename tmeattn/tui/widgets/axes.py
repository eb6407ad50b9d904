"""Where the axes of charts have their ticks, and what these are called."""

from __future__ import annotations

import math
from collections.abc import Sequence

from textual_plot.axis_formatter import AxisFormatter

from tmeattn.render.axes import round_step, tick_label, ticks

MOST_INTERVALS = 6


class Round(AxisFormatter):
    """Ticks at 1, 2 or 5 times a power of ten, as in the charts of the command line.

    intervals: as many between them at most, but two ticks wherever there can be.
    """

    def __init__(self, intervals: int = MOST_INTERVALS) -> None:
        self.intervals = intervals

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        found: list[float] = []
        for intervals in range(min(max_ticks, self.intervals), MOST_INTERVALS + 1):
            found = ticks(min_, max_, self.step(min_, max_, intervals))
            if len(found) > 1:
                break
        return found

    def step(self, min_: float, max_: float, intervals: int) -> float:
        """The distance of two ticks."""
        return round_step(max_ - min_, intervals)

    def get_labels_for_ticks(self, at: Sequence[float]) -> list[str]:
        step = at[1] - at[0] if len(at) > 1 else abs(at[0]) if at and at[0] else 1.0
        return [tick_label(value, step) for value in at]


class Epochs(Round):
    """Whole numbers as soon as there are two to name; parts of an epoch only within the first."""

    def step(self, min_: float, max_: float, intervals: int) -> float:
        return round_step(max_ - min_, intervals, whole=math.floor(max_) > math.ceil(min_))


class RoundPowers(AxisFormatter):
    """For an axis of logarithms: round numbers between the powers of ten, named by what they stand for."""

    def __init__(self, intervals: int = MOST_INTERVALS) -> None:
        self.intervals = intervals

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        low, high = 10.0**min_, 10.0**max_
        if max_ - min_ < 1:
            step = round_step(high - low, min(self.intervals, 5))
            return [math.log10(value) for value in ticks(low, high, step) if value > 0]
        powers = range(math.floor(min_), math.ceil(max_) + 1, math.ceil((max_ - min_) / self.intervals))
        factors = (1,) if 2 * (max_ - min_) > self.intervals else (1, 3)
        return [math.log10(factor * 10.0**power) for power in powers for factor in factors]

    def get_labels_for_ticks(self, at: Sequence[float]) -> list[str]:
        return [f"{10.0**value:.3g}" for value in at]
