"""A curve of a chart as data: its points, the part of them that is visible, and its exponential mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tmeattn.render.palette import MARKERS


@dataclass(frozen=True)
class Curve:
    """A curve with a name. Points that are missing or not finite are left out.

    colour: index into the series of the palette. marked: whether points get a marker, for measures of once an epoch.
    sign:   the marker; empty: that of the colour.
    faint:  whether it is in the background, without a place in the legend: the curve behind its smoothed one.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float | None]
    colour: int = 0
    marked: bool = False
    sign: str = ""
    faint: bool = False

    @property
    def mark(self) -> str:
        """The sign of the curve in the legend: its marker if points are marked or there is only one, else a line."""
        if self.sign:
            return self.sign
        return MARKERS[self.colour % len(MARKERS)] if self.marked or len(self.points(log=False)[0]) == 1 else "─"

    def points(self, *, log: bool) -> tuple[list[float], list[float]]:
        """The points that can be drawn, as x and y; on a log scale those above zero, as their decimal logarithm."""
        pairs = [(x, y) for x, y in zip(self.xs, self.ys, strict=True) if y is not None and math.isfinite(y)]
        if log:
            pairs = [(x, math.log10(y)) for x, y in pairs if y > 0]
        return [x for x, _ in pairs], [y for _, y in pairs]

    def at(self, x: float) -> float | None:
        """The value of the point nearest to x; None if the curve has no points."""
        known = [(abs(at - x), y) for at, y in zip(self.xs, self.ys, strict=True) if y is not None]
        return min(known)[1] if known else None

    def within(self, left: float, right: float) -> Curve:
        """The points from `left` to `right`, and where the curve crosses these two."""
        xs, ys = self.points(log=False)
        pairs = list(zip(xs, ys, strict=True))
        found = [pair for pair in pairs if left <= pair[0] <= right]
        if not self.marked:
            for edge, place in ((left, 0), (right, len(found))):
                before = next((pair for pair in reversed(pairs) if pair[0] < edge), None)
                after = next((pair for pair in pairs if pair[0] > edge), None)
                if before and after and (not found or edge not in (found[0][0], found[-1][0])):
                    share = (edge - before[0]) / (after[0] - before[0])
                    found.insert(min(place, len(found)), (edge, before[1] + share * (after[1] - before[1])))
        found.sort(key=lambda pair: pair[0])
        return replace(self, xs=[x for x, _ in found], ys=[y for _, y in found])


def thinned(curve: Curve, most: int) -> Curve:
    """The curve with at most `most` points, each the mean of neighbours: more than two in a column are not visible."""
    size = -(-len(curve.xs) // most)
    if size <= 1:
        return curve
    xs, ys = [], []
    for start in range(0, len(curve.xs), size):
        part = [y for y in curve.ys[start : start + size] if y is not None and math.isfinite(y)]
        if part:
            xs.append(sum(curve.xs[start : start + size]) / len(curve.xs[start : start + size]))
            ys.append(sum(part) / len(part))
    return replace(curve, xs=xs, ys=ys)


def smoothed(ys: Sequence[float | None], weight: float) -> list[float | None]:
    """The exponential mean of all values so far: each older value counts `weight` times as much as the next. The first
    values are not drawn towards zero: the sum of the weights is divided out. Gaps stay gaps."""
    total = weights = 0.0
    found: list[float | None] = []
    for y in ys:
        if y is None or not math.isfinite(y):
            found.append(None)
            continue
        total, weights = weight * total + y, weight * weights + 1.0
        found.append(total / weights)
    return found
