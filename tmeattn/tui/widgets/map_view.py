"""The attention map of a text on the screen: coloured cells with a cursor, the words beside and above them."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tmeattn.explain.attention_map import block_edges, block_name, blocked
from tmeattn.render.attention_map import cell_of, column_names, label_width, weight_scale
from tmeattn.render.heat_scale import HeatScale
from tmeattn.render.numbers import shortened
from tmeattn.render.palette import shows_heat
from tmeattn.tui.themes import heat_colours

if TYPE_CHECKING:
    import numpy as np

    from tmeattn.explain.attention_map import AttentionMap

Zoom = tuple[int, int]
"""The words of a block, and the width of a cell."""
NUMBERS = 4
"""The width of a cell that has its weight in percent."""
START: Zoom = (1, 2)
CURSOR = Style(reverse=True, bold=True)
NAMED = Style(bold=True)


class MapView(Widget, can_focus=True, inherit_bindings=False):
    """A map, of which the visible part is drawn. The screen calls `move`, `page`, `jump` and `zoom`.

    row, column: the cursor, as positions of the map; a block is at its first position.
    zoom_at:     the index into `zooms`, of which the first has numbers in its cells and the last shows the whole map.
    """

    BINDINGS: ClassVar[list[BindingType]] = []
    ALLOW_SELECT = False

    class Moved(Message):
        """The cursor is at another cell."""

        def __init__(self, view: MapView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> MapView:
            return self.view

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.map: AttentionMap | None = None
        self.row = self.column = 0
        self._zoom: Zoom = START
        self._top = self._left = 0
        self._rows: list[int] = [0]
        self._columns: list[int] = [0]
        self._cells: np.ndarray | None = None
        self._scale = HeatScale(0.0, 1.0, signed=False)
        self._names: list[str] = []

    # ---- what is shown

    def show(self, shown: AttentionMap | None) -> None:
        """Show a map; the cursor stays at its position where the map has it."""
        before, self.map = self.map, shown
        if shown is not None:
            self.row = min(self.row, len(shown.rows) - 1)
            self.column = min(self.column, len(shown.columns) - 1)
            if before is None or before.columns != shown.columns:
                self._top = self._left = 0
        self._block()

    def _block(self) -> None:
        """Divide the map into the blocks of the zoom."""
        if self.map is not None:
            size, positions = self._zoom[0], len(self.map.columns)
            self._columns = block_edges(self.map.prefix, positions, size)
            self._rows = [0] if self.map.pools else self._columns
            self._cells = blocked(self.map.weights_RS, self._rows, self._columns)
            self._scale = weight_scale(self._cells, positions, self.map.mean_entropy)
        self._follow()

    @property
    def scale(self) -> HeatScale:
        """The colours of the cells."""
        return self._scale

    @property
    def block(self) -> int:
        """The words of a block."""
        return self._zoom[0]

    @property
    def zooms(self) -> list[Zoom]:
        """From cells with numbers to the whole map."""
        found: list[Zoom] = [(1, NUMBERS), START, (1, 1)]
        if self.map is not None:
            size, positions = 1, len(self.map.columns)
            while positions / size > max(min(self._room()[0], self._room()[1] if not self.map.pools else 1 << 30), 4):
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

    # ---- geometry

    @property
    def _label(self) -> int:
        return min(label_width(self.map.rows if self.map else ()), max(4, self.size.width // 5))

    @property
    def _header(self) -> int:
        """The lines of the names of columns."""
        return max(1, min(9, self.size.height // 3))

    def _room(self) -> tuple[int, int]:
        """Cells of one column beside each other, and lines of rows."""
        return max(1, self.size.width - self._label - 1), max(1, self.size.height - self._header)

    def _shown(self) -> tuple[int, int]:
        """The number of visible rows and columns."""
        across, down = self._room()
        return min(down, len(self._rows)), min(max(1, across // self._zoom[1]), len(self._columns))

    def _at(self) -> tuple[int, int]:
        """The row and the column of the cursor as blocks."""
        return _block_of(self._rows, self.row), _block_of(self._columns, self.column)

    def _follow(self) -> None:
        """Scroll until the cursor is visible, and draw."""
        (rows, columns), (row, column) = self._shown(), self._at()
        self._top = max(0, min(max(min(self._top, row), row - rows + 1), len(self._rows) - rows))
        self._left = max(0, min(max(min(self._left, column), column - columns + 1), len(self._columns) - columns))
        if self.map is not None:
            visible = range(self._left, self._left + columns)
            names = [self.map.columns[self._columns[at]] for at in visible]
            self._names = list(column_names(names, self._zoom[1], self._header))
        self.refresh()
        self.post_message(self.Moved(self))

    def on_resize(self) -> None:
        self._follow()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda theme: self.refresh())

    # ---- the cursor

    def move(self, rows: int, columns: int) -> None:
        """Move the cursor by blocks."""
        row, column = self._at()
        self._go(row + rows, column + columns)

    def page(self, by: int) -> None:
        """Move the cursor by the visible rows."""
        self.move(by * max(1, self._shown()[0] - 1), 0)

    def jump(self, end: int) -> None:
        """Move the cursor to the first row, or for -1 to the last one."""
        self._go(end if end >= 0 else len(self._rows) - 1, self._at()[1])

    def go_to(self, row: int, column: int | None = None) -> None:
        """Move the cursor to a position."""
        self._go(_block_of(self._rows, row), self._at()[1] if column is None else _block_of(self._columns, column))

    def _go(self, row: int, column: int) -> None:
        if self.map is None:
            return
        self.row = self._rows[max(0, min(row, len(self._rows) - 1))]
        self.column = self._columns[max(0, min(column, len(self._columns) - 1))]
        self._follow()

    # ---- drawing

    def render_line(self, y: int) -> Strip:
        base, width = self.rich_style, self.size.width
        if self.map is None or self._cells is None:
            return Strip.blank(width, base)
        high = len(self._names)
        if y < high:
            return self._header_line(y, base).adjust_cell_length(width, base)
        at = self._top + y - high
        if at >= len(self._rows):
            return Strip.blank(width, base)
        return self._row_line(at, base).adjust_cell_length(width, base)

    def _header_line(self, y: int, base: Style) -> Strip:
        label, cell = self._label, self._zoom[1]
        line = self._names[y].ljust(self._shown()[1] * cell)
        at = (self._at()[1] - self._left) * cell
        corner = self._position_text(y)[:label].rjust(label) + " "
        dim = base + Style(dim=True)
        return Strip(
            [
                Segment(corner, dim),
                Segment(line[:at], dim),
                Segment(line[at : at + cell], base + NAMED),
                Segment(line[at + cell :], dim),
            ]
        )

    def _position_text(self, y: int) -> str:
        """What part of a larger map is visible, in the corner above the names of the rows."""
        rows, columns = self._shown()
        texts = []
        if columns < len(self._columns):
            texts.append(f"→{self._left + 1}-{self._left + columns}/{len(self._columns)}")
        if rows < len(self._rows):
            texts.append(f"↓{self._top + 1}-{self._top + rows}/{len(self._rows)}")
        return texts[y] if y < len(texts) else ""

    def _row_line(self, at: int, base: Style) -> Strip:
        assert self.map is not None
        assert self._cells is not None
        label, cell = self._label, self._zoom[1]
        row, column = self._at()
        columns = range(self._left, self._left + self._shown()[1])
        colour = shows_heat(self.app.console) and not self.app.no_color
        colours = heat_colours(self.app.theme)
        name = shortened(block_name(self.map.rows, self._rows, at), label).rjust(label)
        here = CURSOR if self.has_focus else NAMED + Style(underline=True)
        segments = [Segment(name, base + here if at == row else base), Segment(" ", base)]
        for index in columns:
            value = float(self._cells[at, index])
            text, style = cell_of(self._scale.share(value), cell, colour, colours)
            if cell == NUMBERS:
                text = f"{100 * value:3.0f} "
            if at == row and index == column:
                text = text if cell == NUMBERS else ("[]" if cell == 2 else "•")  # noqa: PLR2004
                style += here
            segments.append(Segment(text, base + style))
        return Strip(segments)

    # ---- the mouse

    def on_click(self, event: events.Click) -> None:
        if self.map is not None and event.y >= len(self._names):
            column = (event.x - self._label - 1) // self._zoom[1]
            self._go(self._top + event.y - len(self._names), self._left + max(0, column))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.move(1, 0)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.move(-1, 0)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()


def _block_of(edges: list[int], position: int) -> int:
    """The block that has a position."""
    return max(0, bisect_right(edges, position) - 1)
