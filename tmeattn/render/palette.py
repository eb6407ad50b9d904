"""Colours that remain distinct with any colour vision, on dark and on light terminals."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from rich.color import Color
from rich.style import Style

if TYPE_CHECKING:
    from rich.console import Console

Rgb = tuple[int, int, int]

BLUE: Rgb = (43, 140, 245)
ORANGE: Rgb = (245, 139, 0)
GREEN: Rgb = (0, 158, 115)
PINK: Rgb = (204, 100, 160)
RED: Rgb = (205, 50, 20)
VIOLET: Rgb = (132, 62, 255)
GREY: Rgb = (122, 118, 114)

HeatColours = tuple[Rgb, Rgb, Rgb]
"""Colours of a heatmap at -1, 0 and 1."""
HEAT: HeatColours = (BLUE, GREY, ORANGE)

SERIES: tuple[Rgb, ...] = (BLUE, ORANGE, GREEN, PINK, RED, VIOLET)
MARKERS = "●○◆◇▲△■□"
"""The marks of the series of a chart, on the command line and on the screens."""
LEVELS = 8


def foreground(rgb: Rgb) -> Style:
    """The style of text in a colour."""
    return Style(color=Color.from_rgb(*rgb))


def series_style(index: int) -> Style:
    """The style of the index-th series of a chart."""
    return foreground(SERIES[index % len(SERIES)])


@lru_cache
def faint_style(index: int) -> Style:
    """The style of what is behind the index-th series: its colour, mixed with the grey of the middle."""
    return foreground(diverging(0.35, (GREY, GREY, SERIES[index % len(SERIES)])))


@lru_cache
def heat_style(level: int, colours: HeatColours = HEAT) -> Style:
    """The style of a heat level: a background from -LEVELS (blue) over 0 (none) to LEVELS (orange), and readable text.

    The hues go from grey to vivid at nearly constant luminance, so that strong words are salient on any background.
    """
    if level == 0:
        return Style()
    rgb = diverging(level / LEVELS, colours)
    luminance = _luminance(rgb)
    dark_text = (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05)
    return Style(
        color=Color.from_rgb(0, 0, 0) if dark_text else Color.from_rgb(255, 255, 255), bgcolor=Color.from_rgb(*rgb)
    )


def diverging(share: float, colours: HeatColours = HEAT) -> Rgb:
    """The colour of a share in [-1, 1]: blue at -1, grey at 0, orange at 1, or the hues of `colours`."""
    negative, none, positive = colours
    hue = positive if share > 0 else negative
    red, green, blue = (round(a + (b - a) * min(abs(share), 1.0)) for a, b in zip(none, hue, strict=True))
    return red, green, blue


def shows_heat(console: Console) -> bool:
    """Whether the console has enough colours for a heatmap (256 or more)."""
    return not console.no_color and console.color_system in {"256", "truecolor"}


def _luminance(rgb: Rgb) -> float:
    """Relative luminance in [0, 1] (WCAG 2.1)."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
