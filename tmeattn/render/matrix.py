"""A matrix as coloured cells: a line of characters shows two rows of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.color import Color
from rich.measure import Measurement
from rich.style import Style
from rich.text import Text

from tmeattn.render.axes import tick_line
from tmeattn.render.console import safe, safe_line
from tmeattn.render.numbers import finite
from tmeattn.render.palette import diverging, shows_heat

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

_ABOVE = " ░▒▓█"
_BELOW = " -=%#"
_MOST_ROWS = 40
_LABEL = 4

Values = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Matrix:
    """The renderable of `matrix`."""

    values: tuple[tuple[float, ...], ...]
    title: str | None
    x_label: str
    y_label: str

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(20, options.max_width), options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        if self.title:
            yield Text(safe(self.title), style="bold", no_wrap=True, overflow="ellipsis")
        if not self.values or not self.values[0]:
            return
        rows, columns = len(self.values), len(self.values[0])
        room = max(4, width - _LABEL - 1)
        cell = max(1, min(room // columns, 4))
        cells = reduced(self.values, min(rows, _MOST_ROWS), min(columns, room))
        peak = (
            max((abs(value) for row in self.values for value in row if finite(value) is not None), default=0.0) or 1.0
        )
        colour = shows_heat(console)
        for start in range(0, len(cells), 2 if colour else 1):
            line = Text(no_wrap=True).append(str(start * rows // len(cells)).rjust(_LABEL) + " ", style="dim")
            upper, lower = cells[start], cells[start + 1] if colour and start + 1 < len(cells) else None
            for index, value in enumerate(upper):
                if colour:
                    below = None if lower is None else Color.from_rgb(*diverging(lower[index] / peak))
                    line.append("▀" * cell, style=Style(color=Color.from_rgb(*diverging(value / peak)), bgcolor=below))
                else:
                    line.append(_shade(value / peak) * cell)
            yield line
        marks = [(at * len(cells[0]) * cell // 4, str(at * columns // 4)) for at in range(4)]
        axis = " " * (_LABEL + 1) + tick_line(marks, len(cells[0]) * cell).rstrip() + f" {safe_line(self.x_label)}"
        yield Text(axis[:width], style="dim", no_wrap=True)
        rows_are = f"rows: {safe_line(self.y_label)}; " if self.y_label else ""
        scale = f"blue {-peak:.3g}, grey 0, orange {peak:.3g}"
        if not colour:
            negative = any(value < 0 for row in self.values for value in row)
            scale = f"blank 0, {_ABOVE.strip()} up to {peak:.3g}"
            scale += f", {_BELOW.strip()} down to {-peak:.3g}" if negative else ""
        yield Text(rows_are + scale, style="dim")


def matrix(values: Values, *, title: str | None = None, x_label: str = "", y_label: str = "") -> Matrix:
    """Rows of numbers of equal length, averaged over rectangles where the console is too small for all of them."""
    return Matrix(tuple(tuple(row) for row in values), title, x_label, y_label)


def reduced(values: Values, rows: int, columns: int) -> list[list[float]]:
    """The matrix with `rows` and `columns`, no more than it has: means over rectangles of its cells."""
    height, width = len(values), len(values[0])
    result = []
    for row in range(rows):
        block = values[row * height // rows : (row + 1) * height // rows]
        line = []
        for column in range(columns):
            left, right = column * width // columns, (column + 1) * width // columns
            known = [value for part in block for value in part[left:right] if finite(value) is not None]
            line.append(sum(known) / len(known) if known else 0.0)
        result.append(line)
    return result


def _shade(share: float) -> str:
    """A character whose darkness is the share of the largest absolute value, from another set for negative values."""
    shades = _ABOVE if share > 0 else _BELOW
    return shades[min(len(shades) - 1, round(abs(share) * (len(shades) - 1)))]
