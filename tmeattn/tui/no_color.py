"""NO_COLOR on the screens: all colours become greys, and heatmaps mark words by brackets."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import Monochrome


class GreyFilter(Monochrome):
    """Textual's filter for greys, which alone fails on a segment without a style, such as that of an empty canvas."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        styled = [Segment(text, style or Style.null(), control) for text, style, control in segments]
        return super().apply(styled, background)


def respect_no_color(app: App[None]) -> None:
    """Set `no_color` of the console too, because Textual applies NO_COLOR only to its own output."""
    if app.no_color:
        app.console.no_color = True
        app._filters = [GreyFilter() if isinstance(one, Monochrome) else one for one in app._filters]
