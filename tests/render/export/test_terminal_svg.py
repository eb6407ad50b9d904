"""The picture of a terminal: every character stays in its cells, whatever fonts the viewer has."""

from __future__ import annotations

import re
import unicodedata
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from tmeattn.render.export.cell_shapes import HEIGHT, WIDTH, shapes
from tmeattn.render.export.terminal_svg import drawn_row, frame, picture

BLACK = "#000000"
SHAPED = "".join(map(chr, (*range(0x2500, 0x25A0), *range(0x2800, 0x2900))))
COMMAND = re.compile(r"([A-Za-z])([^A-Za-z]*)")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def elements(*segments: Segment) -> list[ET.Element]:
    """The elements of one row."""
    row = frame([segments], 80, BLACK, "#ffffff").rows[0]
    return list(ET.fromstring(f"<g>{''.join(drawn_row(row, BLACK))}</g>"))


def texts(*segments: Segment) -> list[tuple[float, float, str]]:
    """The left and the right edge of each text, in cells, and its characters."""
    found = []
    for each in elements(*segments):
        if each.tag == "text":
            wide = float(each.attrib["textLength"])
            left = float(each.attrib["x"]) - (wide / 2 if "m" in each.get("class", "").split() else 0)
            found.append((left / WIDTH, (left + wide) / WIDTH, each.text or ""))
    return found


def corners(path: str) -> list[tuple[float, float]]:
    """The points that a path goes through or is drawn towards."""
    x = y = 0.0
    found = []
    for command, rest in COMMAND.findall(path):
        numbers = [float(number) for number in NUMBER.findall(rest)]
        if command == "h":
            x += numbers[0]
        elif command == "v":
            y += numbers[0]
        elif command == "H":
            x = numbers[0]
        elif command in "Mm":
            x, y = (numbers[0], numbers[1]) if command == "M" else (x + numbers[0], y + numbers[1])
        elif command in "lq":
            x, y = x + numbers[-2], y + numbers[-1]
        else:
            assert command == "z"
        found.append((x, y))
    return found


@pytest.mark.parametrize("character", [character for character in SHAPED if character != "\u2800"])
def test_the_shape_of_a_character_is_inside_its_cell(character: str) -> None:
    (path, *more) = [ET.fromstring(each) for each in shapes(character, 3 * WIDTH, "#ffffff")]
    assert len(more) == (unicodedata.name(character).count("HEAVY") == 1 and "LIGHT" in unicodedata.name(character))
    for each in (path, *more):
        for x, y in corners(each.attrib["d"]):
            assert 3 * WIDTH <= x <= 4 * WIDTH
            assert 0 <= y <= HEIGHT


@pytest.mark.parametrize(
    ("character", "dots"),
    [("⠁", {(2, 2)}), ("⣀", {(2, 14), (6, 14)}), ("⢸", {(6, 2), (6, 6), (6, 10), (6, 14)})],
)
def test_a_braille_character_is_its_dots(character: str, dots: set[tuple[int, int]]) -> None:
    (path,) = shapes(character, 0, "#ffffff")
    assert set(corners(ET.fromstring(path).attrib["d"])) == dots


def test_bars_and_frames_are_one_shape_for_many_cells() -> None:
    assert list(shapes("██", 8, "#111111")) == ['<path class="f" fill="#111111" d="M8 0h16v16H8z"/>']
    assert list(shapes("──", 8, "#111111")) == ['<path class="l" stroke="#111111" d="M8 7.5h16"/>']
    assert list(shapes("▄▐", 0, "#1")) == ['<path class="f" fill="#1" d="M0 8h8v8H0zM12 0h4v16H12z"/>']
    assert [re.search('fill-opacity="([^"]*)"', each)[1] for each in shapes("░▓", 0, "#1")] == ["0.25", "0.75"]


def test_no_font_draws_a_curve_and_unusual_characters_stand_alone() -> None:
    assert texts(Segment("loss ⣀⡠⠤⠒⠉ 0.31 │ ok")) == [(0, 4, "loss"), (11, 15, "0.31"), (18, 20, "ok")]
    assert texts(Segment("a b  漢字 ✓◆!")) == [
        *((0, 3, "a b"), (5, 7, "漢"), (7, 9, "字")),
        *((10, 11, "✓"), (11, 12, "◆"), (12, 13, "!")),
    ]
    assert texts(Segment("e\u0301a")) == [(0, 1, "e\u0301"), (1, 2, "a")]


@given(st.lists(st.text(st.sampled_from("ab é\u0301漢🙂👩\u200d\ufe0f⣀█─◆\x00\x85\ufffe<&"), max_size=8), max_size=4))
def test_every_text_begins_at_its_cell_and_the_picture_is_xml(pieces: list[str]) -> None:
    whole = "".join(pieces)
    segments = [Segment(piece, Style(bold=bool(at % 2))) for at, piece in enumerate(pieces)]
    last = 0.0
    for left, right, characters in texts(*segments):
        assert last <= left < right or not cell_len(characters)
        assert right <= sum(map(cell_len, pieces))
        last = right
    root = ET.fromstring(picture(frame([segments], 80), "<&"))
    shown = "".join(root.itertext())
    assert all(character in shown for character in whole if character.isalpha())


def test_marks_dim_and_backgrounds_are_drawn_in_their_cells() -> None:
    marked = elements(Segment("ab", Style(underline=True, bgcolor="#0000ff")), Segment("c", Style(bgcolor="#0000ff")))
    assert marked[0].attrib == {"x": "0", "width": "24", "height": "16", "fill": "#0000ff"}
    assert marked[1].attrib | {"y": ""} == {"x": "0", "y": "", "width": "16", "height": "1", "fill": "#ffffff"}
    (swapped, text) = elements(Segment("x", Style(reverse=True)))
    assert swapped.attrib["fill"] == "#ffffff"
    assert text.attrib["fill"] == BLACK
    (dim,) = elements(Segment("x", Style(dim=True)))
    assert dim.attrib["fill"] == "#999999"
    assert not elements(Segment("   ", Style(bgcolor=BLACK)))


def test_a_picture_loads_nothing_and_says_what_it_is() -> None:
    whole = picture(frame([[Segment("text")], []], 10), "tmeattn")
    assert "<title>tmeattn</title>" in whole
    assert not re.search(r"url\(|@import|href|<script", whole)
    assert 'viewBox="0 0 104 56"' in whole
