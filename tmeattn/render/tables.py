"""Tables in one style. They leave out less important columns where the console is too narrow for all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from string import ascii_lowercase
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from tmeattn.render.console import safe, safe_line
from tmeattn.render.numbers import MISSING, count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.style import Style

_GAP = 3  # columns between two columns
_MARK = len(" (a)")

Cell = str | int | float | Text | None


@dataclass(frozen=True)
class Column:
    """A column of `table`. Numeric columns are right-aligned; with `wrap`, long text takes several lines.

    least: minimum width of a wrapping column; other columns are left out before it becomes narrower.
    drop:  a column above 0 is left out if the table does not fit the console, the greatest number first.
    noted: if the column is left out, its cells become footnotes: a letter on the first cell of the row, because a star
           would be read as "significant".
    about: a description below the table, shown while the column is in the table.
    """

    name: str
    numeric: bool = False
    wrap: bool = False
    style: str | Style = ""
    least: int = 16
    drop: int = 0
    noted: bool = False
    about: str = ""


@dataclass(frozen=True)
class FittedTable:
    """The renderable of `table`. It leaves columns out if the console is too narrow for all of them."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Text, ...], ...]
    title: str | None
    caption: str | None

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._grid(self._kept(options.max_width), {}, options.max_width))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        kept = self._kept(options.max_width)
        marks = self._marks(kept)
        if self.title:
            yield Text(safe(self.title), style="bold")
        widths = [self._widest[index] for index in kept]
        fits = sum(widths) + _GAP * (len(kept) - 1) <= options.max_width
        if kept and not marks and fits and not any("\n" in cell.plain for row in self.rows for cell in row):
            yield from self._lines(kept, widths)
        else:
            yield self._grid(kept, marks, options.max_width)
        about = "; ".join(self.columns[index].about for index in kept if self.columns[index].about)
        below = [f"{about}." if about else "", self.caption or "", *(f"{mark} {note}" for note, mark in marks.items())]
        if text := " ".join(filter(None, below)):
            yield Text(safe(text), style="dim")

    def fits(self, width: int) -> bool:
        """Whether all columns fit `width` cells."""
        return self._least(range(len(self.columns))) <= width

    def _kept(self, width: int) -> list[int]:
        """Indices of the columns that fit `width` cells."""
        kept = list(range(len(self.columns)))
        while self._least(kept) > width and (droppable := [index for index in kept if self.columns[index].drop]):
            kept.remove(max(droppable, key=lambda index: self.columns[index].drop))
        return kept

    def _least(self, kept: Sequence[int]) -> int:
        marked = _MARK if any(row[index].plain for row in self.rows for index in self._noted(kept)) else 0
        return sum(map(self._least_of, kept)) + _GAP * (len(kept) - 1) + marked

    def _least_of(self, index: int) -> int:
        column = self.columns[index]
        return min(self._widest[index], column.least) if column.wrap else self._widest[index]

    @cached_property
    def _widest(self) -> tuple[int, ...]:
        """The widths of all columns without a line break in a cell."""
        return tuple(
            max(cell_len(safe_line(column.name)), *(row[index].cell_len for row in self.rows), 1)
            for index, column in enumerate(self.columns)
        )

    def _marks(self, kept: Sequence[int]) -> dict[str, str]:
        """The footnotes from the cells of left-out columns, each with its mark."""
        cells = (row[index].plain for row in self.rows for index in self._noted(kept))
        notes = dict.fromkeys(filter(None, cells))
        letters = len(ascii_lowercase)
        return {note: f"({ascii_lowercase[at % letters] * (1 + at // letters)})" for at, note in enumerate(notes)}

    def _noted(self, kept: Sequence[int]) -> list[int]:
        return [index for index, column in enumerate(self.columns) if column.noted and index not in kept]

    def _lines(self, kept: Sequence[int], widths: Sequence[int]) -> RenderResult:
        """The lines that `_grid` has where every cell has the space that it needs: much faster for many rows."""
        columns = [self.columns[index] for index in kept]
        names = [Text(safe_line(column.name), style="bold") for column in columns]
        yield _line([replace(column, style="") for column in columns], names, widths)
        yield Segment("─" * (sum(widths) + _GAP * (len(widths) - 1)) + "\n")
        for row in self.rows:
            yield _line(columns, [row[index] for index in kept], widths)

    def _grid(self, kept: Sequence[int], marks: Mapping[str, str], width: int) -> Table:
        grid = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
        fits = self._least(kept) <= width
        for index in kept:
            column = self.columns[index]
            grid.add_column(
                Text(safe_line(column.name)),
                justify="right" if column.numeric else "left",
                style=column.style,
                no_wrap=not column.wrap,
                overflow="fold" if column.wrap else "ellipsis",
                min_width=self._least_of(index) if column.wrap and fits else None,
            )
        for row in self.rows:
            cells = [row[index].copy() for index in kept]
            noted = [marks[note] for index in self._noted(kept) if (note := row[index].plain) in marks]
            if noted:
                cells[0].append(" ".join(["", *noted]))
            grid.add_row(*cells)
        return grid


def _line(columns: Sequence[Column], cells: Sequence[Text], widths: Sequence[int]) -> Segment | Text:
    """One line of a table: as plain text where it has no style."""
    spaces = [width - cell.cell_len for cell, width in zip(cells, widths, strict=True)]
    before = [" " * space if column.numeric else "" for column, space in zip(columns, spaces, strict=True)]
    after = ["" if column.numeric else " " * space for column, space in zip(columns, spaces, strict=True)]
    gap = " " * _GAP
    if not any(cell.style or cell.spans or column.style for cell, column in zip(cells, columns, strict=True)):
        parts = (f"{left}{cell.plain}{right}" for left, cell, right in zip(before, cells, after, strict=True))
        return Segment(gap.join(parts) + "\n")
    line = Text(no_wrap=True)
    for at, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        line.append(gap if at else "").append_text(_styled(before[at], cell, after[at], column.style))
    return line


def _styled(before: str, cell: Text, after: str, style: str | Style) -> Text:
    return Text(style=style).append(before).append_text(cell).append(after)


def table(
    columns: Sequence[str | Column],
    rows: Iterable[Sequence[Cell]],
    *,
    title: str | None = None,
    caption: str | None = None,
) -> FittedTable:
    """A table with a bold header and no vertical lines. A plain string is the name of a text column.

    Strings pass through `safe_line`, None becomes a dash, `Text` keeps its style and must be made safe by the caller.
    """
    specs = tuple(Column(column) if isinstance(column, str) else column for column in columns)
    return FittedTable(specs, tuple(tuple(map(_cell, row)) for row in rows), title, caption)


def key_values(pairs: Iterable[tuple[str, Cell]]) -> Table:
    """Names and values in two columns, without the pairs whose value is None."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for key, value in pairs:
        if value is not None:
            grid.add_row(Text(safe_line(key)), _cell(value))
    return grid


def _cell(value: Cell) -> Text:
    if isinstance(value, Text):
        return value
    if value is None:
        return Text(MISSING, style="dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, int):
        return Text(count(value))
    if isinstance(value, float):
        return Text(f"{value:.4g}")
    return Text(safe_line(value))
