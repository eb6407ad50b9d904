"""A panel of a picture: points with horizontal intervals below each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmeattn.render.export.text_width import wrapped
from tmeattn.render.palette import BLUE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LABEL = 130.0  # points: width of a label


@dataclass(frozen=True)
class IntervalRow:
    """A fraction with its interval."""

    label: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class IntervalPanel:
    """Fractions with their intervals, drawn as percentages. zero: whether there is a line at zero, for differences."""

    title: str
    x_label: str
    rows: tuple[IntervalRow, ...]
    zero: bool = False


def intervals_height(panel: IntervalPanel) -> float:
    """Inches."""
    return 1.2 + 0.4 * max(len(panel.rows), 1)


def draw_intervals(panel: IntervalPanel, axes: Axes, *, wide: bool = False) -> None:
    """Draw the first row on top."""
    hue = tuple(value / 255 for value in BLUE)
    places = [-index for index in range(len(panel.rows))]
    values = [100 * row.value for row in panel.rows]
    below = [100 * (row.value - row.low) for row in panel.rows]
    above = [100 * (row.high - row.value) for row in panel.rows]
    axes.set_title(wrapped(panel.title, 600 if wide else 285, 10, lines=2, bold=True))
    axes.set_xlabel(panel.x_label)
    axes.grid(visible=True, axis="x")
    if panel.zero:
        axes.axvline(0, color="0.3", linewidth=1)
    spread = ([max(each, 0) for each in below], [max(each, 0) for each in above])
    axes.errorbar(values, places, xerr=spread, fmt="o", color=hue, markersize=5, capsize=3, linewidth=1.6)
    axes.set_yticks(places, [wrapped(row.label, _LABEL, 8, lines=2) for row in panel.rows], fontsize=8)
    axes.set_ylim(0.6 - max(len(panel.rows), 1), 0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
