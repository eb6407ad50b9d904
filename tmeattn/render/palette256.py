"""The palette of terminals that have 256 colours and no more, and which of them stands for a colour.

Rich rounds each channel by itself, which turns a dark blue into teal and a faint orange into olive. Here the perceived
difference decides, in the colour space OKLab (Ottosson 2020), and a scale of colours keeps its order of lightness.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache

from rich.color import Color, ColorType
from rich.segment import Segment
from rich.style import Style

Rgb = tuple[int, int, int]
Lab = tuple[float, float, float]
"""Lightness in [0, 1], then the axes from green to red and from blue to yellow."""

FIRST = 16
"""The 16 numbers before it have other colours in every terminal."""
_CUBE = (0, 95, 135, 175, 215, 255)
_LIGHTNESS = 2.0
"""How much more a difference in lightness counts than one in hue: lightness carries the order of a scale."""
_SAME = 0.003
"""The cost of giving two colours of a scale the same number."""
_GREY, _HUE = 0.02, math.radians(23)
"""The most chroma of a grey, and how far the hue of a colour of a scale may be from that of its full colour."""
LEAST_CONTRAST = 4.5
"""Of a text on its background (WCAG 2.1, level AA)."""

PALETTE: tuple[Rgb, ...] = (
    *((red, green, blue) for red in _CUBE for green in _CUBE for blue in _CUBE),
    *((8 + 10 * grey,) * 3 for grey in range(24)),
)
"""The colours of the numbers from `FIRST` on."""

_scales: dict[Rgb, int] = {}
_waiting: list[tuple[Sequence[Rgb], Sequence[Rgb]]] = []


def _linear(rgb: Rgb) -> Iterator[float]:
    """The intensity of each channel of a colour in sRGB, in [0, 1]."""
    return (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in rgb))


def oklab(rgb: Rgb) -> Lab:
    """A colour in OKLab."""
    red, green, blue = _linear(rgb)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


@cache
def _labs() -> tuple[Lab, ...]:
    return tuple(map(oklab, PALETTE))


def luminance(rgb: Rgb) -> float:
    """Relative luminance in [0, 1] (WCAG 2.1)."""
    red, green, blue = _linear(rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.1)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _difference(one: Lab, other: Lab) -> float:
    light, red, yellow = (a - b for a, b in zip(one, other, strict=True))
    return (_LIGHTNESS * light) ** 2 + red**2 + yellow**2


def _fits(lab: Lab, full: Lab) -> bool:
    """Whether a colour is a grey or has about the hue of the full colour of a scale."""
    turned = math.atan2(lab[2], lab[1]) - math.atan2(full[2], full[1])
    return math.hypot(lab[1], lab[2]) <= _GREY or abs(math.remainder(turned, math.tau)) <= _HUE


def _follows(lab: Lab, before: Lab, *, rises: bool) -> bool:
    """Whether a colour may follow another one in a scale from grey to full colour."""
    is_next = lab[0] > before[0] if rises else lab[0] < before[0]
    return is_next and math.hypot(*lab[1:]) >= math.hypot(*before[1:])


@lru_cache(4096)
def nearest(rgb: Rgb) -> int:
    """The number of the colour that looks most like `rgb`; of a colour of a scale, the one that keeps its order."""
    while _waiting:
        _place(*_waiting.pop())
    if (found := _scales.get(rgb)) is not None:
        return found
    lab = oklab(rgb)
    return FIRST + min(range(len(PALETTE)), key=lambda at: _difference(_labs()[at], lab))


def keep_order(colours: Sequence[Rgb], texts: Sequence[Rgb]) -> None:
    """Let `nearest` keep the order of the colours of a scale, from grey to full colour.

    Their lightness rises or falls along it, and the chroma rises; two neighbours have the same number only where no
    other fits.

    texts: the colour of the text on each of them, which stays legible.
    """
    _waiting.append((colours, texts))  # placed when the first colour is looked up: most terminals have all colours


def _place(colours: Sequence[Rgb], texts: Sequence[Rgb]) -> None:
    """Find the numbers with the least sum of differences in that order, by dynamic programming."""
    labs = list(map(oklab, colours))
    of_hue = [at for at, lab in enumerate(_labs()) if _fits(lab, labs[-1])]
    rises = labs[-1][0] >= labs[0][0]
    best: list[dict[int, tuple[float, int]]] = []
    for step, (lab, text) in enumerate(zip(labs, texts, strict=True)):
        fitting = [at for at in of_hue if contrast(PALETTE[at], text) >= LEAST_CONTRAST]
        if step == len(labs) - 1:  # several scales end at one colour
            fitting = [min(fitting, key=lambda at: _difference(_labs()[at], labs[-1]))]
        costs: dict[int, tuple[float, int]] = {}
        for at in fitting:
            cost = _difference(_labs()[at], lab)
            if not step:
                costs[at] = cost, -1
                continue
            before = [
                (total + (_SAME if earlier == at else 0.0), earlier)
                for earlier, (total, _) in best[-1].items()
                if earlier == at or _follows(_labs()[at], _labs()[earlier], rises=rises)
            ]
            if before:
                total, earlier = min(before)
                costs[at] = total + cost, earlier
        best.append(costs)
    at = min(best[-1], key=lambda one: best[-1][one])
    numbers: list[int] = []
    for costs in reversed(best):
        numbers.append(FIRST + at)
        at = costs[at][1]
    _scales.update(zip(colours, reversed(numbers), strict=True))
    nearest.cache_clear()


@lru_cache(4096)
def in_palette(style: Style) -> Style:
    """The style with the colours of the palette that look most like its own."""
    colours = [_in_palette(style.color), _in_palette(style.bgcolor)]
    return style if colours == [style.color, style.bgcolor] else style + Style(color=colours[0], bgcolor=colours[1])


def _in_palette(colour: Color | None) -> Color | None:
    if colour is None or colour.type is not ColorType.TRUECOLOR or colour.triplet is None:
        return colour
    number = nearest(tuple(colour.triplet))
    return Color(f"color({number})", ColorType.EIGHT_BIT, number=number)


def segments_in_palette(segments: Iterable[Segment]) -> list[Segment]:
    """Segments with the colours of the palette."""
    return [
        segment if segment.style is None else Segment(segment.text, in_palette(segment.style), segment.control)
        for segment in segments
    ]
