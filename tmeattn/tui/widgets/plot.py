"""A plot of curves: axes with round numbers, curves of braille dots, markers and a cursor. `chart` adds a title."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from tmeattn.render.axes import tick_line
from tmeattn.render.braille import BrailleCanvas, Dot
from tmeattn.render.palette import series_style
from tmeattn.tui.widgets.axes import MOST_INTERVALS, Epochs, Round, RoundPowers

MARKERS = "●◆■▲▼★○◇"
AROUND_PLOT = 2
"""Rows of a plot for the x axis and its numbers."""


@dataclass(frozen=True)
class Curve:
    """A curve with a name. Points that are missing or not finite are left out.

    colour: index into the series of the palette. marked: whether points get a marker, for measures of once an epoch.
    sign:   the marker; empty: that of the colour.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float | None]
    colour: int = 0
    marked: bool = False
    sign: str = ""

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


class Plot(Widget):
    """The area below the title of a chart: axes with round numbers, curves of braille dots, markers and the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"plot--axis", "plot--tick", "plot--label", "plot--cursor"}
    LEFT = 7
    """Columns for the labels of the y axis."""

    def __init__(self) -> None:
        super().__init__()
        self.curves: Sequence[Curve] = ()
        self._log = False
        self._cursor: float | None = None

    def draw(self, curves: Sequence[Curve], log: bool, cursor: float | None) -> None:
        """Draw these curves and the cursor at the next refresh."""
        self.curves, self._log, self._cursor = curves, log, cursor
        self.refresh()

    @property
    def columns(self) -> int:
        """The width of the curves in cells. A column at the right edge stays free, where the mouse leaves the plot."""
        return max(self.size.width - self.LEFT - 2, 4)

    def render(self) -> Text:
        points = [curve.points(log=self._log) for curve in self.curves]
        if self.size.width <= self.LEFT + 2 or not any(xs for xs, _ in points):
            return Text()
        canvas = BrailleCanvas(self.columns, max(self.size.height - AROUND_PLOT, 1))
        frame = _Frame.around(points, canvas)
        placed = [[frame.dot(x, y) for x, y in zip(xs, ys, strict=True)] for xs, ys in points]
        for curve, dots in zip(self.curves, placed, strict=True):
            for start, end in pairwise(dots):
                canvas.line(start, end, series_style(curve.colour))
        for curve, dots in zip(self.curves, placed, strict=True):  # after all lines, so that no line covers a marker
            self._mark(canvas, curve, dots)
        if self._cursor is not None:
            column = frame.dot(self._cursor, frame.low)[0] // 2
            canvas.rule(min(max(column, 0), canvas.columns - 1), self._part("cursor"))
        lines = [*self._rows(canvas, frame), *self._x_axis(canvas, frame)]
        return Text("\n", no_wrap=True).join(lines)

    def _mark(self, canvas: BrailleCanvas, curve: Curve, dots: list[Dot]) -> None:
        """Draw markers on the points of a curve, but only on the last one if many markers would hide the line."""
        if curve.marked or len(dots) == 1:
            for dot in dots if len(dots) <= self.size.width // 4 else dots[-1:]:
                canvas.mark(dot, curve.mark, series_style(curve.colour))

    def _rows(self, canvas: BrailleCanvas, frame: _Frame) -> Iterator[Text]:
        """The rows of the curves, with the y axis to their left."""
        intervals = min(max(canvas.rows // 2, 2), MOST_INTERVALS)  # a tick in two rows: they look evenly spaced
        axis = RoundPowers(intervals) if self._log else Round(intervals)
        at, labels = axis.get_ticks_and_labels(frame.low, frame.high)
        ticks = {
            frame.dot(frame.left, value)[1] // 4: label
            for value, label in zip(at, labels, strict=True)
            if frame.low <= value <= frame.high
        }
        for row in range(canvas.rows):
            line = Text(no_wrap=True)
            line.append(ticks.get(row, "")[: self.LEFT].rjust(self.LEFT), self._part("tick"))
            line.append("┤" if row in ticks else "│", self._part("axis"))
            yield line.append_text(canvas.row(row))

    def _x_axis(self, canvas: BrailleCanvas, frame: _Frame) -> Iterator[Text]:
        at, labels = Epochs().get_ticks_and_labels(frame.left, frame.right)
        marks = [(frame.dot(x, frame.low)[0] // 2, label) for x, label in zip(at, labels, strict=True)]
        marked = {column for column, _ in marks}
        rule = "".join("┬" if column in marked else "─" for column in range(canvas.columns))
        yield Text(f"{' ' * self.LEFT}└{rule}", style=self._part("axis"), no_wrap=True)
        line = Text(no_wrap=True).append("epoch".ljust(self.LEFT + 1), self._part("label"))
        yield line.append(tick_line(marks, canvas.columns), self._part("tick"))

    def _part(self, name: str) -> Style:
        return self.get_component_rich_style(f"plot--{name}")


@dataclass(frozen=True)
class _Frame:
    """The range of both axes, and the size of the canvas in dots."""

    left: float
    right: float
    low: float
    high: float
    size: tuple[int, int]

    @classmethod
    def around(cls, points: Sequence[tuple[list[float], list[float]]], canvas: BrailleCanvas) -> _Frame:
        """The range of all points, with a margin at the bottom and the top, so that no curve touches an axis."""
        xs = [x for each, _ in points for x in each]
        ys = [y for _, each in points for y in each]
        left, right, low, high = min(xs), max(xs), min(ys), max(ys)
        margin = 0.06 * (high - low) or max(abs(high), 1e-6) * 0.05
        right = right if right > left else left + 1
        return cls(left, right, low - margin, high + margin, canvas.dots)

    def dot(self, x: float, y: float) -> Dot:
        """The dot of a point."""
        across = (x - self.left) / (self.right - self.left)
        up = (y - self.low) / (self.high - self.low)
        return round(across * (self.size[0] - 1)), round((1 - up) * (self.size[1] - 1))
