"""A chart of curves with a title, a legend, and a cursor that the arrow keys and the mouse move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from tmeattn.tui.widgets.plot import Curve, Plot, thinned


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
        """Draw these curves, unless they are the same as before."""
        if tuple(curves) != self.curves:
            self.curves = tuple(curves)
            self.draw()

    def set_log(self, on: bool) -> None:
        """Choose a logarithmic or a linear y axis."""
        self.log_scale = on
        self.draw()

    def set_cursor(self, x: float | None) -> None:
        """Move the cursor to x without a message `Moved`."""
        if x != self.cursor:
            self.cursor = x
            self.draw()

    def draw(self) -> None:
        """Draw the title, the legend, the curves and the cursor."""
        self.redraws += 1
        lines = self._heading()
        self.query_one(Static).update(Text("\n").join(lines), layout=len(lines) != self._lines)
        self._lines = len(lines)
        plot = self.query_one(Plot)
        plot.visible = self._range() is not None
        columns = max(plot.size.width - Plot.LEFT - 2, 10)
        plot.draw([thinned(curve, 2 * columns) for curve in self.curves], self.log_scale, self.cursor)

    def on_resize(self) -> None:
        self.draw()

    def _heading(self) -> list[Text]:
        """Title and legend, on as many lines as they need, but on at most a third of the height."""
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
        """The value at the cursor, or the last value if there is no cursor."""
        if self.cursor is not None:
            return curve.at(self.cursor)
        ys = curve.points(log=False)[1]
        return ys[-1] if ys else None

    def _range(self) -> tuple[float, float] | None:
        xs = [x for curve in self.curves if len(curve.xs) for x in (curve.xs[0], curve.xs[-1])]
        return (min(xs), max(xs)) if xs else None

    def action_cursor(self, by: int) -> None:
        """Move the cursor by columns; a new cursor starts at the right end."""
        span = self._range()
        if span is None:
            return
        left, right = span
        step = (right - left) / max(self.query_one(Plot).size.width - Plot.LEFT - 2, 10)
        start = right if self.cursor is None else self.cursor + by * step
        self._move_to(min(max(start, left), right))

    def action_cursor_off(self) -> None:
        self._move_to(None)

    def _move_to(self, x: float | None) -> None:
        if x != self.cursor:
            self.set_cursor(x)
            self.post_message(self.Moved(self, x))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        plot, span = self.query_one(Plot), self._range()
        column = event.screen_x - plot.region.x - Plot.LEFT
        columns = plot.size.width - Plot.LEFT
        if span and event.screen_y >= plot.region.y and 0 < column < columns - 1:
            self._move_to(span[0] + (column - 1) / max(columns - 3, 1) * (span[1] - span[0]))

    def on_leave(self) -> None:
        self._move_to(None)
