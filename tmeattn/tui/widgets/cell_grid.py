"""A table of coloured cells with a cursor, its names beside and above it. Of a large one, the visible part is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tmeattn.render.attention_map import column_names
from tmeattn.render.numbers import shortened
from tmeattn.tui.themes import shows_heat_on

CURSOR = Style(reverse=True, bold=True)
NAMED = Style(bold=True)
DIM = Style(dim=True)


class CellGrid(Widget, can_focus=True, inherit_bindings=False):
    """Subclasses have the names and draw the cells; the screen calls `move`, `page` and `jump`.

    at:   the row and the column of the cursor, as numbers of cells.
    AXES: what the rows are and what the columns are; None where that needs no line.
    """

    AXES: ClassVar[tuple[str, str] | None] = None

    BINDINGS: ClassVar[list[BindingType]] = []
    ALLOW_SELECT = False

    class Moved(Message):
        """The cursor is at another cell, or other cells are shown."""

        def __init__(self, grid: CellGrid) -> None:
            super().__init__()
            self.grid = grid

        @property
        def control(self) -> CellGrid:
            return self.grid

    class Opened(Moved):
        """The user double-clicked a cell."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.at = (0, 0)
        self._top = self._left = 0
        self._names: list[str] = []

    # ---- what subclasses have

    @property
    def row_names(self) -> Sequence[str]:
        raise NotImplementedError

    @property
    def column_names(self) -> Sequence[str]:
        raise NotImplementedError

    @property
    def cell_width(self) -> int:
        raise NotImplementedError

    @property
    def label(self) -> int:
        """The width of the names of rows."""
        raise NotImplementedError

    def cell(self, row: int, column: int) -> tuple[str, Style]:
        """The characters of a cell, and their style."""
        raise NotImplementedError

    def marked(self, text: str) -> str:
        """The characters of the cell at the cursor."""
        return text

    def header_lines(self, names: list[str]) -> list[str]:
        """The lines with the names of the visible columns."""
        return list(column_names(names, self.cell_width, self.header))

    def after_row(self, row: int) -> str:
        """What is drawn after the last column of a row."""
        return ""

    # ---- geometry

    @property
    def header(self) -> int:
        """The most lines of the names of columns."""
        return max(1, min(9, self.size.height // 3))

    @property
    def has_colour(self) -> bool:
        return shows_heat_on(self.app)

    def room(self) -> tuple[int, int]:
        """Lines for rows, and terminal cells for columns."""
        return self.lines_for_rows, max(1, self.size.width - self.label - 1)

    @property
    def lines_for_rows(self) -> int:
        return max(1, self.size.height - self.header - bool(self.AXES))

    def shown(self) -> tuple[int, int]:
        """The number of visible rows and columns."""
        down, across = self.room()
        return min(down, len(self.row_names)), min(max(1, across // self.cell_width), len(self.column_names))

    def follow(self) -> None:
        """Scroll until the cursor is visible, and draw."""
        (rows, columns), (row, column) = self.shown(), self.at
        self._top = max(0, min(max(min(self._top, row), row - rows + 1), len(self.row_names) - rows))
        self._left = max(0, min(max(min(self._left, column), column - columns + 1), len(self.column_names) - columns))
        names = list(self.column_names[self._left : self._left + columns])
        self._names = [*([self.AXES[1]] if self.AXES else []), *self.header_lines(names)]
        self.refresh()
        self.post_message(self.Moved(self))

    def on_resize(self) -> None:
        self.follow()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda theme: self.refresh())

    # ---- the cursor

    def move(self, rows: int, columns: int) -> None:
        """Move the cursor by cells."""
        self.put(self.at[0] + rows, self.at[1] + columns)

    def page(self, by: int) -> None:
        """Move the cursor by the visible rows."""
        self.move(by * max(1, self.shown()[0] - 1), 0)

    def jump(self, end: int) -> None:
        """Move the cursor to the first row, or for -1 to the last one."""
        self.put(end if end >= 0 else len(self.row_names) - 1, self.at[1])

    def put(self, row: int, column: int) -> None:
        """Move the cursor to a cell, or to the one nearest to it."""
        self.at = (
            max(0, min(row, len(self.row_names) - 1)),
            max(0, min(column, len(self.column_names) - 1)),
        )
        self.follow()

    # ---- drawing

    def render_line(self, y: int) -> Strip:
        base, width, high = self.rich_style, self.size.width, len(self._names)
        row = self._top + y - high
        if y < high:
            line = self._header_line(y, base)
        elif row < len(self.row_names):
            line = self._row_line(row, base)
        else:
            return Strip.blank(width, base)
        return line.adjust_cell_length(width, base)

    def _header_line(self, y: int, base: Style) -> Strip:
        wide = self.cell_width
        line = self._names[y].ljust(self.shown()[1] * wide)
        at = (self.at[1] - self._left) * wide
        corner = self._visible_part(y)[: self.label].rjust(self.label) + " "
        dim = base + DIM
        if self.AXES and y == 0:
            return Strip([Segment(corner, dim), Segment(line, dim)])
        parts = ((corner, dim), (line[:at], dim), (line[at : at + wide], base + NAMED), (line[at + wide :], dim))
        return Strip([Segment(text, style) for text, style in parts])

    def _visible_part(self, y: int) -> str:
        """Where the visible part of a larger table begins, in the corner above the names of the rows, and what these
        are."""
        rows, columns = self.shown()
        texts = []
        if columns < len(self.column_names):
            texts.append(f"→{self._left + 1}/{len(self.column_names)}")
        if rows < len(self.row_names):
            texts.append(f"↓{self._top + 1}/{len(self.row_names)}")
        if y < len(texts):
            return texts[y]
        return self.AXES[0] if self.AXES and y == len(self._names) - 1 else ""

    def _row_line(self, row: int, base: Style) -> Strip:
        here = CURSOR if self.has_focus else NAMED + Style(underline=True)
        name = shortened(self.row_names[row], self.label).rjust(self.label)
        segments = [Segment(name, base + here if row == self.at[0] else base), Segment(" ", base)]
        for column in range(self._left, min(self._left + self.shown()[1], len(self.column_names))):
            text, style = self.cell(row, column)
            if (row, column) == self.at:
                text, style = self.marked(text), style + here
            segments.append(Segment(text, base + style))
        if after := self.after_row(row):
            segments.append(Segment(after, base + DIM))
        return Strip(segments)

    # ---- the mouse

    def on_click(self, event: events.Click) -> None:
        row = self._top + event.y - len(self._names)
        column = self._left + (event.x - self.label - 1) // self.cell_width
        if event.y < len(self._names) or row >= len(self.row_names):
            return
        self.put(row, column)
        if event.chain == 2:
            self.post_message(self.Opened(self))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.move(1, 0)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.move(-1, 0)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()
