"""Renderables in two columns on a wide console."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

SIDE_BY_SIDE_COLUMNS = 110
"""Width from which on a console has two columns."""


@dataclass(frozen=True)
class SideBySide:
    """Two renderables in two columns if the console is at least 110 wide, otherwise one below the other."""

    left: RenderableType
    right: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width < SIDE_BY_SIDE_COLUMNS:
            yield Group(self.left, Text(), self.right)
            return
        half = (options.max_width - 2) // 2  # equal widths, so that the axes of both halves agree
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=half)
        grid.add_column(width=half)
        grid.add_row(self.left, self.right)
        yield grid
