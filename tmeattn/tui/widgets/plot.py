"""The area of a chart below its title: `render.plot`, as a widget. `chart` adds a title."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from tmeattn.render.palette import faint_style, series_style
from tmeattn.render.plot import LEFT, Line, LinePlot, PlotStyles, dashes
from tmeattn.render.tick_axes import Duration, Epochs, Whole, XAxis
from tmeattn.watching.curve import Curve, thinned

AXES = {"epoch": Epochs, "step": Whole, "time": Duration}


class Plot(Widget):
    """Axes with round numbers, curves of braille dots, markers and the cursor.

    left, columns: the columns to the left of the y axis, and those of the curves.
    points:        how many were drawn: no more than can be seen.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"plot--axis", "plot--tick", "plot--label", "plot--cursor", "plot--best"}

    def __init__(self) -> None:
        super().__init__()
        self.curves: Sequence[Curve] = ()
        self.left = LEFT
        self.points = 0
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
        return max(self.size.width - self.left - 2, 4)

    def render(self) -> Text:
        most = 2 * max(self.columns, 10)
        lines = [_line(thinned(curve, most), log=self._log) for curve in self.curves]
        if self.size.width <= LEFT + 2 or not any(line.points for line in lines):
            return Text()
        plot = LinePlot(
            *(lines, self.size.width - 1, self.size.height),
            x_axis=AXES[self._axis],
            x_name=self._axis,
            log=self._log,
            span=self._span,
            cursor=self._cursor,
            best=self._best,
            styles=PlotStyles(*map(self._part, ("axis", "tick", "label", "cursor", "best"))),
        )
        self.left, self.points = plot.left, sum(len(line.points) for line in lines)
        return Text("\n", no_wrap=True).join(plot.drawn())

    def _part(self, name: str) -> Style:
        return self.get_component_rich_style(f"plot--{name}")


def _line(curve: Curve, *, log: bool) -> Line:
    style = faint_style(curve.colour) if curve.faint else series_style(curve.colour)
    points = list(zip(*curve.points(log=log), strict=True))
    return Line(points, style, curve.mark, curve.marked, "#" if curve.faint else dashes(curve.colour))
