"""Curves in HTML: a small SVG without scripts, whose lines differ in colour and in dashes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tmeattn.render.palette import SERIES

_WIDTH, _HEIGHT, _LEFT, _BELOW = 260, 130, 44, 18
_DASHES = ("", "5 3", "2 2", "8 3 2 3")


@dataclass(frozen=True)
class Line:
    """A line: its name, and its points from left to right."""

    name: str
    points: Sequence[tuple[float, float]]


def curves(title: str, lines: Sequence[Line]) -> str:
    """A figure of the lines by epoch, with two labels on each axis, and a legend; empty without a point."""
    lines = [Line(line.name, [point for point in line.points if math.isfinite(point[1])]) for line in lines]
    points = [point for line in lines for point in line.points]
    if not points:
        return ""
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - left) / (right - left) if right > left else 0.5
        up = (y - low) / (high - low) if high > low else 0.5
        return _LEFT + across * (_WIDTH - _LEFT - 8), 6 + (1 - up) * (_HEIGHT - 12)

    drawn, legend = [], []
    for index, line in enumerate(lines):
        if line.points:
            colour = f"rgb({','.join(map(str, SERIES[index % len(SERIES)]))})"
            dash = _DASHES[index % len(_DASHES)]
            drawn.append(_drawn([place(*point) for point in line.points], colour, dash))
            sample = f'<svg width="22" height="8"><path d="M0 4H22" stroke="{colour}" stroke-width="2" '
            legend.append(f'{sample}stroke-dasharray="{dash}"/></svg> {escape(line.name)}')
    axes = (
        f'<path d="M{_LEFT} 0V{_HEIGHT}H{_WIDTH}" fill="none" stroke="currentColor" stroke-opacity=".4"/>'
        + "".join(_label(_LEFT - 4, y, "end", f"{value:.3g}") for y, value in ((_HEIGHT - 2, low), (10, high)))
        + _label(_LEFT, _HEIGHT + 14, "start", f"{left:g}")
        + _label((_LEFT + _WIDTH) / 2, _HEIGHT + 14, "middle", "epoch")
        + _label(_WIDTH, _HEIGHT + 14, "end", f"{right:g}")
    )
    return (
        f'<figure><svg role="img" aria-label="{escape(title)} by epoch" width="{_WIDTH}" height="{_HEIGHT + _BELOW}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT + _BELOW}">{axes}{"".join(drawn)}</svg>'
        f"<figcaption>{escape(title)}: {' '.join(legend)}</figcaption></figure>"
    )


def _drawn(places: Sequence[tuple[float, float]], colour: str, dash: str) -> str:
    if len(places) == 1:
        ((x, y),) = places
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'


def _label(x: float, y: float, anchor: str, text: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="11" fill="currentColor">{text}</text>'
