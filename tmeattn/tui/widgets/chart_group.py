"""Some charts with one x axis, one cursor, one smoothing and one zoom."""

from __future__ import annotations

from dataclasses import replace

from textual import on
from textual.widget import Widget

from tmeattn.tui.widgets.chart import Chart
from tmeattn.watching import run_charts
from tmeattn.watching.run_charts import View


class ChartGroup(Widget):
    """The base of the panes with charts. Subclasses draw them in `draw_again`.

    view: what the user has chosen for all charts.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.view = View()
        self._follows = True

    @property
    def charts(self) -> list[Chart]:
        """The charts that are shown."""
        return [chart for chart in self.query(Chart) if chart.display]

    def draw_again(self) -> None:
        """Draw the charts after a change of `view`."""
        raise NotImplementedError

    def _extent(self) -> tuple[float, float] | None:
        return run_charts.extent([curve for chart in self.charts for curve in chart.curves])

    def _follow(self, extent: tuple[float, float] | None) -> None:
        """Move the visible part to the newest point, if it was there before."""
        span = self.view.span
        if span is None or extent is None or not self._follows or span[1] >= extent[1]:
            return
        self.view = replace(self.view, span=(extent[1] - (span[1] - span[0]), extent[1]))

    def zoom(self, factor: float) -> None:
        """Show a part of the x axis, `factor` times as wide, around the cursor or else at the right end."""
        self._look(self.view.zoomed(self._extent(), factor, self.charts[0].cursor))
        self.draw_again()

    def _look(self, view: View) -> None:
        extent = self._extent()
        self.view = view
        self._follows = view.span is None or extent is None or view.span[1] >= extent[1]

    def reset(self) -> None:
        """Show all of the x axis, without smoothing, on linear scales."""
        self.view = View(axis=self.view.axis)
        self._follows = True
        self.draw_again()

    def change(self, view: View) -> None:
        """Choose another axis, smoothing or scale. A cursor on another axis is removed."""
        if view.axis != self.view.axis:
            self.put_cursor(None)
        self.view = view
        self.draw_again()

    def put_cursor(self, x: float | None, *, beside: Chart | None = None) -> None:
        """Move the cursor of all charts but `beside`."""
        for chart in self.query(Chart):
            if chart is not beside:
                chart.set_cursor(x)

    @on(Chart.Moved)
    def together(self, event: Chart.Moved) -> None:
        """Move the cursors of the other charts, and the visible part with them."""
        self.put_cursor(event.x, beside=event.chart)
        if event.x is not None and (view := self.view.moved_to(self._extent(), event.x)) != self.view:
            self._look(view)
            self.draw_again()
