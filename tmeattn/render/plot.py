"""How every line chart looks, on the command line and on the screens: axes with round numbers, curves of braille dots
that differ in colour, dashes and markers, and a legend above them. `curves` and the charts of the screens draw with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rich.style import Style
from rich.text import Text

from tmeattn.render.axes import spread, tick_line
from tmeattn.render.braille import BrailleCanvas, Dot
from tmeattn.render.console import safe_line
from tmeattn.render.tick_axes import MOST_INTERVALS, Axis, Round, RoundPowers

BEST = "★"
"""The best epoch, on the x axis."""
LEFT = 7
"""Columns for the labels of the y axis; more where a label is longer."""
AROUND = 2
"""Rows of a plot for the x axis and its numbers."""
COLUMNS_A_TICK = 8
"""Columns of the x axis for each tick at least."""
MOST_TICKS = 10
_DASHES = ("#", "##--", "#####---", "#---", "#####--#--", "########----")
"""A pattern for each colour of the palette, so that lines differ without colour, too."""
_DIM = Style(dim=True)

Point = tuple[float, float]


def dashes(series: int) -> str:
    """The pattern of the series-th line of a chart."""
    return _DASHES[series % len(_DASHES)]


@dataclass(frozen=True)
class Line:
    """A curve that is drawn.

    points: in their order; None is a gap. On a logarithmic y axis, y is the decimal logarithm of the value.
    marked: whether each point has the mark, as far as there is room; a single point always has it.
    """

    points: Sequence[Point | None]
    style: Style
    mark: str
    marked: bool = True
    dashes: str = "#"


@dataclass(frozen=True)
class PlotStyles:
    """The styles of what is around the curves."""

    axis: Style = _DIM
    tick: Style = _DIM
    label: Style = _DIM
    cursor: Style = field(default_factory=Style)
    best: Style = field(default_factory=Style)


class LinePlot:
    """Lines between their axes, in so many columns and rows.

    span:    the range of the x axis; None: that of the points.
    y_range: what the y axis includes at least.
    cursor:  where a vertical line stands; None without.   best: where the best epoch ends.
    left:    the columns to the left of the y axis.   columns, rows: of the curves.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        width: int,
        height: int,
        *,
        x_axis: type[Axis] = Round,
        x_name: str = "",
        log: bool = False,
        span: Point | None = None,
        y_range: Sequence[float] = (),
        cursor: float | None = None,
        best: float | None = None,
        styles: PlotStyles | None = None,
    ) -> None:
        self.lines, self.styles = lines, styles or PlotStyles()
        self.x_name, self._cursor, self._best = x_name, cursor, best
        self.rows = max(height - AROUND, 1)
        self._frame = _Frame.around([point for line in lines for point in line.points if point], span, y_range)
        intervals = min(max(self.rows // 2, 2), MOST_INTERVALS)  # a tick in two rows: they look evenly spaced
        self._y_ticks = _labelled(RoundPowers(intervals) if log else Round(intervals), *self._frame.ys)
        self.left = max(LEFT, *(len(label) for _, label in self._y_ticks), 0)
        self.columns = max(width - self.left - 1, 4)
        self._x_ticks = self._fitting(x_axis)

    def _fitting(self, x_axis: type[Axis]) -> list[tuple[float, str]]:
        """The ticks of the x axis: as many as have room for their labels."""
        if self._frame.single is not None:
            return _labelled(x_axis(), self._frame.single, self._frame.single)[:1]
        found: list[tuple[float, str]] = []
        for intervals in range(min(max(self.columns // COLUMNS_A_TICK, 2), MOST_TICKS), 1, -1):
            found = _labelled(x_axis(intervals), *self._frame.xs)
            canvas = BrailleCanvas(self.columns, 1)
            marks = [(self._column(x, canvas), label) for x, label in found]
            if all(f" {label} " in f" {tick_line(marks, self.columns)} " for _, label in marks):
                break
        return found

    def drawn(self) -> Iterator[Text]:
        """The lines of text: the curves, the x axis, and its numbers."""
        canvas = BrailleCanvas(self.columns, self.rows)
        placed = [[self._dot(point, canvas) if point else None for point in line.points] for line in self.lines]
        for line, dots in zip(self.lines, placed, strict=True):
            phase = 0
            for start, end in pairwise([None, *dots]):
                if end is not None:
                    phase = canvas.line(start or end, end, line.style, dashes=line.dashes, phase=phase)
        for line, dots in zip(self.lines, placed, strict=True):  # after all lines, so that no line covers a mark
            self._mark(canvas, line, [dot for dot in dots if dot])
        if self._cursor is not None:
            column = self._column(self._cursor, canvas)
            canvas.rule(min(max(column, 0), canvas.columns - 1), self.styles.cursor)
        best = self._best_column(canvas)
        if best is not None:
            canvas.rule(best, self.styles.best, "┊")
        yield from self._rows(canvas)
        yield from self._x_axis(canvas, best)

    def _mark(self, canvas: BrailleCanvas, line: Line, dots: list[Dot]) -> None:
        """Draw the marks of a line, but only the last one if many marks would hide it."""
        if line.marked or len(dots) == 1:
            for dot in dots if len(dots) <= canvas.columns // 4 else dots[-1:]:
                canvas.mark(dot, line.mark, line.style)

    def _rows(self, canvas: BrailleCanvas) -> Iterator[Text]:
        """The rows of the curves, with the y axis to their left."""
        ticks = {self._dot((self._frame.xs[0], value), canvas)[1] // 4: label for value, label in self._y_ticks}
        for row in range(canvas.rows):
            line = Text(no_wrap=True)
            line.append(ticks.get(row, "").rjust(self.left), self.styles.tick)
            line.append("┤" if row in ticks else "│", self.styles.axis)
            yield line.append_text(canvas.row(row))

    def _x_axis(self, canvas: BrailleCanvas, best: int | None) -> Iterator[Text]:
        marks = [(self._column(x, canvas), label) for x, label in self._x_ticks]
        marked = {column for column, _ in marks}
        rule = "".join("┬" if column in marked else "─" for column in range(canvas.columns))
        below = Text(f"{' ' * self.left}└{rule}", style=self.styles.axis, no_wrap=True)
        if best is not None:
            at = self.left + 1 + best
            below = Text.assemble(below[:at], (BEST, self.styles.best), below[at + 1 :], no_wrap=True)
        yield below
        name = safe_line(self.x_name)
        fits = Text(name).cell_len <= self.left
        line = Text(no_wrap=True).append((name if fits else "").ljust(self.left + 1), self.styles.label)
        yield line.append(tick_line(marks, canvas.columns), self.styles.tick)
        if not fits:
            line = Text(" " * (self.left + 1), no_wrap=True).append(name, self.styles.label)
            line.truncate(self.left + 1 + canvas.columns, overflow="ellipsis")
            yield line

    def _best_column(self, canvas: BrailleCanvas) -> int | None:
        left, right = self._frame.xs
        return self._column(self._best, canvas) if self._best is not None and left <= self._best <= right else None

    def _column(self, x: float, canvas: BrailleCanvas) -> int:
        return self._dot((x, self._frame.ys[0]), canvas)[0] // 2

    def _dot(self, point: Point, canvas: BrailleCanvas) -> Dot:
        (left, right), (low, high) = self._frame.xs, self._frame.ys
        across, up = (point[0] - left) / (right - left), (point[1] - low) / (high - low)
        columns, rows = canvas.dots
        return round(across * (columns - 1)), round((1 - up) * (rows - 1))


@dataclass(frozen=True)
class _Frame:
    """The range of both axes. single: the only place on the x axis that has points, which is in its middle."""

    xs: Point
    ys: Point
    single: float | None = None

    @classmethod
    def around(cls, points: Sequence[Point], span: Point | None, y_range: Sequence[float]) -> _Frame:
        """The range of all points, with a margin at the bottom and the top, so that no curve touches an axis."""
        xs = [*(span or ())] or [x for x, _ in points]
        ys = [*(y for _, y in points), *y_range]
        left, right, low, high = min(xs), max(xs), min(ys), max(ys)
        margin = 0.06 * (high - low) or max(abs(high), 1e-6) * 0.05
        wider = spread(left, right)
        return cls(wider, (low - margin, high + margin), None if wider == (left, right) else left)


def _labelled(axis: Axis, low: float, high: float) -> list[tuple[float, str]]:
    """The ticks of an axis within its range, each with its label."""
    at, labels = axis.get_ticks_and_labels(low, high)
    return [(value, label) for value, label in zip(at, labels, strict=True) if low <= value <= high]


def flowed(parts: Iterable[Text], width: int) -> list[Text]:
    """The title and the names of a legend on as few lines as possible, with two spaces between two of them."""
    lines = [Text(no_wrap=True)]
    for part in parts:
        if lines[-1] and lines[-1].cell_len + 2 + part.cell_len > width:
            lines.append(Text(no_wrap=True))
        lines[-1].append("  " if lines[-1] else "").append_text(part)
    return lines
