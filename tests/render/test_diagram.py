"""Diagrams on the terminal."""

import pytest
from rich.cells import cell_len
from support.explanations import draw

from tmeattn.models.diagram import Diagram, Node
from tmeattn.render.diagram import DiagramView, heading, lanes


def node(label: str, *inputs: int, kind: str = "operation", parameters: int = 0, times: int = 1) -> Node:
    return Node(kind, label, "Linear 8 to 8" if parameters else "", "(B, 8)", parameters, parameters, times, inputs)  # type: ignore[arg-type]


RESIDUAL = Diagram(
    "Block",
    (
        node("x", kind="input"),
        node("inner", 0, kind="module", parameters=1_000, times=3),
        node("+", 0, 1),
        node("out", 2, kind="module", parameters=1),
    ),
    1_001,
    1_001,
)
# Two lines at the side at once; the inner one ends where the outer one passes.
CROSSING = Diagram("Net", (node("a", kind="input"), node("b", 0), node("c", 1), node("d", 0, 1), node("e", 0, 3)), 0, 0)


def test_a_residual_connection_is_a_line_at_the_side() -> None:
    lines = draw(DiagramView(RESIDUAL, "Picture"), 80).splitlines()
    assert [line.rstrip() for line in lines] == [
        "Picture",
        "Block: 1,001 parameters without the word vectors; B texts, T words",
        "  x                    (B, 8)",
        "    ├─────────────╮",
        "  [ inner x 3 ]   │    (B, 8)  Linear 8 to 8",
        "    │             │    1,000 parameters",
        "  ( + ) <─────────╯    (B, 8)",
        "    │",
        "  [ out ]              (B, 8)  Linear 8 to 8",
        "                       1 parameter",
    ]


def test_lines_at_the_side_do_not_meet() -> None:
    drawn = {lane.source: lane for lane in lanes(CROSSING)}
    assert (drawn[0].targets, drawn[1].targets) == ((3, 4), (3,))
    assert drawn[0].column != drawn[1].column
    lines = draw(DiagramView(CROSSING), 60).splitlines()
    (end,) = [line for line in lines if line.startswith("  ( d )")]
    assert end.count("<") == 1
    assert end[: end.index("(B")].count("┴") + end.count("╯") + end.count("┤") == 2


@pytest.mark.parametrize("width", [20, 40, 80, 140])
@pytest.mark.parametrize("diagram", [RESIDUAL, CROSSING, Diagram("Empty", (), 0, 0)])
def test_it_fits_any_width(diagram: Diagram, width: int) -> None:
    for line in draw(DiagramView(diagram, "A title that is longer than some consoles"), width).splitlines():
        assert cell_len(line.rstrip()) <= width


def test_names_of_modules_are_text() -> None:
    odd = Diagram("[red]X", (node("[bold]w\x1b[31m", kind="input"),), 0, 0)
    assert "[bold]w" in draw(DiagramView(odd), 60)
    assert "\x1b" not in draw(DiagramView(odd), 60)
    assert heading(odd).startswith("[red]X: no parameters")
