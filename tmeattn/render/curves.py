"""Line charts for the command line. `plot` says how they look."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.measure import Measurement
from rich.style import Style
from rich.text import Text

from tmeattn.render.console import safe, safe_line
from tmeattn.render.palette import MARKERS, series_style
from tmeattn.render.plot import AROUND, Line, LinePlot, dashes, flowed
from tmeattn.render.tick_axes import Round, RoundPowers, Whole

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

_HUGE = 1e300


@dataclass(frozen=True)
class Series:
    """A named curve. A point whose x or y is missing, NaN or infinite is a gap.

    colour: index into the series of the palette; None: the place of the curve in its chart.
    mark:   the sign of its points and of its name; None: that of its place.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float | None]
    colour: int | None = None
    mark: str | None = None

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
    log_x: bool
    values: str | None

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = min(self.width or options.max_width, options.max_width)
        return Measurement(min(20, widest), widest)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(self.width or options.max_width, options.max_width)
        lines = list(self._lines())
        is_empty = not any(point for line in lines for point in line.points)
        heading = flowed(self._heading(lines, is_empty=is_empty), width)
        for text in heading if any(heading) else []:
            text.truncate(width, overflow="ellipsis")
            yield text
        if not is_empty:
            whole = all(point[0].is_integer() for line in lines for point in line.points if point)
            plot = LinePlot(
                *(lines, width, self.height + AROUND),
                x_axis=RoundPowers if self.log_x else Whole if whole else Round,
                x_name=self.x_label or "",
                y_range=[y for y in self.y_range or () if _drawable(y)],
            )
            for text in plot.drawn():
                text.truncate(width, overflow="crop")
                yield text

    def _lines(self) -> Iterator[Line]:
        for place, each in enumerate(self.series):
            colour = place if each.colour is None else each.colour
            mark = MARKERS[place % len(MARKERS)] if each.mark is None else each.mark
            yield Line(each.points(), series_style(colour), mark, dashes=dashes(colour))

    def _heading(self, lines: Sequence[Line], *, is_empty: bool) -> Iterator[Text]:
        """The title, the label of the y axis, and the names of the curves, a single one only with its value."""
        if self.title:
            yield Text(safe(self.title), "bold")
        label = safe_line(self.y_label or "")
        if label and (self.values is None or is_empty):
            yield Text(label, "dim")
        if is_empty:
            yield Text("no data yet", "dim")
        elif len(lines) > 1 or self.values is not None:
            for at, (line, each) in enumerate(zip(lines, self.series, strict=True), start=1):
                name = Text(f"{line.mark} {safe_line(each.name)}".rstrip(), line.style)
                last = next((point for point in reversed(line.points) if point), None)
                if self.values is not None and last is not None:
                    name.append(f" {last[1]:{self.values}}", Style(color="default"))
                    name.append(f" {label}" if label and at == len(lines) else "", Style(color="default", dim=True))
                yield name


def curves(
    series: Sequence[Series],
    *,
    title: str | None = None,
    width: int | None = None,
    height: int = 13,
    x_label: str | None = None,
    y_label: str | None = None,
    y_range: tuple[float, float] | None = None,
    log_x: bool = False,
    values: str | None = None,
) -> Curves:
    """A line chart of `height` rows above its x axis, as wide as the console or `width`.

    y_range: what the y axis includes, so that several charts can have the same one.
    log_x:   whether the x axis is logarithmic: each x is the decimal logarithm of its value.
    values:  how the last value of each curve is written behind its name, such as ".1f"; its unit is `y_label`.
    """
    return Curves(tuple(series), title, width, max(3, height), x_label, y_label, y_range, log_x, values)


def _drawable(value: float) -> bool:
    return math.isfinite(value) and abs(value) < _HUGE
