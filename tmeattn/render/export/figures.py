"""A reproduced result as one picture in a file. Matplotlib is optional, and is imported only to draw."""

from __future__ import annotations

import importlib
import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.plurals import counted
from tmeattn.render.export.attention_figure import (
    AttentionPanel,
    HeadsPanel,
    attention_height,
    draw_attention,
    draw_heads,
    heads_height,
)
from tmeattn.render.export.charts import (
    RunChart,
    curves_height,
    draw_curves,
    draw_matrix,
    draw_ridges,
    has_curves,
    matrix_height,
    ridges_height,
)
from tmeattn.render.export.diagram_figure import diagram_height, draw_diagram
from tmeattn.render.export.heatmap_figure import draw_heatmap, heatmap_height
from tmeattn.render.export.intervals import IntervalPanel, draw_intervals, intervals_height
from tmeattn.render.export.text_width import wrapped
from tmeattn.render.reproduction import conditions
from tmeattn.reproduce.results import CurvePanel, DiagramPanel, HeatmapPanel, MatrixPanel, Panel, RidgePanel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import LayoutEngine

    from tmeattn.reproduce.results import Result

Drawn = Panel | IntervalPanel | AttentionPanel | HeadsPanel
"""What a picture can have: the panels of results, intervals, and attention maps."""
_WIDTH = 10.0  # inches
_PAD = 0.12  # inches on each side of the axes
_INSIDE = 72 * (_WIDTH - 2 * _PAD)  # points
_DPI = {"png": 150, "svg": 72}  # Matplotlib always uses 72 for SVG
MOST_PIXELS = 150_000_000
"""Pixels of the largest PNG: about 160 texts of 230 words. It takes 6 bytes of memory a pixel."""
_BATCH = 8
"""Texts that are laid out and drawn together in a PNG of more than so many."""
_LINE = 0.17  # inches of height of a line of small print
_STYLE = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "0.88",
    "legend.frameon": False,
    "text.parse_math": False,  # a dollar sign in a review does not begin a formula
    "text.usetex": False,
    "text.hinting": "no_hinting",  # the width of a letter is the measured one
    "svg.fonttype": "path",  # the picture does not depend on installed fonts
    "svg.hashsalt": "tmeattn",  # the ids do not change between calls
}


def require_matplotlib() -> None:
    """Check that Matplotlib is installed, before anything is computed.

    Raises:
        EnvironmentProblem: Matplotlib is not installed, or cannot be imported.
    """
    try:
        importlib.import_module("matplotlib")
    except ImportError as error:
        raise EnvironmentProblem(
            "Exported figures need matplotlib, which is not installed.",
            hint='Install it: pip install "tmeattn[figures]"',
        ) from error


def figure_bytes(result: Result, format: Literal["svg", "png"]) -> bytes:  # noqa: A002
    """All panels of a result in one picture, with the conditions of the runs, and formulas, below them."""
    footer = ". ".join([conditions(result.context), *(" ".join(line.split()) for line in result.formula)])
    return picture_bytes(result.title, footer, result.panels, format)


def picture_bytes(title: str, footer: str, panels: tuple[Drawn, ...], format: Literal["svg", "png"]) -> bytes:  # noqa: A002
    """Panels in one picture. Equal panels give equal bytes, independent of the Matplotlib settings of the user.

    A heatmap has a row of its own; panels of the other types are two in a row, in their order.

    Raises:
        EnvironmentProblem: Matplotlib is not installed.
        BadInput: a PNG would have more than `MOST_PIXELS` pixels.
    """
    require_matplotlib()
    import matplotlib.style

    if format == "png":
        _check_size(panels)
    buffer = io.BytesIO()
    metadata: dict[str, Any] = {"Date": None} if format == "svg" else {"Software": None}
    with matplotlib.style.context(["default", _STYLE]), warnings.catch_warnings():
        # A character that the font lacks is drawn as a box; the warning would only disturb the output.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        if format == "png" and len(panels) > _BATCH and all(isinstance(panel, HeatmapPanel) for panel in panels):
            return _stacked(title, footer, panels)
        _figure(title, footer, panels, _DPI[format]).savefig(buffer, format=format, dpi=_DPI[format], metadata=metadata)
    return buffer.getvalue()


def _check_size(panels: tuple[Drawn, ...]) -> None:
    """Raise `BadInput` for a PNG that would take gigabytes of memory."""
    heights = (max(_KINDS[type(panel)].height(panel) for panel in row) for row in _grid(panels))
    pixels = _WIDTH * sum(heights) * _DPI["png"] ** 2
    if pixels > MOST_PIXELS:
        raise BadInput(
            f"A PNG of {counted(len(panels), 'picture')} would have {pixels / 1e6:,.0f} million pixels; "
            f"the limit is {MOST_PIXELS / 1e6:,.0f} million.",
            hint="Export to .html, .tex, .json or .csv, or export fewer texts.",
        )


def _stacked(title: str, footer: str, panels: tuple[Drawn, ...]) -> bytes:
    """Many texts in one PNG, drawn some at a time and put below each other: laying all out at once takes a time that
    grows with the square of their number."""
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    parts = []
    for start in range(0, len(panels), _BATCH):
        last = start + _BATCH >= len(panels)
        batch = panels[start : start + _BATCH]
        figure = _figure("" if start else title, footer if last else "", batch, _DPI["png"])
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        parts.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(parts)).save(buffer, "png", dpi=(_DPI["png"], _DPI["png"]))
    return buffer.getvalue()


@dataclass(frozen=True)
class _Kind:
    """How panels of one type are drawn: `height` is in inches, `in_row` is the number of panels in a row."""

    draw: Callable[..., None]
    height: Callable[[Any], float]
    in_row: int


def _figure(title: str, footer: str, panels: tuple[Drawn, ...], dpi: int) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    rows = list(_grid(panels))
    heights = [max(_KINDS[type(panel)].height(panel) for panel in row) for row in rows] or [1.0]
    title = wrapped(title, _INSIDE, 13, lines=3, bold=True)
    footer = wrapped(footer, _INSIDE, 8, lines=4)
    margins = (0.3 + 0.22 * len(title.split("\n")) if title else 0) + (_LINE * len(footer.split("\n")) if footer else 0)
    engine = ConstrainedLayoutEngine(w_pad=_PAD, h_pad=0.06)
    figure = Figure(figsize=(_WIDTH, sum(heights) + margins), dpi=dpi, layout=engine)
    if title:
        figure.suptitle(title, x=_PAD / _WIDTH, ha="left", fontsize=13, fontweight="bold")
    if footer:
        figure.supxlabel(footer, x=_PAD / _WIDTH, ha="left", fontsize=8, color="0.3")
    # A subfigure for each row, so that the labels of a row do not change the width of the others.
    parts = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    if not rows:
        parts[0].text(0.5, 0.5, "no data", ha="center", va="center")
    drawn: dict[str, list[Axes]] = {}
    for part, row in zip(parts, rows, strict=False):
        kind = _KINDS[type(row[0])]
        # A last panel without a neighbour is as wide as those above it, but a single panel has the whole row.
        alone = sum(type(panel) is type(row[0]) for panel in panels) == 1
        grid = part.subplots(1, 1 if alone else kind.in_row, squeeze=False)[0]
        for axes, panel in zip(grid, row, strict=False):
            kind.draw(panel, axes, wide=alone or kind.in_row == 1)
            if isinstance(panel, CurvePanel) and has_curves(panel):
                drawn.setdefault(panel.y_label, []).append(axes)
        for axes in grid[len(row) :]:
            axes.set_axis_off()
    for group in drawn.values():
        _share_heights(group)
    _fix_layout(figure, engine)
    return figure


def _share_heights(group: list[Axes]) -> None:
    """Give axes with the same label the same y range, so that they can be compared."""
    low, high = min(axes.dataLim.ymin for axes in group), max(axes.dataLim.ymax for axes in group)
    for axes in group:
        if high > low:
            axes.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))


def _fix_layout(figure: Figure, engine: LayoutEngine) -> None:
    """Lay the figure out and round the positions: the last digits of the solver change between processes."""
    engine.execute(figure)
    figure.set_layout_engine("none")
    for part in figure.subfigs:
        part.bbox_relative.set_points(part.bbox_relative.get_points().round(6))
    for axes in figure.get_axes():
        left, bottom, width, height = (round(float(edge), 6) for edge in axes.get_position(original=True).bounds)
        axes.set_position((left, bottom, width, height))
    for text in figure.texts:
        text.set_y(round(text.get_position()[1], 6))


def _grid(panels: tuple[Drawn, ...]) -> Iterator[list[Drawn]]:
    """The panels row by row: neighbours of one type, at most `in_row` of them."""
    row: list[Drawn] = []
    for panel in panels:
        if row and (type(panel) is not type(row[0]) or len(row) == _KINDS[type(panel)].in_row):
            yield row
            row = []
        row.append(panel)
    if row:
        yield row


_KINDS = {
    CurvePanel: _Kind(draw_curves, curves_height, in_row=2),
    RunChart: _Kind(draw_curves, curves_height, in_row=2),
    RidgePanel: _Kind(draw_ridges, ridges_height, in_row=2),
    MatrixPanel: _Kind(draw_matrix, matrix_height, in_row=2),
    HeatmapPanel: _Kind(draw_heatmap, heatmap_height, in_row=1),
    DiagramPanel: _Kind(draw_diagram, diagram_height, in_row=1),
    IntervalPanel: _Kind(draw_intervals, intervals_height, in_row=2),
    AttentionPanel: _Kind(draw_attention, attention_height, in_row=1),
    HeadsPanel: _Kind(draw_heads, heads_height, in_row=1),
}
