"""Curves with a cursor: tmeattn's own widget around textual-plot, which alone is known here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.color import Color
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static
from textual_hires_canvas import Canvas
from textual_plot import HiResMode, PlotWidget

from tmeattn.render.console import safe
from tmeattn.render.palette import SERIES
from tmeattn.tui.widgets.axes import MOST_INTERVALS, Epochs, Round, RoundPowers

MARKERS = "●◆■▲▼★○◇"
AROUND_PLOT = 3
"""Rows of a plot for its frame and the numbers below."""


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
            style = Style(color=Color.from_rgb(*SERIES[curve.colour % len(SERIES)]))
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
        if span and event.screen_y > plot.region.y and 0 < column < columns - 1:
            self._tell(span[0] + (column - 1) / max(columns - 3, 1) * (span[1] - span[0]))

    def on_leave(self) -> None:
        self._tell(None)


class Plot(PlotWidget, can_focus=False, inherit_bindings=False):
    """The picture below a chart's title: axes with round numbers, lines of braille dots, markers."""

    LEFT = 7

    def __init__(self) -> None:
        super().__init__(allow_pan_and_zoom=False)

    def on_mount(self) -> None:
        self.margin_left, self.margin_top, self.margin_bottom = self.LEFT, 0, 1
        self.set_x_formatter(Epochs())
        self.set_xlabel("epoch")
        super().on_mount()

    def _render_x_label(self) -> None:
        """In the corner below the y axis, where it takes no line of its own."""
        margin = self.query_one("#margin-bottom", Canvas)
        margin.write_text(0, 0, f"[{self.get_component_rich_style('plot--label')}]{self._x_label}")

    def draw(self, curves: Sequence[Curve], log: bool, cursor: float | None) -> None:
        """Draw everything anew at the next refresh."""
        self.clear()
        rows = max(self.size.height - AROUND_PLOT, 1)
        intervals = min(max(rows // 2, 2), MOST_INTERVALS)  # with a row between two ticks, or they would seem uneven
        self.set_y_formatter(RoundPowers(intervals) if log else Round(intervals))
        for curve in curves:
            style = _hex(curve.colour)
            xs, ys = curve.points(log=log)
            if len(xs) > 1:
                self.plot(xs, ys, line_style=style, hires_mode=HiResMode.BRAILLE)
            if xs and (curve.marked or len(xs) == 1):
                first = 0 if len(xs) <= self.size.width // 4 else -1  # too many would hide the line: only the last
                self.scatter(xs[first:], ys[first:], marker=curve.mark, marker_style=style)
        self._limits(curves, log)
        if cursor is not None and curves:
            self.add_v_line(cursor, line_style="white")

    def _limits(self, curves: Sequence[Curve], log: bool) -> None:
        """All of the data with a little air around it, so that no curve hides in the frame."""
        points = [curve.points(log=log) for curve in curves]
        xs = [x for each, _ in points for x in each]
        ys = [y for _, each in points for y in each]
        if not xs:
            self.set_xlimits(0, 1)
            self.set_ylimits(0, 1)
            return
        left, right = min(xs), max(xs)
        low, high = min(ys), max(ys)
        air = 0.06 * (high - low) or max(abs(high), 1e-6) * 0.05
        right = right if right > left else left + 1
        column = (right - left) / max(self.size.width - self.LEFT - 2, 10)
        self.set_xlimits(left, right + column)  # so that the marker of the last epoch is not cut
        self.set_ylimits(low - air, high + air)


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


def _hex(colour: int) -> str:
    red, green, blue = SERIES[colour % len(SERIES)]
    return f"#{red:02x}{green:02x}{blue:02x}"
