"""What NO_COLOR does to the screens: greys, and heatmaps in brackets."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import Monochrome


class Greys(Monochrome):
    """Textual's own filter, which fails on a segment without a style, such as an empty canvas has."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        styled = [Segment(text, style or Style.null(), control) for text, style, control in segments]
        return super().apply(styled, background)


def respect_no_color(app: App[None]) -> None:
    """Textual takes NO_COLOR for itself; here whoever asks the console hears of it too."""
    if app.no_color:
        app.console.no_color = True
        app._filters = [Greys() if isinstance(one, Monochrome) else one for one in app._filters]
