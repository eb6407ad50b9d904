"""What the terminal shows, and what it lacks: colours (NO_COLOR), more than 256 of them, or the signs of charts."""

from __future__ import annotations

import sys
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter, Monochrome

from tmeattn.render.ascii_symbols import is_plain_terminal, is_utf, segments_in_ascii
from tmeattn.render.export.terminal_svg import Frame, frame
from tmeattn.render.palette256 import segments_in_palette


class GreyFilter(Monochrome):
    """Textual's filter for greys, which alone fails on a segment without a style, such as that of an empty canvas."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        styled = [Segment(text, style or Style.null(), control) for text, style, control in segments]
        return super().apply(styled, background)


class PaletteFilter(LineFilter):
    """The colours of the palette of 256 that look most like those wanted."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return segments_in_palette(segments)


class AsciiFilter(LineFilter):
    """Charts, bars and signs in ASCII. encoding: of the terminal, where it lacks other characters, too."""

    def __init__(self, encoding: str | None) -> None:
        super().__init__()
        self.encoding = encoding

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return segments_in_ascii(segments, self.encoding)


def fit_to_terminal(app: App[None]) -> None:
    """Filter what the application draws so that the terminal can show it.

    With NO_COLOR, all colours become greys, and heatmaps mark words by brackets; Textual applies it only to its own
    output, so the console is told.
    """
    if app.no_color:
        app.console.no_color = True
        app._filters = [GreyFilter() if isinstance(one, Monochrome) else one for one in app._filters]
    if app.console.color_system == "256":
        app._filters.append(PaletteFilter())
    encoding = terminal_encoding()
    if encoding is not None or is_plain_terminal():
        app._filters.append(AsciiFilter(encoding))


def frame_of(app: App[Any]) -> Frame:
    """What the application shows now, in the colours that the terminal gets."""
    theme = app.current_theme
    lines = app.screen._compositor.render_strips()
    return frame(lines, app.size.width, theme.background or "#000000", theme.foreground or "#ffffff")


def terminal_encoding() -> str | None:
    """The encoding of a terminal that does not read UTF-8; None for all others."""
    encoding = getattr(sys.__stdout__, "encoding", None)
    return None if is_utf(encoding) else encoding
