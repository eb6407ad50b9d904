"""A chart of curves with a title, a legend, and a cursor that the arrow keys and the mouse move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from tmeattn.render.console import safe
from tmeattn.render.palette import series_style
from tmeattn.render.plot import BEST, flowed
from tmeattn.render.tick_axes import duration
from tmeattn.tui.widgets.plot import Plot
from tmeattn.watching.curve import Curve
from tmeattn.watching.run_charts import View, extent


class Chart(Vertical, can_focus=True):
    """A title with the values at the cursor, and below it the curves.

    The arrow keys and the mouse move the cursor. The message `Moved` lets all charts with the same axis move together.
    """

    BINDINGS: ClassVar = []

    class Moved(Message):
        """The cursor is at x now; None: the chart has no cursor any more."""

        def __init__(self, chart: Chart, x: float | None) -> None:
            super().__init__()
            self.chart, self.x = chart, x

    def __init__(
        self,
        title: str,
        *,
        unit: str = "",
        digits: int = 3,
        spec: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """spec: how values are written; by default with so many digits after the point."""
        super().__init__(id=id)
        self.title_text, self.unit, self.spec = title, unit, spec or f".{digits}f"
        self.view = View()
        self.best: tuple[float, int] | None = None
        self.cursor: float | None = None
        self.curves: tuple[Curve, ...] = ()
        self.redraws = 0
        self._lines = 1

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)
        yield Plot()

    def show(self, curves: Sequence[Curve], view: View | None = None, best: tuple[float, int] | None = None) -> None:
        """Draw these curves, unless nothing is different from before.

        view: None: as before.   best: where the best epoch ends on the x axis, and its number.
        """
        shown = (tuple(curves), view or self.view, best)
        if shown != (self.curves, self.view, self.best):
            self.curves, self.view, self.best = shown
            self.draw()

    def set_log(self, on: bool) -> None:
        """Choose a logarithmic or a linear y axis."""
        self.view = replace(self.view, log=on)
        self.draw()

    def set_cursor(self, x: float | None) -> None:
        """Move the cursor to x without a message `Moved`."""
        if x != self.cursor:
            self.cursor = x
            self.draw()

    def draw(self) -> None:
        """Draw the title, the legend, the curves and the cursor; before the chart is mounted, when it is."""
        if not self.is_mounted:
            return
        self.redraws += 1
        lines = self._heading()
        self.query_one(Static).update(Text("\n").join(lines), layout=len(lines) != self._lines)
        self._lines = len(lines)
        plot = self.query_one(Plot)
        plot.visible = self._range() is not None
        span = self.view.span
        visible = [curve.within(*span) for curve in self.curves] if span else self.curves
        plot.draw(
            visible,
            self.view.log,
            self.cursor,
            axis=self.view.axis,
            span=span,
            best=self.best[0] if self.best else None,
        )

    def on_mount(self) -> None:
        self.draw()

    def on_resize(self) -> None:
        self.draw()

    def _heading(self) -> list[Text]:
        """Title and legend, on as many lines as they need, but on at most a third of the height. The number of the best
        epoch stands there if it fits."""
        width, most = max(self.size.width - 2, 10), max(1, self.size.height // 3)
        lines = flowed(self._legend(), width)
        if self.best is not None and any(curve.marked for curve in self.curves):
            best = f"  {BEST} best epoch {self.best[1]}"
            if lines[-1].cell_len + len(best) <= width and len(lines) <= most:
                lines[-1].append(best, style="dim")
        if len(lines) > most:
            lines[most - 1].truncate(width - 2, overflow="crop")
            lines[most - 1].append(" …", style="dim")
        for line in lines[:most]:
            line.no_wrap = True
            line.truncate(width, overflow="ellipsis")
        return lines[:most]

    def _legend(self) -> Iterator[Text]:
        title = Text.assemble(
            (self.title_text, "bold"),
            ", log scale" if self.view.log else "",
            f", smoothed {self.view.smoothing:g}" if any(curve.faint for curve in self.curves) else "",
        )
        if self._range() is None:
            yield title.append("  no data yet", style="dim")
            return
        yield title
        named = [curve for curve in self.curves if not curve.faint]
        for index, curve in enumerate(named):
            style = series_style(curve.colour)
            part = Text(f"{curve.mark} {safe(curve.name)}".rstrip(), style=style)
            value = self._value(curve)
            if value is not None:
                part.append(f" {value:{self.spec}}", style=Style(color="default"))
            if self.unit and index == len(named) - 1:
                part.append(f" {self.unit}", style=Style(color="default", dim=True))
            yield part
        if self.cursor is not None:
            yield Text(f"at {self._place(self.cursor)}", style="dim")
        if self.view.span is not None:
            left, right = self.view.span
            yield Text(f"{self._place(left)} to {self._place(right).removeprefix('step ')}", style="dim")

    def _place(self, x: float) -> str:
        """A place on the x axis in words."""
        if self.view.axis == "time":
            return duration(x)
        return f"step {x:,.0f}" if self.view.axis == "step" else f"{x:.2f}"

    def _value(self, curve: Curve) -> float | None:
        """The value at the cursor, or the last value if there is no cursor."""
        if self.cursor is not None:
            return curve.at(self.cursor)
        ys = curve.points(log=False)[1]
        return ys[-1] if ys else None

    def _range(self) -> tuple[float, float] | None:
        return extent(self.curves)

    @property
    def _visible(self) -> tuple[float, float] | None:
        """The range of the x axis."""
        return self.view.span or self._range()

    def action_cursor(self, by: int) -> None:
        """Move the cursor by columns; a new cursor starts at the right end. It may leave the visible part of the x
        axis, which whoever gets `Moved` can move."""
        span, whole = self._visible, self._range()
        if span is None or whole is None:
            return
        step = (span[1] - span[0]) / max(self.query_one(Plot).columns, 10)
        start = span[1] if self.cursor is None else self.cursor + by * step
        self._move_to(min(max(start, whole[0]), whole[1]))

    def action_cursor_off(self) -> None:
        self._move_to(None)

    def _move_to(self, x: float | None) -> None:
        if x != self.cursor:
            self.set_cursor(x)
            self.post_message(self.Moved(self, x))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        plot, span = self.query_one(Plot), self._visible
        column = event.screen_x - plot.region.x - plot.left
        columns = plot.size.width - plot.left
        if span and event.screen_y >= plot.region.y and 0 < column < columns - 1:
            self._move_to(span[0] + (column - 1) / max(columns - 3, 1) * (span[1] - span[0]))

    def on_leave(self) -> None:
        self._move_to(None)
