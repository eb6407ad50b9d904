"""Axes with round tick values and their labels."""

from __future__ import annotations

import math

_TINY = 1e-290  # the step of a narrower range would round to zero


def round_step(span: float, intervals: int, *, whole: bool = False) -> float:
    """The smallest step of 1, 2 or 5 times a power of ten that divides `span` into at most `intervals` parts."""
    rough = max(span / max(1, intervals), _TINY)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    return max(1.0, step) if whole else step


def ticks(low: float, high: float, step: float) -> list[float]:
    """Multiples of `step` within [low, high]."""
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def tick_label(value: float, step: float) -> str:
    """A tick value with as many decimals as its step needs."""
    if step >= 1e7 or step < 1e-6:
        return f"{value:.6g}"
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:,.{digits}f}" if abs(value) > step * 1e-6 else "0"


def tick_line(marks: list[tuple[int, str]], width: int) -> str:
    """Labels centred below their columns, within `width`; a label that would touch its neighbour is left out."""
    line = ""
    for column, label in marks:
        start = max(0, min(column - (len(label) - 1) // 2, width - len(label)))
        if not line or start > len(line):
            line = line.ljust(start) + label
    return line[:width].ljust(width)


def spread(low: float, high: float) -> tuple[float, float]:
    """The range itself, or a wider range around it if it is a single value."""
    if high - low > max(1e-9 * max(abs(low), abs(high)), _TINY):
        return low, high
    room = 0.1 * abs(high) if abs(high) > 100 * _TINY else 1.0
    return low - room, high + room
