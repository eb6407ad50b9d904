"""Attention maps in Matplotlib axes: one map with its words, and all heads of a text in small."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmeattn.explain.attention_map import block_name
from tmeattn.render.attention_map import in_blocks, map_notes
from tmeattn.render.export.charts import colour
from tmeattn.render.export.text_width import wrapped
from tmeattn.render.head_overview import small_columns, small_title
from tmeattn.render.map_cells import weight_scale
from tmeattn.render.numbers import count, shortened
from tmeattn.render.palette import ORANGE

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

    from tmeattn.explain.attention_map import AttentionMap, HeadOverview
    from tmeattn.render.heat_scale import HeatScale

_WIDTH = 640.0  # points
_MOST = 96  # rows and columns with a name of its own that can be read
_LONGEST = 16  # letters of a name
_ACROSS = 100  # terminal cells that stand for the width of the picture
_SMALL = 1.35  # inches of height of a small map with its title


@dataclass(frozen=True, eq=False)
class AttentionPanel:
    """One map of a text."""

    title: str
    map: AttentionMap


@dataclass(frozen=True)
class HeadsPanel:
    """All heads of a text in small."""

    title: str
    overview: HeadOverview


def attention_height(panel: AttentionPanel) -> float:
    """Inches: cells are about square."""
    notes = 0.17 * len(map_notes(panel.map))
    if panel.map.pools:
        return 2.0 + notes
    return 2.0 + notes + min(7.0, 0.25 * min(len(panel.map.columns), _MOST))


def draw_attention(panel: AttentionPanel, axes: Axes, *, wide: bool = True) -> None:
    """Draw a map: one cell for each pair of words, or for blocks of them where there are more than 96 columns."""
    shown = panel.map
    size = -(-len(shown.columns) // _MOST)
    rows, columns, cells, scale = in_blocks(shown, size)
    axes.set_title(wrapped(panel.title, _WIDTH, 10, bold=True))
    image = _draw(cells, scale, axes)
    small = 7.5 if len(columns) <= 48 else 5.5
    names = [shortened(block_name(shown.columns, columns, at), _LONGEST) for at in range(len(columns))]
    axes.set_xticks(range(len(columns)), names, rotation=90, fontsize=small)
    named = [shortened(block_name(shown.rows, rows, at), _LONGEST) for at in range(len(rows))]
    axes.set_yticks(range(len(rows)), named, fontsize=small)
    axes.tick_params(length=0)
    notes = map_notes(shown)
    if size > 1:
        notes.append(f"A cell is the mean of a block of {size} words, of {count(len(shown.columns))} positions.")
    axes.set_xlabel("\n".join(wrapped(note, _WIDTH, 8) for note in notes), fontsize=8, color="0.3", loc="left")
    axes.figure.colorbar(image, ax=axes, format="%.2g", pad=0.01, fraction=0.03)


def heads_height(panel: HeadsPanel) -> float:
    """Inches."""
    return 0.4 + _SMALL * math.ceil(len(panel.overview.heads) / small_columns(panel.overview.heads, _ACROSS))


def draw_heads(panel: HeadsPanel, axes: Axes, *, wide: bool = True) -> None:
    """Draw all heads beside and below each other, each up to its own largest weight."""
    heads = panel.overview.heads
    across = small_columns(heads, _ACROSS)
    down = math.ceil(len(heads) / across)
    axes.set_title(wrapped(panel.title, _WIDTH, 10, bold=True))
    axes.set_axis_off()
    for at, head in enumerate(heads):
        row, column = divmod(at, across)
        place = (column / across, 1 - (row + 1) / down, 0.9 / across, 0.78 / down)
        inner = axes.inset_axes(place)
        _draw(head.cells_BB, weight_scale(head.cells_BB, panel.overview.positions, head.entropy), inner)
        inner.set_title(small_title(head), fontsize=8, fontweight="normal", pad=2)
        inner.set_xticks([])
        inner.set_yticks([])
        for spine in inner.spines.values():
            spine.set(visible=True, color="0.8", linewidth=0.5)


def _draw(cells: np.ndarray, scale: HeatScale, axes: Axes) -> AxesImage:
    """Draw weights from white to orange, without interpolation, so that each number is one cell."""
    from matplotlib.colors import LinearSegmentedColormap

    hues = LinearSegmentedColormap.from_list("", [colour(ORANGE, 0.0), colour(ORANGE), (0.55, 0.25, 0.0)])
    top = scale.full if scale.full > scale.base else scale.base + 1.0
    return axes.imshow(cells, cmap=hues, vmin=scale.base, vmax=top, aspect="auto", interpolation="none")
