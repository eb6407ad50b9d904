"""Histograms of block characters: a single tall one, or many flat ones below each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.measure import Measurement
from rich.text import Text

from tmeattn.plurals import counted
from tmeattn.render.axes import round_step, spread, tick_label, tick_line, ticks
from tmeattn.render.console import safe, safe_line
from tmeattn.render.numbers import decimal, percent
from tmeattn.render.palette import BLUE, foreground
from tmeattn.render.plot import COLUMNS_A_TICK, LEFT
from tmeattn.spacing import evenly_spaced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

BLOCKS = " ▁▂▃▄▅▆▇█"
TALLEST = 7
"""Eighths of a line that the largest bar of a line of bars has."""
MOST_COLUMNS = 4
"""Columns of a bin at most, on a wide screen."""
_MOST_ROWS = 24


def sparkline(values: Sequence[float], width: int | None = None) -> str:
    """Values as one line of blocks, scaled to the largest; `width` re-bins them. Values above zero stay visible.

    The largest block leaves an eighth of the line free, so that the bars of two lines do not fuse.
    """
    clean = _clean(values)
    if width is not None and clean:
        clean = rebin(clean, width)
    peak = max(clean, default=0.0)
    return "".join(BLOCKS[math.ceil(value / peak * TALLEST) if peak else 0] for value in clean)


def rebin(counts: Sequence[float], bins: int) -> list[float]:
    """The counts in another number of bins over the same range; their sum is unchanged."""
    ratio = len(counts) / max(1, bins)
    result = []
    for index in range(bins):
        start, end = index * ratio, (index + 1) * ratio
        total, cell = 0.0, int(start)
        while cell < end - 1e-9 and cell < len(counts):
            total += counts[cell] * (min(end, cell + 1) - max(start, cell))
            cell += 1
        result.append(total)
    return result


@dataclass(frozen=True)
class Histogram:
    """The renderable of `histogram`."""

    counts: tuple[float, ...]
    low: float
    high: float
    title: str | None
    width: int | None
    height: int
    unit: str

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = min(self.width or options.max_width, options.max_width)
        return Measurement(min(20, widest), widest)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(self.width or options.max_width, options.max_width)
        total = sum(self.counts)
        heading = Text(no_wrap=True, overflow="ellipsis")
        title, texts = safe(self.title or ""), counted(total, "text")
        heading.append(title, style="bold")
        if not title:
            heading.append(texts, style="dim")
        elif cell_len(title) + 2 + len(texts) <= width:  # a truncated number would be wrong
            heading.append(f"  {texts}", style="dim")
        heading.truncate(width, overflow="ellipsis")
        yield heading
        if not total:
            return
        margin = max(LEFT, cell_len(safe_line(self.unit)))
        columns = _columns(len(self.counts), width - margin - 1)
        values = rebin(self.counts, columns)
        peak = max(values)
        share = peak / total * max(1.0, columns / len(self.counts))  # of one bin, even if it is drawn two columns wide
        for row in range(self.height, 0, -1):
            label = percent(share, 0) if row == self.height else ""
            bars = "".join(_block(value / peak, row, self.height) for value in values)
            yield _line(label.rjust(margin) + ("┤" if label else "│"), bars)
        yield from _axis(self.low, self.high, columns, margin, self.unit, width)


@dataclass(frozen=True)
class Ridges:
    """The renderable of `ridges`."""

    rows: tuple[tuple[str, tuple[float, ...]], ...]
    low: float
    high: float
    means: tuple[float | None, ...] | None
    title: str | None
    unit: str

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(30, options.max_width), options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        if self.title:
            yield Text(safe(self.title), style="bold", no_wrap=True, overflow="ellipsis")
        if not self.rows:
            return
        margin = max(min(max(cell_len(safe_line(label)) for label, _ in self.rows), max(4, width // 4)), LEFT)
        columns = _columns(len(self.rows[0][1]), width - margin - 1 - (14 if self.means else 0))
        for index in evenly_spaced(len(self.rows), _MOST_ROWS):
            label, counts = self.rows[index]
            label = set_cell_size(safe_line(label), min(margin, cell_len(safe_line(label))))
            line = _line(" " * (margin - cell_len(label)) + label + "│", sparkline(counts, columns))
            if self.means:
                line.append(f"  mean {decimal(self.means[index], 2)}")
            yield line
        yield from _axis(self.low, self.high, columns, margin, self.unit, width)


def histogram(
    counts: Sequence[float],
    low: float,
    high: float,
    *,
    title: str | None = None,
    width: int | None = None,
    height: int = 6,
    unit: str = "nats",
) -> Histogram:
    """A histogram of equal bins over [low, high], `height` rows high; bins are joined or widened to fit the console."""
    return Histogram(tuple(_clean(counts)), low, high, title, width, max(1, height), unit)


def ridges(
    rows: Sequence[tuple[str, Sequence[float]]],
    low: float,
    high: float,
    *,
    mean: Sequence[float | None] | None = None,
    title: str | None = None,
    unit: str = "nats",
) -> Ridges:
    """One flat histogram for each row (such as an epoch), scaled to its own peak, with the mean of the row.

    Of more than 24 rows, 24 evenly spaced ones are shown, the first and the last among them.
    """
    kept = tuple((label, tuple(counts)) for label, counts in rows)
    return Ridges(kept, low, high, tuple(mean) if mean is not None else None, title, unit)


def _clean(values: Sequence[float]) -> list[float]:
    return [value if math.isfinite(value) and value > 0 else 0.0 for value in values]


def _line(before: str, bars: str) -> Text:
    line = Text(no_wrap=True)
    line.append(before, style="dim")
    line.append(bars, style=foreground(BLUE))
    return line


def _columns(bins: int, room: int) -> int:
    """The number of columns for `bins`: all that there are, and at most four for each bin."""
    room = max(4, room)
    return min(room, MOST_COLUMNS * bins) if bins else room


def _block(share: float, row: int, height: int) -> str:
    """The character at `row` (1 is the lowest) of a bar that fills `share` of `height` rows."""
    eighths = math.ceil(share * height * 8 - 1e-9) - (row - 1) * 8
    return BLOCKS[max(0, min(8, eighths))]


def _axis(low: float, high: float, columns: int, margin: int, unit: str, width: int) -> RenderResult:
    low, high = spread(low, high)
    step = round_step(high - low, max(2, columns // COLUMNS_A_TICK))
    marks = [
        (min(columns - 1, int((value - low) / (high - low) * columns)), tick_label(value, step))
        for value in ticks(low, high, step)
    ]
    at = {column for column, _ in marks}
    line = " " * margin + "└" + "".join("┬" if column in at else "─" for column in range(columns))
    yield Text(line[:width], style="dim", no_wrap=True)
    labels = Text(set_cell_size(safe_line(unit), margin + 1) + tick_line(marks, columns).rstrip(), "dim", no_wrap=True)
    labels.truncate(width)
    yield labels
