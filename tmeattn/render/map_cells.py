"""The cells of attention maps: their colours, their characters and their legend."""

from __future__ import annotations

import numpy as np
from rich.style import Style
from rich.text import Text

from tmeattn.explain.explanation import NEARLY_UNIFORM
from tmeattn.render.heat_scale import MOST, HeatScale
from tmeattn.render.numbers import fitting, percent
from tmeattn.render.palette import HEAT, LEVELS, HeatColours, heat_style

SHADES = " ░▒▓█"
"""A cell without colours, from zero to the largest weight."""


NAMES_UNIFORM = ("weight above uniform: the rows are nearly uniform", "weight above uniform", "above uniform")
"""What the colours of nearly uniform rows are, the longest name first."""


def cell_of(share: float, cell: int, colour: bool, colours: HeatColours = HEAT) -> tuple[str, Style]:
    """The characters and the style of a cell; `share` is its part of the largest weight, in [0, 1]."""
    share = min(max(share, 0.0), 1.0)
    if colour:
        return " " * cell, heat_style(round(share * LEVELS), colours)
    return SHADES[round(share * (len(SHADES) - 1))] * cell, Style()


def weight_scale(cells: np.ndarray, positions: int, mean_entropy: float) -> HeatScale:
    """The colours of a map, by the rule of heatmaps: up to the largest weight, or if the rows are nearly uniform, by
    the excess over the uniform weight.

    cells: the weights, or their means in blocks. mean_entropy: of the rows, in nats.
    """
    peak = float(cells.max()) if cells.size else 0.0
    if positions < 2 or mean_entropy < NEARLY_UNIFORM * float(np.log(positions)):
        return HeatScale(0.0, peak, signed=False)
    equal = 1 / positions
    return HeatScale(equal, max(peak, min(MOST * equal, 1.0)), signed=False)


def map_legend(scale: HeatScale, colour: bool, colours: HeatColours = HEAT, room: int = 1000) -> Text:
    """The colours of the weights, with the longest description of them that fits `room` terminal cells."""
    line = Text(f"{percent(scale.base)} " if scale.base else "0 ")
    if colour:
        for level in range(LEVELS + 1):
            line.append("  ", style=heat_style(level, colours))
    else:
        line.append(SHADES)
    line.append(f" {percent(scale.full)}")
    names = NAMES_UNIFORM if scale.uniform else ("weight",)
    return line.append(f"   {fitting(room - line.cell_len - 3, *names)}", "dim")
