"""A plot of curves: axes with round numbers, curves of braille dots, markers and a cursor. `chart` adds a title."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from tmeattn.render.axes import tick_line
from tmeattn.render.braille import BrailleCanvas, Dot
from tmeattn.render.palette import faint_style, series_style
from tmeattn.tui.widgets.axes import MOST_INTERVALS, Round, RoundPowers, x_axis
from tmeattn.watching.curve import Curve
from tmeattn.watching.run_charts import XAxis

BEST = "★"
"""The best epoch, on the x axis."""
AROUND_PLOT = 2
"""Rows of a plot for the x axis and its numbers."""


class Plot(Widget):
    """The area below the title of a chart: axes with round numbers, curves of braille dots, markers and the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"plot--axis", "plot--tick", "plot--label", "plot--cursor", "plot--best"}
    LEFT = 7
    """Columns for the labels of the y axis."""

    def __init__(self) -> None:
        super().__init__()
        self.curves: Sequence[Curve] = ()
        self._log = False
        self._cursor: float | None = None
        self._best: float | None = None
        self._axis: XAxis = "epoch"
        self._span: tuple[float, float] | None = None

    def draw(
        self,
        curves: Sequence[Curve],
        log: bool,
        cursor: float | None,
        *,
        axis: XAxis = "epoch",
        span: tuple[float, float] | None = None,
        best: float | None = None,
    ) -> None:
        """Draw these curves and the cursor at the next refresh.

        span: the range of the x axis; None: that of the curves.   best: where the best epoch ends.
        """
        self.curves, self._log, self._cursor = curves, log, cursor
        self._axis, self._span, self._best = axis, span, best
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
        frame = _Frame.around(points, canvas, self._span)
        placed = [[frame.dot(x, y) for x, y in zip(xs, ys, strict=True)] for xs, ys in points]
        for curve, dots in zip(self.curves, placed, strict=True):
            for start, end in pairwise(dots):
                canvas.line(start, end, _style(curve))
        for curve, dots in zip(self.curves, placed, strict=True):  # after all lines, so that no line covers a marker
            self._mark(canvas, curve, dots)
        if self._cursor is not None:
            column = frame.dot(self._cursor, frame.low)[0] // 2
            canvas.rule(min(max(column, 0), canvas.columns - 1), self._part("cursor"))
        if self._best is not None and frame.left <= self._best <= frame.right:
            canvas.rule(frame.dot(self._best, frame.low)[0] // 2, self._part("best"), "┊")
        lines = [*self._rows(canvas, frame), *self._x_axis(canvas, frame)]
        return Text("\n", no_wrap=True).join(lines)

    def _mark(self, canvas: BrailleCanvas, curve: Curve, dots: list[Dot]) -> None:
        """Draw markers on the points of a curve, but only on the last one if many markers would hide the line."""
        if curve.marked or len(dots) == 1:
            for dot in dots if len(dots) <= self.size.width // 4 else dots[-1:]:
                canvas.mark(dot, curve.mark, _style(curve))

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
        at, labels = x_axis(self._axis).get_ticks_and_labels(frame.left, frame.right)
        marks = [(frame.dot(x, frame.low)[0] // 2, label) for x, label in zip(at, labels, strict=True)]
        marked = {column for column, _ in marks}
        rule = "".join("┬" if column in marked else "─" for column in range(canvas.columns))
        below = Text(f"{' ' * self.LEFT}└{rule}", style=self._part("axis"), no_wrap=True)
        if self._best is not None and frame.left <= self._best <= frame.right:
            column = self.LEFT + 1 + frame.dot(self._best, frame.low)[0] // 2
            below = Text.assemble(below[:column], (BEST, self._part("best")), below[column + 1 :], no_wrap=True)
        yield below
        line = Text(no_wrap=True).append(self._axis.ljust(self.LEFT + 1), self._part("label"))
        yield line.append(tick_line(marks, canvas.columns), self._part("tick"))

    def _part(self, name: str) -> Style:
        return self.get_component_rich_style(f"plot--{name}")


def _style(curve: Curve) -> Style:
    return faint_style(curve.colour) if curve.faint else series_style(curve.colour)


@dataclass(frozen=True)
class _Frame:
    """The range of both axes, and the size of the canvas in dots."""

    left: float
    right: float
    low: float
    high: float
    size: tuple[int, int]

    @classmethod
    def around(
        cls,
        points: Sequence[tuple[list[float], list[float]]],
        canvas: BrailleCanvas,
        span: tuple[float, float] | None = None,
    ) -> _Frame:
        """The range of all points, with a margin at the bottom and the top, so that no curve touches an axis. span: the
        range of x; None: that of the points."""
        xs = [*(span or ())] or [x for each, _ in points for x in each]
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
