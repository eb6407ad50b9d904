"""The axes of line charts: where their ticks are, and their labels."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

from tmeattn.render.axes import round_step, tick_label, ticks

XAxis = Literal["epoch", "step", "time"]
"""What the x axis of the charts of a run can be."""
MOST_INTERVALS = 6
NEAR = 0.06
"""Share of an axis within which its first whole number gets no tick beside that of a round number."""


class Axis(ABC):
    """The ticks of an axis.

    intervals: between two ticks, at most.
    """

    def __init__(self, intervals: int = MOST_INTERVALS) -> None:
        self.intervals = intervals

    def get_ticks_and_labels(self, min_: float, max_: float) -> tuple[list[float], list[str]]:
        """Values from `min_` to `max_`, and the label of each."""
        at = self.get_ticks(min_, max_)
        return at, self.get_labels_for_ticks(at)

    @abstractmethod
    def get_ticks(self, min_: float, max_: float) -> list[float]: ...

    @abstractmethod
    def get_labels_for_ticks(self, at: Sequence[float]) -> list[str]: ...


class Round(Axis):
    """Ticks at 1, 2 or 5 times a power of ten; two at least, if possible."""

    def get_ticks(self, min_: float, max_: float) -> list[float]:
        found: list[float] = []
        for intervals in range(self.intervals, max(self.intervals, MOST_INTERVALS) + 1):
            found = ticks(min_, max_, self.step(min_, max_, intervals))
            if len(found) > 1:
                break
        return found

    def step(self, min_: float, max_: float, intervals: int) -> float:
        """The distance between two ticks."""
        return round_step(max_ - min_, intervals)

    def get_labels_for_ticks(self, at: Sequence[float]) -> list[str]:
        step = at[1] - at[0] if len(at) > 1 else abs(at[0]) if at and at[0] else 1.0
        return [tick_label(value, step) for value in at]


class Whole(Round):
    """Whole numbers, such as those of steps. The first one always has a tick, even if it is no multiple of the step."""

    def get_ticks(self, min_: float, max_: float) -> list[float]:
        found = super().get_ticks(min_, max_)
        if not found or not float(min_).is_integer() or found[0] - min_ < NEAR * (max_ - min_):
            return found
        return [min_, *found]

    def step(self, min_: float, max_: float, intervals: int) -> float:
        return round_step(max_ - min_, intervals, whole=True)

    def get_labels_for_ticks(self, at: Sequence[float]) -> list[str]:
        step = at[-1] - at[-2] if len(at) > 1 else 1.0
        return [tick_label(value, step) for value in at]


class Epochs(Whole):
    """Whole numbers if the range has two of them; else fractions of an epoch."""

    def step(self, min_: float, max_: float, intervals: int) -> float:
        return round_step(max_ - min_, intervals, whole=math.floor(max_) > math.ceil(min_))


class Duration(Round):
    """Seconds of training, at round numbers of seconds, minutes, hours or days."""

    def step(self, min_: float, max_: float, intervals: int) -> float:
        rough = (max_ - min_) / max(intervals, 1)
        if rough > _DURATIONS[-1]:
            return 86400.0 * round_step((max_ - min_) / 86400.0, intervals, whole=True)
        return next(step for step in _DURATIONS if step >= rough) if rough > 1 else round_step(max_ - min_, intervals)

    def get_labels_for_ticks(self, at: Sequence[float]) -> list[str]:
        step = at[1] - at[0] if len(at) > 1 else 1.0
        return [duration(value) if step >= 1 else f"{tick_label(value, step)}s" for value in at]


_DURATIONS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
"""Steps between ticks, seconds."""


def duration(seconds: float) -> str:
    """A time of training in one or two units: 45s, 2m 05s, 1h 07m, 3d 4h."""
    whole = round(seconds)
    for size, part, units in ((86400, 3600, "dh"), (3600, 60, "hm"), (60, 1, "ms")):
        if whole >= size:
            large, small = whole // size, whole % size // part
            return f"{large}{units[0]}" + (f" {small:02d}{units[1]}" if small else "")
    return f"{whole}s"


class RoundPowers(Axis):
    """For an axis of logarithms: round numbers, of which two at least are on it. A label is the number, not its
    logarithm."""

    def __init__(self, intervals: int = MOST_INTERVALS) -> None:
        super().__init__(min(intervals, MOST_INTERVALS))

    def get_ticks(self, min_: float, max_: float) -> list[float]:
        tiny = 1e-9 * (max_ - min_)  # rounding must not leave out an end of the axis
        tries = [
            [at for number in numbers if number > 0 and min_ - tiny <= (at := math.log10(number)) <= max_ + tiny]
            for numbers in self._numbers(min_, max_)
        ]
        fitting = [ticks for ticks in tries if 2 <= len(ticks) <= self.intervals + 1]
        return max(fitting, key=len, default=min(tries, key=lambda ticks: (len(ticks) < 2, len(ticks))))

    def _numbers(self, min_: float, max_: float) -> Iterator[list[float]]:
        """Numbers for the ticks, some of which are too few or too many for the axis."""
        low, high = 10.0**min_, 10.0**max_
        if max_ - min_ >= 1:
            powers = range(math.floor(min_), math.ceil(max_) + 1)
            wide = math.ceil((max_ - min_) / self.intervals)
            for every in range(wide, 0, -1):
                yield [10.0**power for power in powers if power % every == 0]
            for factors in ((1, 3), (1, 2, 5)):
                yield [factor * 10.0**power for power in powers for factor in factors]
            return
        for intervals in range(min(self.intervals, 5), 4 * MOST_INTERVALS):
            yield ticks(low, high, round_step(high - low, intervals))

    def get_labels_for_ticks(self, at: Sequence[float]) -> list[str]:
        numbers = [10.0**value for value in at]
        if (step := _even_step(numbers)) is not None:
            return [tick_label(number, step) for number in numbers]
        for digits in range(3, 8):
            labels = [f"{number:.{digits}g}" for number in numbers]
            if len(set(labels)) == len(labels):
                break
        return labels


def _even_step(numbers: Sequence[float]) -> float | None:
    """The step between the numbers where it is 1, 2 or 5 times a power of ten, so that all of them have as many
    decimals; else None, as between powers of ten."""
    steps = [after - before for before, after in pairwise(numbers)]
    if not steps or max(steps) - min(steps) > 1e-6 * max(steps):
        return None
    return steps[0] if math.isclose(round_step(steps[0], 1), steps[0], rel_tol=1e-6) else None
