"""The architecture of a model in Matplotlib axes: boxes below each other, arrows between them and at their side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmeattn.render.diagram import heading, is_fed_by_neighbour, lanes, node_label, parameters_text
from tmeattn.render.export.charts import colour
from tmeattn.render.export.text_width import wrapped
from tmeattn.render.palette import BLUE, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tmeattn.models.diagram import Node
    from tmeattn.render.diagram import Lane
    from tmeattn.reproduce.results import DiagramPanel

_STEP = 0.5  # inches from box to box
_HALF = 0.15  # inches: half the height of a box
_BOX = (0.3, 3.0)  # inches: left and right edge of the boxes
_LANE = 0.28  # inches between the lines at the side
_WIDTH = 9.5  # inches


def diagram_height(panel: DiagramPanel) -> float:
    """Inches."""
    return 0.75 + _STEP * len(panel.diagram.nodes)


def draw_diagram(panel: DiagramPanel, axes: Axes, *, wide: bool = True) -> None:
    """Draw a box for each step, with the shape of its output, and the class and the parameters of modules at its right.

    Blue boxes are modules, orange ones operations, dotted ones inputs and parameters.
    """
    diagram = panel.diagram
    axes.set_axis_off()
    axes.set_title(wrapped(panel.title, 660, 10, lines=2, bold=True))
    axes.set_xlim(0, _WIDTH)
    axes.set_ylim(-_STEP * (len(diagram.nodes) - 0.5), 0.85 * _STEP)
    axes.text(_BOX[0], 0.6 * _STEP, wrapped(heading(diagram), 660, 8), fontsize=8, color="0.3", va="center")
    sides = lanes(diagram)
    right = _BOX[1] + _LANE * (max((lane.column for lane in sides), default=-1) + 1) + 0.3
    for index, node in enumerate(diagram.nodes):
        _draw_node(node, index, right, axes)
        if is_fed_by_neighbour(diagram, index):
            _arrow([(_middle(), _y(index - 1) - _HALF), (_middle(), _y(index) + _HALF)], axes)
    for lane in sides:
        _draw_lane(lane, axes)


def _y(index: int) -> float:
    return -_STEP * index


def _middle() -> float:
    return sum(_BOX) / 2


def _draw_node(node: Node, index: int, right: float, axes: Axes) -> None:
    from matplotlib.patches import FancyBboxPatch

    left, end = _BOX
    fills = {"module": colour(BLUE, 0.25), "operation": colour(ORANGE, 0.25)}
    box = FancyBboxPatch(
        (left, _y(index) - _HALF),
        end - left,
        2 * _HALF,
        boxstyle=f"round,pad=0,rounding_size={_HALF if node.kind == 'operation' else 0.04}",
        facecolor=fills.get(node.kind, "white"),
        edgecolor="0.3",
        linewidth=0.8,
        linestyle="-" if node.kind in fills else ":",
    )
    axes.add_patch(box)
    label = wrapped(node_label(node), 72 * (end - left) - 10, 9)
    axes.text(_middle(), _y(index), label, ha="center", va="center", fontsize=9)
    facts = ", ".join(filter(None, (node.shape, node.detail, parameters_text(node.parameters, node.trainable))))
    axes.text(right, _y(index), wrapped(facts, 72 * (_WIDTH - right), 8), va="center", fontsize=8, color="0.25")


def _draw_lane(lane: Lane, axes: Axes) -> None:
    """From the right edge of a box to the side, down, and back to each box that takes the output."""
    x, edge = _BOX[1] + _LANE * (lane.column + 1), _BOX[1]
    start = _y(lane.source) - 0.05
    for target in lane.targets:
        end = _y(target) + 0.05
        _arrow([(edge, start), (x, start), (x, end), (edge, end)], axes)


def _arrow(points: list[tuple[float, float]], axes: Axes) -> None:
    xs, ys = zip(*points[:-1], strict=True)
    axes.plot(xs, ys, color="0.3", linewidth=0.9, solid_capstyle="butt")
    axes.annotate(
        "",
        xy=points[-1],
        xytext=points[-2],
        arrowprops={"arrowstyle": "-|>", "color": "0.3", "lw": 0.9, "shrinkA": 0, "shrinkB": 0},
    )
