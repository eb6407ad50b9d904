"""A canvas of braille dots: two by four dots a cell, with markers and rules over them.

The charts of the command line and of the screens draw on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from rich.style import Style
from rich.text import Text

Dot = tuple[int, int]
"""Column and row of a dot, from the upper left corner."""
_Cell = tuple[int, int]
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # [row][column] within a braille character
_BLANK = (" ", Style())


@dataclass
class BrailleCanvas:
    """`columns` by `rows` cells. A cell has one style: that of the last line or marker drawn in it."""

    columns: int
    rows: int
    _dots: dict[_Cell, int] = field(default_factory=dict)
    _styles: dict[_Cell, Style] = field(default_factory=dict)
    _characters: dict[_Cell, str] = field(default_factory=dict)

    @property
    def dots(self) -> tuple[int, int]:
        """Width and height in dots."""
        return 2 * self.columns, 4 * self.rows

    def line(self, start: Dot, end: Dot, style: Style, *, dashes: str = "#", phase: int = 0) -> int:
        """Draw dots from `start` to `end`, those where the repeated pattern `dashes` has a #.

        phase: position in the pattern to start from. Returns the position for the next line of the same curve.
        """
        length = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
        for step in range(length + 1):
            if dashes[(phase + step) % len(dashes)] == "#":
                x = round(start[0] + (end[0] - start[0]) * step / length)
                y = round(start[1] + (end[1] - start[1]) * step / length)
                cell = (y // 4, x // 2)
                self._dots[cell] = self._dots.get(cell, 0) | _BITS[y % 4][x % 2]
                self._styles[cell] = style
        return phase + length

    def mark(self, at: Dot, character: str, style: Style) -> None:
        """Put a character on the cell of a dot."""
        cell = (at[1] // 4, at[0] // 2)
        self._characters[cell] = character
        self._styles[cell] = style

    def rule(self, column: int, style: Style, character: str = "│") -> None:
        """Draw a vertical line behind the curves: in the empty cells of a column."""
        for row in range(self.rows):
            if (row, column) not in self._styles:
                self._characters[row, column], self._styles[row, column] = character, style

    def row(self, number: int) -> Text:
        """One line of cells, a span for each run of one style."""
        text = Text(no_wrap=True)
        for style, cells in groupby(self._cells(number), key=lambda cell: cell[1]):
            text.append("".join(character for character, _ in cells), style=style or None)
        return text

    def _cells(self, row: int) -> Iterator[tuple[str, Style]]:
        for column in range(self.columns):
            cell = (row, column)
            if cell in self._styles:
                yield self._characters.get(cell) or chr(0x2800 + self._dots[cell]), self._styles[cell]
            else:
                yield _BLANK
