"""The keys of charts, which every screen that has some shares."""

from __future__ import annotations

from dataclasses import replace

from textual.screen import Screen

from tmeattn.tui.widgets.chart_group import ChartGroup


class ChartActions(Screen[None]):
    """The actions of the keys of charts. Subclasses say in `curves` which charts they act on."""

    @property
    def curves(self) -> ChartGroup:
        raise NotImplementedError

    def action_log_scale(self) -> None:
        self.curves.change(replace(self.curves.view, log=not self.curves.view.log))

    def action_axis(self) -> None:
        """The x axis of the curves: epochs, steps or time."""
        self.curves.change(self.curves.view.with_next_axis())

    def action_smooth(self) -> None:
        """Smooth the curves more, or not at all."""
        self.curves.change(self.curves.view.with_next_smoothing())

    def action_zoom_x(self, direction: int) -> None:
        """Show half as much of the x axis of the curves, or twice as much."""
        self.curves.zoom(2.0**-direction)

    def action_reset(self) -> None:
        """Show the curves as they are at first."""
        self.curves.reset()

    def action_cursor(self, by: int) -> None:
        self.curves.charts[0].action_cursor(by)
