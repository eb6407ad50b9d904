"""The colours of terminals of 256 colours: scales keep their order, texts stay legible, hues do not change."""

import math
from itertools import pairwise

import pytest
from rich.color import Color
from rich.style import Style

from tmeattn.render.palette import HEAT, LEVELS, heat_style
from tmeattn.render.palette256 import FIRST, LEAST_CONTRAST, PALETTE, contrast, in_palette, nearest, oklab
from tmeattn.tui.themes import HEATMAP_COLOURS, THEMES

SCALES = {"commands": HEAT, **HEATMAP_COLOURS}


def rgb_of(number: int) -> tuple[int, int, int]:
    return PALETTE[number - FIRST]


def shown(colour: Color | None) -> tuple[int, int, int]:
    assert colour is not None
    assert colour.number is not None
    return rgb_of(colour.number)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("scale", SCALES)
def test_a_heat_scale_keeps_its_order_and_its_texts_are_legible(scale: str, sign: int) -> None:
    true = [heat_style(sign * level, SCALES[scale]) for level in range(1, LEVELS + 1)]
    styles = [in_palette(style) for style in true]
    labs = [oklab(shown(style.bgcolor)) for style in styles]
    wanted = [oklab(tuple(style.bgcolor.triplet)) for style in true]
    rises = wanted[-1][0] > wanted[0][0]
    for before, after in pairwise(labs):
        assert after[0] >= before[0] if rises else after[0] <= before[0]
        assert math.hypot(*after[1:]) >= math.hypot(*before[1:])  # from grey to full colour
    assert len(set(labs)) >= LEVELS / 2
    for style in styles:
        assert contrast(shown(style.color), shown(style.bgcolor)) >= LEAST_CONTRAST


def test_the_surfaces_of_a_theme_stay_greys_in_their_order() -> None:
    for theme in THEMES:
        surfaces = [_rgb(theme.background), _rgb(theme.surface), _rgb(theme.panel)]
        labs = [oklab(rgb_of(nearest(rgb))) for rgb in surfaces]
        assert all(math.hypot(*lab[1:]) < 0.03 for lab in labs), theme.name  # no teal, no olive
        lights = [lab[0] for lab in labs]
        assert lights == sorted(lights, reverse=not theme.dark)


def test_greys_keep_their_order_and_colours_of_the_palette_stay() -> None:
    lights = [oklab(rgb_of(nearest((grey, grey, grey))))[0] for grey in range(256)]
    assert lights == sorted(lights)
    assert all(rgb_of(nearest(rgb)) == rgb for rgb in PALETTE)
    plain = Style(bold=True, color=Color.from_ansi(FIRST + 3))
    assert in_palette(plain) is plain


def _rgb(colour: str | None) -> tuple[int, int, int]:
    return tuple(Color.parse(colour or "").triplet)
