"""The widths between which each chart and table can be drawn, for layouts that ask for them."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, RenderableType
from rich.measure import Measurement
from support.explanations import draw, explain

from tmeattn.render.curves import Series, curves
from tmeattn.render.heatmap import heatmap
from tmeattn.render.histogram import histogram, ridges
from tmeattn.render.matrix import matrix
from tmeattn.render.tables import table

SERIES = [Series("a", [1, 2], [1, 2])]


@pytest.mark.parametrize(
    ("drawn", "least", "most"),
    [
        (curves(SERIES), 20, 80),
        (curves(SERIES, width=50), 20, 50),
        (curves(SERIES, width=10), 10, 10),
        (curves(SERIES, width=200), 20, 80),
        (histogram([1, 2], 0, 1), 20, 80),
        (histogram([1, 2], 0, 1, width=12), 12, 12),
        (ridges([("a", [1, 2])], 0, 1), 30, 80),
        (matrix([[1.0, 2.0]]), 20, 80),
        (heatmap(explain("a good film")), 20, 80),
    ],
)
def test_a_chart_fills_its_width_and_needs_a_few_columns(drawn: RenderableType, least: int, most: int) -> None:
    console = Console(file=io.StringIO(), width=80, _environ={})
    assert Measurement.get(console, console.options, drawn) == (least, most)


def test_a_table_needs_the_width_of_its_cells() -> None:
    console = Console(file=io.StringIO(), width=80, _environ={})
    drawn = table(["run", "model"], [["k3f9", "lstm"]])
    rule = draw(drawn).splitlines()[1]
    assert set(rule) == {"─"}
    assert Measurement.get(console, console.options, drawn) == (len(rule), len(rule))


def test_nothing_to_draw_is_a_heading() -> None:
    console = Console(file=io.StringIO(), width=80, _environ={})
    console.print(histogram([0, 0], 0, 1, title="Entropy"))
    console.print(ridges([], 0, 1, title="Epochs"))
    assert console.file.getvalue() == "Entropy  0 texts\nEpochs\n"  # type: ignore[attr-defined]
