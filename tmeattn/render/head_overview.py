"""All heads of an attention map in small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rich.cells import cell_len
from rich.color import Color
from rich.measure import Measurement
from rich.style import Style
from rich.text import Text

from tmeattn.plurals import counted
from tmeattn.render.console import safe
from tmeattn.render.map_cells import cell_of, weight_scale
from tmeattn.render.numbers import decimal, shortened
from tmeattn.render.palette import HEAT, HeatColours, diverging, shows_heat

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from tmeattn.explain.attention_map import HeadMap, HeadOverview

SMALL = 24
"""Cells of a small map from side to side; two rows share a line."""


@dataclass(frozen=True)
class OverviewView:
    """The renderable of `overview_grid`. `chosen` is the layer and head whose title is marked."""

    overview: HeadOverview
    chosen: tuple[int, int] | None = None
    colours: HeatColours = HEAT
    colour: bool | None = None

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(SMALL, options.max_width), options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        colour = shows_heat(console) if self.colour is None else self.colour
        heads = self.overview.heads
        wide = small_width(heads)
        across = small_columns(heads, options.max_width)
        yield Text(safe(overview_title(self.overview)), style="bold", no_wrap=True, overflow="ellipsis")
        yield Text(overview_note(self.overview), style="dim", no_wrap=True, overflow="ellipsis")
        for start in range(0, len(heads), across):
            row = heads[start : start + across]
            titles = Text(no_wrap=True)
            for at, head in enumerate(row):
                marked = (head.layer, head.head) == self.chosen
                title = shortened(small_title(head), wide)
                titles.append("  " if at else "").append(title, "bold reverse" if marked else "bold")
                titles.append(" " * (wide - cell_len(title)))
            yield titles
            drawn = [list(small_map(head, self.overview.positions, colour, self.colours)) for head in row]
            for line in range(max(map(len, drawn))):
                joined = Text(no_wrap=True)
                for at, lines in enumerate(drawn):
                    part = lines[line] if line < len(lines) else Text()
                    joined.append("  " if at else "").append_text(part).append(" " * (wide - part.cell_len))
                yield joined
            yield Text()


def overview_grid(overview: HeadOverview, chosen: tuple[int, int] | None = None) -> OverviewView:
    """All heads in small: each map in blocks of words, coloured up to its own largest weight."""
    return OverviewView(overview, chosen)


def overview_title(overview: HeadOverview) -> str:
    """ "All 24 heads in small, each with its own colours" """
    return f"All {counted(len(overview.heads), 'head')} in small, each with its own colours"


def overview_note(overview: HeadOverview) -> str:
    """What the number in the titles of small maps is."""
    uniform = decimal(float(np.log(max(overview.positions, 1))), 2)
    return f"The number is the mean entropy of a row in nats (uniform: {uniform})."


def small_title(head: HeadMap) -> str:
    """The title of a small map, as long as its width allows."""
    return f"layer {head.layer} head {head.head} {decimal(head.entropy, 2)}"


def small_width(heads: Sequence[HeadMap]) -> int:
    """Cells of a small map from side to side."""
    return max([len("layer 1 head 1 0.00"), *(int(head.cells_BB.shape[1]) for head in heads)])


def small_columns(heads: Sequence[HeadMap], width: int) -> int:
    """The number of small maps beside each other: those of one layer if they fit, else as many as fit."""
    fit = max(1, (width + 2) // (small_width(heads) + 2))
    of_layer = max(sum(head.layer == one.layer for head in heads) for one in heads)
    if of_layer == 1:
        return min(fit, len(heads))
    return next(number for number in range(min(fit, of_layer), 0, -1) if of_layer % number == 0)


def small_map(head: HeadMap, positions: int, colour: bool, colours: HeatColours = HEAT) -> Iterator[Text]:
    """The lines of a small map. In colours, a line shows two rows: the upper half of a cell and the lower one."""
    scale = weight_scale(head.cells_BB, positions, head.entropy)
    shares = [[scale.share(value) for value in row] for row in head.cells_BB.tolist()]
    for start in range(0, len(shares), 2):
        upper, lower = shares[start], shares[start + 1] if start + 1 < len(shares) else None
        line = Text(no_wrap=True)
        for at, above in enumerate(upper):
            if colour:
                below = None if lower is None else _small_colour(lower[at], colours)
                line.append("▀", Style(color=_small_colour(above, colours), bgcolor=below))
            else:
                line.append(cell_of(above if lower is None else (above + lower[at]) / 2, 1, colour=False)[0])
        yield line


def _small_colour(share: float, colours: HeatColours) -> Color:
    """The colour of half a cell; that of zero is the faintest one, so that the shape of the map is seen."""
    return Color.from_rgb(*diverging(share, colours))
