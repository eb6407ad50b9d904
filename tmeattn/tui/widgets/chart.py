"""Curves with a title, a legend and a cursor that the arrow keys and the mouse move."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from tmeattn.render.axes import tick_line
from tmeattn.render.braille import BrailleCanvas, Dot
from tmeattn.render.console import safe
from tmeattn.render.palette import series_style
from tmeattn.tui.widgets.axes import MOST_INTERVALS, Epochs, Round, RoundPowers

MARKERS = "●◆■▲▼★○◇"
AROUND_PLOT = 2
"""Rows of a plot for the x axis and its numbers."""


@dataclass(frozen=True)
class Curve:
    """A named line; points that are missing or not finite are left out.

    colour: index into the palette's series. marked: points get a marker, for measures taken once an epoch.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float | None]
    colour: int = 0
    marked: bool = False

    @property
    def mark(self) -> str:
        """What stands for it in the legend: its marker where that is drawn, as for a single point, else a line."""
        return MARKERS[self.colour % len(MARKERS)] if self.marked or len(self.points(log=False)[0]) == 1 else "─"

    def points(self, *, log: bool) -> tuple[list[float], list[float]]:
        """What can be drawn; on a log scale only what is above zero, as its logarithm."""
        pairs = [(x, y) for x, y in zip(self.xs, self.ys, strict=True) if y is not None and math.isfinite(y)]
        if log:
            pairs = [(x, math.log10(y)) for x, y in pairs if y > 0]
        return [x for x, _ in pairs], [y for _, y in pairs]

    def at(self, x: float) -> float | None:
        """The value of the point nearest to x; None where the curve does not reach that far, or has none."""
        known = [(abs(at - x), y) for at, y in zip(self.xs, self.ys, strict=True) if y is not None]
        return min(known)[1] if known else None


class Chart(Vertical, can_focus=True):
    """A title with the values at the cursor, and below it the curves.

    Arrow keys and the mouse move the cursor; `moved` tells others, so that charts over one axis move together.
    """

    BINDINGS: ClassVar = []

    class Moved(Message):
        """The cursor is at x now; None: there is none any more."""

        def __init__(self, chart: Chart, x: float | None) -> None:
            super().__init__()
            self.chart, self.x = chart, x

    def __init__(self, title: str, *, unit: str = "", digits: int = 3, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.title_text, self.unit, self.digits = title, unit, digits
        self.log_scale = False
        self.cursor: float | None = None
        self.curves: tuple[Curve, ...] = ()
        self.redraws = 0
        self._lines = 1

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)
        yield Plot()

    def show(self, curves: Sequence[Curve]) -> None:
        """Draw these curves; nothing happens where they are the same as before."""
        if tuple(curves) != self.curves:
            self.curves = tuple(curves)
            self.draw()

    def set_log(self, on: bool) -> None:
        """A logarithmic y axis, or a linear one."""
        self.log_scale = on
        self.draw()

    def set_cursor(self, x: float | None) -> None:
        """Put the cursor at x without run_wording anybody."""
        if x != self.cursor:
            self.cursor = x
            self.draw()

    def draw(self) -> None:
        """Title, curves and cursor."""
        self.redraws += 1
        lines = self._heading()
        self.query_one(Static).update(Text("\n").join(lines), layout=len(lines) != self._lines)
        self._lines = len(lines)
        plot = self.query_one(Plot)
        plot.visible = self._range() is not None
        columns = max(plot.size.width - Plot.LEFT - 2, 10)
        plot.draw([_thinned(curve, 2 * columns) for curve in self.curves], self.log_scale, self.cursor)

    def on_resize(self) -> None:
        self.draw()

    def _heading(self) -> list[Text]:
        """Title and legend, on as many lines as these need; not so many that no room is left for the curves."""
        width, most = max(self.size.width - 2, 10), max(1, self.size.height // 3)
        lines = [Text()]
        for part in self._legend():
            if lines[-1] and lines[-1].cell_len + 2 + part.cell_len > width:
                lines.append(Text())
            lines[-1].append("  " if lines[-1] else "").append_text(part)
        if len(lines) > most:
            lines[most - 1].truncate(width - 2, overflow="crop")
            lines[most - 1].append(" …", style="dim")
        for line in lines[:most]:
            line.no_wrap = True
            line.truncate(width, overflow="ellipsis")
        return lines[:most]

    def _legend(self) -> Iterator[Text]:
        title = Text.assemble((self.title_text, "bold"), ", log scale" if self.log_scale else "")
        if self._range() is None:
            yield title.append("  no data yet", style="dim")
            return
        yield title
        for index, curve in enumerate(self.curves):
            style = series_style(curve.colour)
            part = Text(f"{curve.mark} {safe(curve.name)}", style=style)
            value = self._value(curve)
            if value is not None:
                part.append(f" {value:.{self.digits}f}", style=Style(color="default"))
            if self.unit and index == len(self.curves) - 1:
                part.append(f" {self.unit}", style="dim")
            yield part
        if self.cursor is not None:
            yield Text(f"at {self.cursor:.2f}", style="dim")

    def _value(self, curve: Curve) -> float | None:
        """At the cursor, or the last one."""
        if self.cursor is not None:
            return curve.at(self.cursor)
        ys = curve.points(log=False)[1]
        return ys[-1] if ys else None

    def _range(self) -> tuple[float, float] | None:
        xs = [x for curve in self.curves if len(curve.xs) for x in (curve.xs[0], curve.xs[-1])]
        return (min(xs), max(xs)) if xs else None

    def action_cursor(self, by: int) -> None:
        """Move the cursor by columns; from no cursor it starts at the end."""
        span = self._range()
        if span is None:
            return
        left, right = span
        step = (right - left) / max(self.query_one(Plot).size.width - Plot.LEFT - 2, 10)
        start = right if self.cursor is None else self.cursor + by * step
        self._tell(min(max(start, left), right))

    def action_cursor_off(self) -> None:
        self._tell(None)

    def _tell(self, x: float | None) -> None:
        if x != self.cursor:
            self.set_cursor(x)
            self.post_message(self.Moved(self, x))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        plot, span = self.query_one(Plot), self._range()
        column = event.screen_x - plot.region.x - Plot.LEFT
        columns = plot.size.width - Plot.LEFT
        if span and event.screen_y >= plot.region.y and 0 < column < columns - 1:
            self._tell(span[0] + (column - 1) / max(columns - 3, 1) * (span[1] - span[0]))

    def on_leave(self) -> None:
        self._tell(None)


class Plot(Widget):
    """The area below the title of a chart: axes with round numbers, curves of braille dots, markers, the cursor."""

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
        """Cells of the curves across. One column at the right edge stays free, as the mouse leaves the plot there."""
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
        for curve, dots in zip(self.curves, placed, strict=True):  # after all lines, so that no line hides a marker
            self._mark(canvas, curve, dots)
        if self._cursor is not None:
            column = frame.dot(self._cursor, frame.low)[0] // 2
            canvas.rule(min(max(column, 0), canvas.columns - 1), self._part("cursor"))
        lines = [*self._rows(canvas, frame), *self._x_axis(canvas, frame)]
        return Text("\n", no_wrap=True).join(lines)

    def _mark(self, canvas: BrailleCanvas, curve: Curve, dots: list[Dot]) -> None:
        """Put markers on the points of a curve; only on the last if so many markers would hide the line."""
        if curve.marked or len(dots) == 1:
            for dot in dots if len(dots) <= self.size.width // 4 else dots[-1:]:
                canvas.mark(dot, curve.mark, series_style(curve.colour))

    def _rows(self, canvas: BrailleCanvas, frame: _Frame) -> Iterator[Text]:
        """The rows of the curves, with the y axis to their left."""
        intervals = min(max(canvas.rows // 2, 2), MOST_INTERVALS)  # at most every other row, so that ticks look even
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
        """All points with a margin, so that no curve touches an axis."""
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


def _thinned(curve: Curve, most: int) -> Curve:
    """At most `most` points, each the mean of its neighbours: more than two a column cannot be seen."""
    size = -(-len(curve.xs) // most)
    if size <= 1:
        return curve
    xs, ys = [], []
    for start in range(0, len(curve.xs), size):
        part = [y for y in curve.ys[start : start + size] if y is not None and math.isfinite(y)]
        if part:
            xs.append(sum(curve.xs[start : start + size]) / len(curve.xs[start : start + size]))
            ys.append(sum(part) / len(part))
    return Curve(curve.name, xs, ys, curve.colour, curve.marked)
