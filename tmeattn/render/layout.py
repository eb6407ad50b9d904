"""Renderables beside each other where the console is wide enough."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

SIDE_BY_SIDE_COLUMNS = 110


@dataclass(frozen=True)
class SideBySide:
    """Two renderables beside each other where the console has 110 columns, else one below the other."""

    left: RenderableType
    right: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width < SIDE_BY_SIDE_COLUMNS:
            yield Group(self.left, Text(), self.right)
            return
        half = (options.max_width - 2) // 2  # both the same, or their axes would differ and not compare
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=half)
        grid.add_column(width=half)
        grid.add_row(self.left, self.right)
        yield grid
