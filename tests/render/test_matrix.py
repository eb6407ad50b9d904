"""Matrices as coloured cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from support.explanations import CONTROL, draw

from tmeattn.render.matrix import matrix, reduced

cells = st.floats(-5, 5) | st.sampled_from([float("nan"), float("inf")])
values = st.integers(1, 60).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=60)
)


@given(values, st.sampled_from([20, 41, 80, 140]), st.booleans())
def test_anything_is_drawn_within_the_width(numbers, width, colour):
    shown = draw(matrix(numbers, title="T", x_label="x", y_label="y"), width, colour=colour)
    plain = draw(matrix(numbers, title="T", x_label="x", y_label="y"), width)
    assert max(cell_len(line) for line in plain.splitlines()) <= width
    assert not CONTROL.search(plain)
    assert shown


def test_two_rows_share_a_line_where_there_is_colour():
    numbers = [[0.0, 1.0]] * 6
    assert sum("▀" in line for line in draw(matrix(numbers), 40, colour=True).splitlines()) == 3
    lines = draw(matrix(numbers), 40).splitlines()
    assert sum("█" in line for line in lines[:-1]) == 6
    assert lines[-1].rstrip() == "blank 0, ░▒▓█ up to 1"


def test_signs_have_colours_and_zero_is_grey():
    drawn = draw(matrix([[-1.0, 0.0, 1.0]]), 40, colour=True)
    assert all(f"38;2;{rgb}" in drawn for rgb in ("43;140;245", "122;118;114", "245;139;0"))


@given(values, st.integers(1, 60), st.integers(1, 60))
def test_reducing_keeps_the_mean_of_what_it_joins(numbers, rows, columns):
    rows, columns = min(rows, len(numbers)), min(columns, len(numbers[0]))
    small = reduced(numbers, rows, columns)
    assert (len(small), {len(row) for row in small}) == (rows, {columns})
    if (rows, columns) == (1, 1):
        known = [value for row in numbers for value in row if abs(value) <= 5]
        assert small[0][0] == pytest.approx(sum(known) / len(known) if known else 0.0)
    assert all(abs(value) <= 5 for row in small for value in row)


def test_nothing_to_draw_is_no_error():
    assert "T" in draw(matrix([], title="T"), 40)


def test_signs_differ_without_colour() -> None:
    lines = draw(matrix([[-1.0, -0.5, 0.0, 0.5, 1.0]]), 40).splitlines()
    assert lines[0].strip().split(maxsplit=1)[1] == "####====    ▒▒▒▒████"
    assert lines[-1].rstrip() == "blank 0, ░▒▓█ up to 1, -=%# down to -1"
