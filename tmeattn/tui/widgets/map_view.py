"""The attention map of a text on the screen: coloured cells with a cursor, the words beside and above them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.style import Style

from tmeattn.explain.attention_map import block_name
from tmeattn.render.attention_map import in_blocks, label_width
from tmeattn.render.heat_scale import HeatScale
from tmeattn.render.map_cells import cell_of
from tmeattn.tui.themes import heat_colours
from tmeattn.tui.widgets.cell_grid import CellGrid

if TYPE_CHECKING:
    import numpy as np

    from tmeattn.explain.attention_map import AttentionMap

Zoom = tuple[int, int]
"""The words of a block, and the width of a cell."""
NUMBERS = 4
"""The width of a cell that has its weight in percent."""
START: Zoom = (1, 2)
LEAST = 4
"""Blocks that a map has at least, however small the screen is."""


class MapView(CellGrid):
    """A map in cells, or in blocks of words where it is zoomed out.

    row, column: the cursor, as positions of the map; that of a block is its first one.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.map: AttentionMap | None = None
        self.scale = HeatScale(0.0, 1.0, signed=False)
        self._zoom: Zoom = START
        self._rows: list[int] = []
        self._columns: list[int] = []
        self._cells: np.ndarray | None = None
        self._named: tuple[list[str], list[str]] = [], []

    def show(self, shown: AttentionMap | None) -> None:
        """Show a map; the cursor stays at its position where the map has it."""
        self.map = shown
        self._block()

    def _block(self) -> None:
        """Divide the map into the blocks of the zoom, with the cursor at its position."""
        shown = self.map
        if shown is None:
            return
        row, column = self.row, self.column
        self._rows, self._columns, self._cells, self.scale = in_blocks(shown, self._zoom[0])
        self._named = (
            [block_name(shown.rows, self._rows, at) for at in range(len(self._rows))],
            [shown.columns[edge] for edge in self._columns],
        )
        self.go_to(row, column)

    # ---- the cursor as positions

    @property
    def row(self) -> int:
        return self._rows[min(self.at[0], len(self._rows) - 1)] if self._rows else 0

    @property
    def column(self) -> int:
        return self._columns[min(self.at[1], len(self._columns) - 1)] if self._columns else 0

    def go_to(self, row: int, column: int | None = None) -> None:
        """Move the cursor to a position."""
        self.put(_block_of(self._rows, row), self.at[1] if column is None else _block_of(self._columns, column))

    # ---- zoom

    @property
    def has_numbers(self) -> bool:
        """Whether the cells have their weights, in percent."""
        return self._zoom[1] == NUMBERS

    @property
    def block(self) -> int:
        """The words of a block."""
        return self._zoom[0]

    @property
    def zooms(self) -> list[Zoom]:
        """From cells with numbers to the whole map."""
        found: list[Zoom] = [(1, NUMBERS), START, (1, 1)]
        if self.map is not None:
            down, across = self.room()
            fits = max(LEAST, across if self.map.pools else min(down, across))
            size = 1
            while len(self.map.columns) / size > fits:
                size *= 2
                found.append((size, 1))
        return found

    def zoom(self, by: int) -> None:
        """Zoom in for a positive number, out for a negative one."""
        zooms = self.zooms
        at = zooms.index(self._zoom) if self._zoom in zooms else len(zooms) - 1
        self._zoom = zooms[max(0, min(at - by, len(zooms) - 1))]
        self._block()

    def zoom_reset(self) -> None:
        self._zoom = START
        self._block()

    # ---- drawing

    @property
    def row_names(self) -> Sequence[str]:
        return self._named[0]

    @property
    def column_names(self) -> Sequence[str]:
        return self._named[1]

    @property
    def cell_width(self) -> int:
        return self._zoom[1]

    @property
    def label(self) -> int:
        names = self.map.rows if self.map else ()
        least = len(f"→{len(names)}/{len(names)}") if len(names) > self.lines_for_rows else 4
        return max(least, min(label_width(names), self.size.width // 5))

    def cell(self, row: int, column: int) -> tuple[str, Style]:
        assert self._cells is not None
        value = float(self._cells[row, column])
        share, wide = self.scale.share(value), self.cell_width
        text, style = cell_of(share, wide, self.has_colour, heat_colours(self.app.theme))
        return (_in_percent(value) if self.has_numbers else text), style

    def marked(self, text: str) -> str:
        return text if self.has_numbers else "[]" if self.cell_width == 2 else "•"


def _in_percent(weight: float) -> str:
    """A weight as a cell of numbers has it, with a decimal where that fits: "0.9 ", " 12 "."""
    number = 100 * weight
    return f"{number:3.1f} " if number < 9.95 else f"{number:3.0f} "


def _block_of(edges: list[int], position: int) -> int:
    """The block that has a position."""
    return max(0, bisect_right(edges, position) - 1)
