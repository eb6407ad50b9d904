"""The architecture of a model as boxes below each other, with lines at the side for what skips a box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.measure import Measurement
from rich.text import Text

from tmeattn.render.console import safe, safe_line
from tmeattn.render.numbers import count

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from tmeattn.models.diagram import Diagram, Node

_MIDDLE = 4
"""Column of the line from box to box."""
_LANE = 3
"""Columns of a line at the side."""


@dataclass(frozen=True)
class Lane:
    """A line from the node `source` to nodes further down, at the side: `column` 0 is the nearest."""

    source: int
    targets: tuple[int, ...]
    column: int

    @property
    def end(self) -> int:
        return self.targets[-1]


def lanes(diagram: Diagram) -> list[Lane]:
    """The lines of the inputs that are not the node above, in columns in which no two meet."""
    targets: dict[int, list[int]] = {}
    for index, node in enumerate(diagram.nodes):
        for source in node.inputs:
            if source != index - 1:
                targets.setdefault(source, []).append(index)
    found: list[Lane] = []
    for source, ends in sorted(targets.items(), key=lambda item: max(item[1]) - item[0]):
        taken = {lane.column for lane in found if source < lane.end and lane.source < max(ends)}
        column = next(number for number in range(len(found) + 1) if number not in taken)
        found.append(Lane(source, tuple(sorted(ends)), column))
    return found


def is_fed_by_neighbour(diagram: Diagram, index: int) -> bool:
    """Whether a node takes the output of the node above it."""
    return index > 0 and index - 1 in diagram.nodes[index].inputs


def parameters_text(parameters: int, trainable: int) -> str:
    """ "30,300 parameters"; empty without any."""
    if not parameters:
        return ""
    frozen = "" if trainable == parameters else f", {count(trainable)} of them trained"
    return f"{count(parameters)} parameter{'s' if parameters != 1 else ''}{frozen}"


def heading(diagram: Diagram) -> str:
    """ "Transformer: 394,102 parameters without word vectors. B texts, T words." """
    number = parameters_text(diagram.parameters, diagram.trainable) or "no parameters"
    return f"{diagram.name}: {number} without the word vectors; B texts, T words"


def node_label(node: Node) -> str:
    """The name of a node, with the number of repetitions."""
    return safe_line(f"{node.label} x {node.times}" if node.times > 1 else node.label)


@dataclass(frozen=True)
class DiagramView:
    """A diagram on the terminal, with the shape of each output, and the class and parameters of each module."""

    diagram: Diagram
    title: str | None = None

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(30, options.max_width), options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        diagram, sides = self.diagram, lanes(self.diagram)
        if self.title:
            yield Text(safe(self.title), style="bold", no_wrap=True, overflow="ellipsis")
        yield Text(safe(heading(diagram)), style="dim")
        boxes = [_boxed(node) for node in diagram.nodes]
        first = max((cell_len(box) for box in boxes), default=0) + 5
        last = first + _LANE * (max((lane.column for lane in sides), default=-1) + 1) + 2
        for index, node in enumerate(diagram.nodes):
            line = _padded("  " + boxes[index], first)
            line = _ends(line, index, sides, first)
            yield _with_info(line, last, node.shape, safe_line(node.detail))
            below = index + 1 < len(diagram.nodes)
            number = parameters_text(node.parameters, node.trainable)
            if below or number:
                straight = below and is_fed_by_neighbour(diagram, index + 1)
                yield _with_info(_starts(index, straight, sides, first), last, number, "")


def _boxed(node: Node) -> str:
    label = node_label(node)
    return {"module": f"[ {label} ]", "operation": f"( {label} )"}.get(node.kind, label)


def _padded(text: str, width: int) -> list[str]:
    return [*text, *" " * (width - cell_len(text))]


def _passing(line: list[str], lane: Lane, first: int) -> int:
    """The column of a lane on a line, which is made long enough."""
    column = first + _LANE * lane.column
    line += " " * (column + 1 - len(line))
    return column


def _ends(line: list[str], index: int, sides: list[Lane], first: int) -> list[str]:
    """A line with a box, the lanes that pass it, and those that end at it."""
    for lane in sides:
        if lane.source < index < lane.end and index not in lane.targets:
            line[_passing(line, lane, first)] = "│"
    box = len("".join(line[:first]).rstrip())
    for lane in sides:
        if index in lane.targets:
            column = _passing(line, lane, first)
            for at in range(box + 1, column):
                line[at] = "┼" if line[at] in "│┤" else "┴" if line[at] == "╯" else "─"
            line[box + 1] = "<"
            line[column] = "╯" if index == lane.end else "┤"
    return line


def _starts(index: int, straight: bool, sides: list[Lane], first: int) -> list[str]:
    """The line below a box: the line to the next box, the lanes that pass it, and the lane that begins at it."""
    line = _padded("", first)
    if straight:
        line[_MIDDLE] = "│"
    for lane in sides:
        if lane.source < index < lane.end:
            line[_passing(line, lane, first)] = "│"
    for lane in sides:
        if lane.source == index:
            column = _passing(line, lane, first)
            for at in range(_MIDDLE + 1, column):
                line[at] = "┼" if line[at] == "│" else "─"
            line[_MIDDLE] = "├" if straight else "╰"
            line[column] = "╮"
    return line


def _with_info(line: list[str], column: int, info: str, detail: str) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis").append("".join(line).rstrip())
    if info or detail:
        text.append(" " * max(column - cell_len(text.plain), 1))
        text.append(info)
        text.append(f"  {detail}" if detail else "", style="dim")
    return text
