"""Tables that fit their console."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from support.explanations import draw

from tmeattn.render.tables import Column, key_values, table


def test_table_is_safe_aligned_and_fits() -> None:
    columns = ["run", Column("accuracy", numeric=True), Column("note", wrap=True)]
    output = draw(table(columns, [["k3\x1b[2J", 0.5, "word " * 40], ["[b]x[/b]", 12345, None]], title="Runs"))
    assert "\x1b" not in output
    assert "[b]x[/b]" in output
    assert "12,345" in output
    assert all(cell_len(line) <= 80 for line in output.splitlines())
    first, second = (line for line in output.splitlines() if "0.5" in line or "12,345" in line)
    assert first.index("0.5") + 3 == second.index("12,345") + 6


def test_key_values_leave_out_what_is_missing() -> None:
    output = draw(key_values([("model", "lstm"), ("alpha", None), ("texts", 25000)]))
    assert output.split() == ["model", "lstm", "texts", "25,000"]


COLUMNS = [
    Column("name", wrap=True, least=10),
    Column("first", numeric=True, about="first is kept"),
    Column("second", numeric=True, drop=1, about="second is better"),
    Column("third", numeric=True, drop=2),
    Column("", drop=3, noted=True),
]
ROWS = [["a rather long name", "1", "22", "333", "odd"], ["b", "4", "55", "666", ""], ["c", "7", "8", "9", "even"]]


@pytest.mark.parametrize(
    ("width", "names"),
    [(80, "name first second third"), (45, "name first second third"), (34, "name first second"), (22, "name first")],
)
def test_the_least_important_columns_go_first(width: int, names: str) -> None:
    output = draw(table(COLUMNS, ROWS, caption="All."), width)
    assert all(cell_len(line.rstrip()) <= width for line in output.splitlines())
    assert output.splitlines()[0].split() == names.split()
    flat = " ".join(output.split())
    assert "odd" in flat
    assert "even" in flat
    assert ("second is better" in flat) == ("second" in names)
    assert "first is kept" in flat


def test_what_is_dropped_can_become_a_note() -> None:
    narrow = draw(table(COLUMNS, ROWS), 34)
    assert " ".join(narrow.split()).endswith("(a) odd (b) even")
    assert "c (b)" in narrow
    assert "*" not in draw(table(COLUMNS, ROWS), 80)


def test_a_table_without_columns_to_drop_shrinks_as_ever() -> None:
    output = draw(table(["name", Column("x", wrap=True)], [["abcdef", "word " * 9]]), 14)
    assert all(cell_len(line) <= 14 for line in output.splitlines())


@pytest.mark.parametrize("title", [None, "Title"])
def test_the_quick_lines_of_a_table_that_fits_are_those_of_a_rich_table(title: str | None) -> None:
    columns = [*COLUMNS[:4], Column("last", style="dim")]
    rows = [[*row[:4], Text("漢字 red", style="red")] for row in ROWS] + [["x", None, Text("7", "bold"), 1, "tail"]]
    quick = table(columns, rows, title=title)
    console = Console(width=80, color_system="truecolor", force_terminal=True, record=True, file=io.StringIO())
    lines = console.render_lines(quick, pad=True)
    grid = console.render_lines(quick._grid(range(5), {}, 80), pad=True)
    shown = lines[1 if title else 0 : -1]  # without the title and what is below the table
    assert [cells(line) for line in shown] == [cells(line) for line in grid]


def cells(line: list[Segment]) -> list[tuple[str, object]]:
    """Characters with their colour and weight; those of a space do not matter."""
    styled = [(segment.text, segment.style or Style.null()) for segment in line]
    return [
        (letter, None if letter == " " else (style.color, bool(style.bold), bool(style.dim)))
        for text, style in styled
        for letter in text
    ]
