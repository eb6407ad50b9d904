"""Colours that remain distinct with any colour vision, on dark and on light terminals."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

from rich.color import Color
from rich.style import Style

from tmeattn.render.palette256 import Rgb, contrast, keep_order

if TYPE_CHECKING:
    from rich.console import Console

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
def _levels(colours: HeatColours) -> dict[int, tuple[Rgb, Rgb]]:
    """Background and text of each heat level but 0, whose order terminals of 256 colours keep, too."""
    found: dict[int, tuple[Rgb, Rgb]] = {}
    for sign in (-1, 1):
        levels = [sign * level for level in range(1, LEVELS + 1)]
        backgrounds = [diverging(level / LEVELS, colours) for level in levels]
        texts = [max(((0, 0, 0), (255, 255, 255)), key=partial(contrast, rgb)) for rgb in backgrounds]
        keep_order(backgrounds, texts)
        found.update(zip(levels, zip(backgrounds, texts, strict=True), strict=True))
    return found


@lru_cache
def heat_style(level: int, colours: HeatColours = HEAT) -> Style:
    """The style of a heat level: a background from -LEVELS (blue) over 0 (none) to LEVELS (orange), and readable text.

    The hues go from grey to vivid at nearly constant luminance, so that strong words are salient on any background.
    """
    if level == 0:
        return Style()
    background, text = _levels(colours)[level]
    return Style(color=Color.from_rgb(*text), bgcolor=Color.from_rgb(*background))


def diverging(share: float, colours: HeatColours = HEAT) -> Rgb:
    """The colour of a share in [-1, 1]: blue at -1, grey at 0, orange at 1, or the hues of `colours`."""
    negative, none, positive = colours
    hue = positive if share > 0 else negative
    red, green, blue = (round(a + (b - a) * min(abs(share), 1.0)) for a, b in zip(none, hue, strict=True))
    return red, green, blue


def shows_heat(console: Console) -> bool:
    """Whether the console has enough colours for a heatmap (256 or more)."""
    return not console.no_color and console.color_system in {"256", "truecolor"}
