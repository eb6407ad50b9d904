"""Curves, ridges and matrices in Matplotlib axes: the height of each panel, and how it is drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmeattn.render.axes import spread
from tmeattn.render.export.text_width import wrapped
from tmeattn.render.numbers import finite
from tmeattn.render.palette import BLUE, ORANGE, SERIES
from tmeattn.render.palette256 import Rgb
from tmeattn.reproduce.results import CurvePanel, PlottedLine
from tmeattn.spacing import evenly_spaced

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from tmeattn.reproduce.results import MatrixPanel, Ridge, RidgePanel

_MOST_ROWS = 24
_OVERLAP = 1.5  # height of the peak of a ridge, in rows
_LEAST_MEAN = 0.7  # least height of the line at the mean, in rows; the next ridge hides at most 0.5
_MARKERS_A_LINE = 12
_TITLE = 285.0  # points: width of axes that have half the picture
_RIDGE_TITLE = 235.0  # points: the same without the labels of the rows
_WIDER = 350.0  # points: additional width of axes that have the whole picture
_NAME = 250.0  # points: maximum width of a name in a legend; its line and the space around it take 60 more
_FAINT = 0.35  # part of the colour of a curve in the background
_HUGE = 1e30  # larger numbers overflow in Matplotlib
# There are as many dash patterns as colours.
_DASHES = ("-", "--", "-.", ":", (0, (6, 1.5, 1, 1.5, 1, 1.5)), (0, (8, 3)))
_MARKERS = "os^Dv*PX"


@dataclass(frozen=True)
class RunCurve(PlottedLine):
    """A curve of a run.

    series: the number of its colour.
    faint:  whether it is in the background, without a name in the legend and without markers.
    """

    series: int = 0
    faint: bool = False


@dataclass(frozen=True)
class RunChart(CurvePanel):
    """A chart of runs.

    log: whether the y axis is logarithmic.   marked_x: a place on the x axis that gets a vertical line.
    """

    log: bool = False
    marked_x: float | None = None


def _is_faint(line: PlottedLine) -> bool:
    return isinstance(line, RunCurve) and line.faint


def _series(line: PlottedLine, index: int) -> int:
    """The number of the colour of the line that is the index-th of its panel."""
    return line.series if isinstance(line, RunCurve) else index


def colour(rgb: Rgb, share: float = 1.0) -> tuple[float, float, float]:
    """A colour of the palette for Matplotlib, mixed with white: `share` in [0, 1] is the part of the colour."""
    red, green, blue = (1 - share * (1 - value / 255) for value in rgb)
    return red, green, blue


def curves_height(panel: CurvePanel) -> float:
    """Inches, with the legend below the axes."""
    return 2.8 + 0.18 * math.ceil(len(panel.lines) / _legend_columns(panel))


def draw_curves(panel: CurvePanel, axes: Axes, *, wide: bool = False) -> None:
    """Draw lines that differ in colour, dashes and markers, each with a band for its intervals, if it has any.

    `wide` axes, here as in the other functions, have the whole width of the picture instead of half of it.
    """
    from matplotlib.ticker import MaxNLocator
    from matplotlib.transforms import ScaledTranslation

    width = _TITLE + _WIDER * wide
    axes.set_title(wrapped(panel.title, width, 10, lines=2, bold=True))
    axes.set_xlabel(wrapped(panel.x_label, width, 9))
    axes.set_ylabel(wrapped(panel.y_label, 130, 9, lines=2))
    axes.grid(visible=True)
    named = [line for line in panel.lines if not _is_faint(line)]
    drawn = [(line, _draw_line(line, _series(line, index), axes)) for index, line in enumerate(panel.lines)]
    handles = [handle for line, handle in drawn if not _is_faint(line)]
    if isinstance(panel, RunChart):
        axes.set_yscale("log" if panel.log else "linear")
        if panel.marked_x is not None:
            axes.axvline(panel.marked_x, color="0.45", linestyle=":", linewidth=1.0)
    if all(x.is_integer() for line in panel.lines for x in map(_drawable, line.xs)):
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    if not has_curves(panel):
        _mark_empty(axes)
    if handles:
        names = [wrapped(line.name, _NAME, 8) for line in named]
        # The legend is below the axes, where it hides no curve: 32 points are for the ticks and their label.
        below = ScaledTranslation(0, -32 / 72, axes.figure.dpi_scale_trans)
        axes.legend(
            handles,
            names,
            loc="upper left",
            bbox_to_anchor=(0.0, 0.0),
            bbox_transform=axes.transAxes + below,
            ncols=_legend_columns(panel),
            fontsize=8,
            handlelength=3.2,
            borderaxespad=0,
        )


def has_curves(panel: CurvePanel) -> bool:
    """Whether there is a point to draw."""
    return any(math.isfinite(_drawable(y)) for line in panel.lines for y in line.ys)


def ridges_height(panel: RidgePanel) -> float:
    """Inches."""
    return 1.1 + 0.17 * (min(len(panel.rows), _MOST_ROWS) + _OVERLAP)


def draw_ridges(panel: RidgePanel, axes: Axes, *, wide: bool = False) -> None:
    """Draw histograms below each other, each scaled to its own peak, with a vertical line at its mean.

    Of more than 24 rows, 24 evenly spaced ones are drawn, the first and the last among them.
    """
    rows = [panel.rows[index] for index in evenly_spaced(len(panel.rows), _MOST_ROWS)]
    low, high = spread(*(value if math.isfinite(value) else 0.0 for value in map(_drawable, (panel.low, panel.high))))
    marked = any(finite(row.mean) is not None for row in rows)
    axes.set_title(wrapped(panel.title, _RIDGE_TITLE + _WIDER * wide, 10, lines=2, bold=True))
    axes.set_xlabel("attention entropy, nats" + ("  (vertical line: mean)" if marked else ""))
    axes.set_xlim(low, high)
    axes.set_ylim(0.4 - len(rows), _OVERLAP + 0.1)
    axes.set_yticks([-index for index in range(len(rows))], [wrapped(row.label, 90, 8) for row in rows], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="x")
    for index, row in enumerate(rows):
        _draw_ridge(row, index, (low, high), axes)
    if not rows:
        _mark_empty(axes)


def matrix_height(panel: MatrixPanel) -> float:
    """Inches."""
    return 3.4


def draw_matrix(panel: MatrixPanel, axes: Axes, *, wide: bool = False) -> None:
    """Draw one cell for each number, the first row on top: orange above zero, blue below zero, grey if not finite."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.ticker import MaxNLocator

    axes.set_title(wrapped(panel.title, _RIDGE_TITLE + _WIDER * wide, 10, lines=2, bold=True))
    axes.set_xlabel(wrapped(panel.x_label, _RIDGE_TITLE + _WIDER * wide, 9))
    axes.set_ylabel(wrapped(panel.y_label, 150, 9, lines=2))
    values = [[_drawable(value) for value in row] for row in panel.values]
    peak = max((abs(value) for row in values for value in row if math.isfinite(value)), default=0.0)
    if not values or not values[0]:
        _mark_empty(axes)
        return
    hues = LinearSegmentedColormap.from_list("", [colour(BLUE), colour(BLUE, 0.0), colour(ORANGE)])
    colours = hues.with_extremes(bad="0.6")
    # Without interpolation, in SVG too, so that each number is one cell.
    image = axes.imshow(values, cmap=colours, vmin=-peak or -1, vmax=peak or 1, aspect="auto", interpolation="none")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    axes.figure.colorbar(image, ax=axes)


def _mark_empty(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, "no data", transform=axes.transAxes, ha="center", va="center", color="0.4")


def _draw_line(line: PlottedLine, index: int, axes: Axes) -> Line2D:
    xs, ys = [_drawable(x) for x in line.xs], [_drawable(y) for y in line.ys]
    hue = colour(SERIES[index % len(SERIES)], _FAINT if _is_faint(line) else 1.0)
    # After all colours are used, the dashes shift by one, so that no two of the first 36 lines share both.
    dashes = _DASHES[(index + index // len(SERIES)) % len(_DASHES)]
    if line.halves is not None:
        halves = [_drawable(half) for half in line.halves]
        below = [y - half for y, half in zip(ys, halves, strict=True)]
        above = [y + half for y, half in zip(ys, halves, strict=True)]
        axes.fill_between(xs, below, above, color=hue, alpha=0.18, linewidth=0)
    marker = _MARKERS[index % len(_MARKERS)]
    # The markers of the lines are at different points, so that they do not hide each other.
    every = math.ceil(len(xs) / _MARKERS_A_LINE) or 1
    (drawn,) = axes.plot(
        xs,
        ys,
        color=hue,
        linestyle=dashes,
        linewidth=0.8 if _is_faint(line) else 1.6,
        marker="" if _is_faint(line) else marker,
        markersize=4.5,
        markevery=(index % every, every),
    )
    return drawn


def _draw_ridge(row: Ridge, index: int, span: tuple[float, float], axes: Axes) -> None:
    """Draw row `index` on the line y = -index, over the rows before it."""
    low, high = span
    counts = [value if math.isfinite(value) and value > 0 else 0.0 for value in map(_drawable, row.counts)]
    peak = max(counts, default=0.0)
    order = 2 + 0.01 * index
    if peak:
        tops = [_OVERLAP * value / peak - index for value in counts]
        edges = [low + (high - low) * bin_ / len(counts) for bin_ in range(len(counts) + 1)]
        axes.stairs(tops, edges, baseline=-index, fill=True, color=colour(BLUE, 0.55), zorder=order)
        axes.stairs(tops, edges, baseline=None, color=colour(BLUE), linewidth=0.8, zorder=order)
    axes.plot([low, high], [-index, -index], color="0.6", linewidth=0.5, zorder=order)
    mean = _drawable(row.mean)
    if low <= mean <= high:
        at = min(int((mean - low) / (high - low) * len(counts)), len(counts) - 1)
        height = _OVERLAP * counts[at] / peak if peak else 0.0  # without a peak, `counts` may be empty
        axes.plot([mean, mean], [-index, max(height, _LEAST_MEAN) - index], color="0.1", linewidth=1.3, zorder=order)


def _legend_columns(panel: CurvePanel) -> int:
    """The number of names that fit beside each other in half the picture, if all are as long as the longest."""
    longest = max((min(_NAME, 5.0 * len(line.name)) for line in panel.lines), default=0.0)
    return max(1, min(len(panel.lines), int(310 / (60 + longest))))


def _drawable(value: float | None) -> float:
    """The number, or NaN, which Matplotlib does not draw."""
    return float(value) if value is not None and abs(value) < _HUGE else math.nan
