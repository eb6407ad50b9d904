"""Line charts of braille dots. A character holds eight dots, so a curve is readable on 80 columns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.measure import Measurement
from rich.text import Text

from tmeattn.render.axes import round_step, spread, tick_label, tick_line, ticks
from tmeattn.render.braille import BrailleCanvas
from tmeattn.render.console import safe, safe_line
from tmeattn.render.palette import MARKERS, series_style

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

# Dash patterns, so that lines differ without colour too. There are as many as colours.
_DASHES = ("#", "##--", "#####---", "#---", "#####--#--", "########----")
_HUGE = 1e300
_LABEL_WIDTH = 14
_Place = Callable[[tuple[float, float]], tuple[int, int]]


@dataclass(frozen=True)
class Series:
    """A named curve. A point whose x or y is missing, NaN or infinite is a gap."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float | None]

    def points(self) -> list[tuple[float, float] | None]:
        """The points in order, None for a gap."""
        pairs = zip(self.xs, self.ys, strict=True)
        return [(float(x), float(y)) if y is not None and _drawable(x) and _drawable(y) else None for x, y in pairs]


@dataclass(frozen=True)
class Curves:
    """The renderable of `curves`."""

    series: tuple[Series, ...]
    title: str | None
    width: int | None
    height: int
    x_label: str | None
    y_label: str | None
    y_range: tuple[float, float] | None

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = min(self.width or options.max_width, options.max_width)
        return Measurement(min(20, widest), widest)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(self.width or options.max_width, options.max_width)
        for heading in self._heading(width):
            heading.truncate(width, overflow="ellipsis")
            yield heading
        points = [series.points() for series in self.series]
        if not any(point for line in points for point in line):
            yield Text("(no data yet)", style="dim")
            return
        yield from _draw(self, points, width)

    def _heading(self, width: int) -> list[Text]:
        """The title and the label of the y axis: beside each other, or on two lines if they do not fit."""
        title = Text(safe(self.title), "bold", no_wrap=True) if self.title else None
        label = Text(safe_line(self.y_label), "dim", no_wrap=True) if self.y_label else None
        if title and label and title.cell_len + 2 + label.cell_len <= width:
            return [Text.assemble(title, "  ", label, no_wrap=True)]
        return [part for part in (title, label) if part]


def curves(
    series: Sequence[Series],
    *,
    title: str | None = None,
    width: int | None = None,
    height: int = 13,
    x_label: str | None = None,
    y_label: str | None = None,
    y_range: tuple[float, float] | None = None,
) -> Curves:
    """A line chart of at most `height` rows, as wide as the console or `width`, with a name at the end of each curve.

    The y axis includes `y_range`, so that several charts can have the same axis.
    """
    return Curves(tuple(series), title, width, max(3, height), x_label, y_label, y_range)


def _draw(chart: Curves, points: list[list[tuple[float, float] | None]], width: int) -> Iterator[Text]:
    real = [point for line in points for point in line if point]
    left, right = min(x for x, _ in real), max(x for x, _ in real)
    whole = all(x.is_integer() for x, _ in real)
    heights = [*(y for _, y in real), *(y for y in chart.y_range or () if _drawable(y))]
    bottom, top = spread(min(heights), max(heights))
    y_step = round_step(top - bottom, max(2, chart.height // 3))
    bottom, top = math.floor(bottom / y_step + 1e-9) * y_step, math.ceil(top / y_step - 1e-9) * y_step
    y_ticks = ticks(bottom, top, y_step)
    margin = max(len(tick_label(value, y_step)) for value in y_ticks)

    named = len(chart.series) > 1
    names = (
        [f" {MARKERS[i % len(MARKERS)]} {safe_line(each.name)}" for i, each in enumerate(chart.series)] if named else []
    )
    room = min(_LABEL_WIDTH, width // 3)
    legend = any(cell_len(name) > room for name in names)  # too long for the right margin: below the chart
    beside = [name[:2] for name in names] if legend else names
    x_label = f" {safe_line(chart.x_label)}" if chart.x_label else ""
    label_width = min(max(map(cell_len, [*beside, x_label])), room)
    columns = max(4, width - margin - 1 - label_width)
    # As many rows as put every tick on the middle of a row, evenly spaced.
    intervals = len(y_ticks) - 1
    rows = (chart.height - 1) // intervals * intervals + 1 if intervals < chart.height else chart.height
    canvas = BrailleCanvas(columns, rows)

    def dot(point: tuple[float, float]) -> tuple[int, int]:
        across = 0.5 if right == left else (point[0] - left) / (right - left)
        up = (point[1] - bottom) / (top - bottom)
        return round(across * (2 * columns - 1)), round(1.4 + (1 - up) * 4 * (rows - 1))

    ends = _plot(canvas, points, dot)
    labels = _end_labels(ends, rows)
    tick_rows = {dot((left, value))[1] // 4: tick_label(value, y_step) for value in y_ticks}
    for row in range(rows):
        line = Text(no_wrap=True)
        line.append(tick_rows.get(row, "").rjust(margin) + ("┤" if row in tick_rows else "│"), style="dim")
        line.append_text(canvas.row(row))
        if named and row in labels:
            label = Text(beside[labels[row]], style=series_style(labels[row]))
            label.truncate(label_width, overflow="ellipsis")
            line.append_text(label)
        yield line
    yield from _x_axis(chart, left, right, whole, margin, columns, width, dot)
    if legend:
        yield from _legend(names, margin, width)


def _legend(names: Sequence[str], margin: int, width: int) -> Iterator[Text]:
    """All names on as few lines as possible."""
    line = Text(" " * margin, no_wrap=True)
    for index, name in enumerate(names):
        if line.cell_len + cell_len(name) + 1 > width and line.cell_len > margin:
            yield line
            line = Text(" " * margin, no_wrap=True)
        line.append(f"{name} ", style=series_style(index))
        line.truncate(width, overflow="ellipsis")
    yield line


def _plot(canvas: BrailleCanvas, points: list[list[tuple[float, float] | None]], dot: _Place) -> dict[int, int]:
    """Draw all curves; returns the row at which each one ends."""
    ends: dict[int, int] = {}
    placed = [[dot(point) if point else None for point in line] for line in points]
    for index, line in enumerate(placed):
        phase, previous, dashes = 0, None, _DASHES[index % len(_DASHES)]
        for at in line:
            if at:
                phase = canvas.line(previous or at, at, series_style(index), dashes=dashes, phase=phase)
            previous = at
    # Markers come last, so that no line hides them: at all points if there is space, and always at the last one.
    for index, line in enumerate(placed):
        real = [at for at in line if at]
        if real:
            for at in real if len(real) <= canvas.columns // 4 else real[-1:]:
                canvas.mark(at, MARKERS[index % len(MARKERS)], series_style(index))
            ends[index] = real[-1][1] // 4
    return ends


def _end_labels(ends: dict[int, int], rows: int) -> dict[int, int]:
    """Row -> curve: each label as near to the end of its curve as the other labels allow, in the order of the ends."""
    wanted = sorted(ends.items(), key=lambda item: item[1])[:rows]
    labels: dict[int, int] = {}
    lowest = -1
    for position, (index, row) in enumerate(wanted):
        lowest = max(lowest + 1, min(row, rows - (len(wanted) - position)))
        labels[lowest] = index
    return labels


def _x_axis(
    chart: Curves, left: float, right: float, whole: bool, margin: int, columns: int, width: int, dot: _Place
) -> Iterator[Text]:
    step = round_step((right - left) or 1.0, max(2, columns // 10), whole=whole)
    values = ticks(left, right, step) if right > left else [left]
    # The first epoch always has a tick, even if its number is not a multiple of the step.
    if whole and right > left and values[0] != left:
        values = [left, *[value for value in values if dot((value, 0.0))[0] // 2 > 6]]
    marks = [(dot((value, 0.0))[0] // 2, tick_label(value, step)) for value in values]
    at = {column for column, _ in marks}
    yield Text(
        " " * margin + "└" + "".join("┬" if column in at else "─" for column in range(columns)),
        style="dim",
        no_wrap=True,
    )
    line = Text(" " * (margin + 1) + tick_line(marks, columns), style="dim", no_wrap=True)
    if chart.x_label:
        line.append(f" {safe_line(chart.x_label)}")
    line.truncate(width, overflow="ellipsis")
    yield line


def _drawable(value: float) -> bool:
    return math.isfinite(value) and abs(value) < _HUGE
