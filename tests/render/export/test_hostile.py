"""Any text and name in an exported file: a real parser reads the file, and nothing acts as markup or as a formula."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.explanations import draw, explain

from tmeattn.explain.explanation import Explanation
from tmeattn.render.export.columns import ExportColumn
from tmeattn.render.export.explanations import FORMATS, csv_text
from tmeattn.render.export.explanations_html import html_page, latex_text_page
from tmeattn.render.export.markup import markdown_text, pipes, tabular
from tmeattn.render.heatmap import heatmap
from tmeattn.render.tables import table
from tmeattn.spreadsheet import csv_lines, harmless_cell

ANY = st.text(
    st.one_of(
        st.sampled_from(
            "\x00\x01\x08\t\n\x0b\r\x1b\x7f\x85\x9b\u2028\u202e\ud800\udfff\ufffe\uffffאab =+-@'\"&<>|\\{$%"
        ),
        st.characters(codec=None),
    ),
    max_size=40,
)
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def hostile(text: str, name: str) -> Explanation:
    return explain(text, classes=(name, "other"), predicted=0, target=0, run=name, true_label=name, note=name)


class Page(HTMLParser):
    """The text of each element that has `dir="auto"`, and the balance of the elements."""

    VOID = ("meta", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.directed = ""
        self.undirected = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append((tag, ("dir", "auto") in attributes))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if any(directed for _, directed in self.open):
            self.directed += data
        else:
            self.undirected += data


@given(ANY, ANY)
@settings(max_examples=80, deadline=None)
def test_svg_is_xml(text: str, name: str) -> None:
    explanation = hostile(text, name)
    data = FORMATS[".svg"]([explanation], heatmap(explanation))
    assert not NOT_XML.search(data.decode())
    assert ET.fromstring(data).tag.endswith("svg")


@given(ANY, ANY)
@settings(max_examples=80, deadline=None)
def test_html_has_no_forbidden_character_and_every_name_has_a_direction(text: str, name: str) -> None:
    marked = f"word{text}", f"name{name}"
    document = html_page([hostile(*marked)])
    assert not NOT_XML.search(document)
    page = Page(document)
    assert page.open == []
    assert "word" in page.directed
    assert not re.search("name|word(?!s)", page.undirected.replace("a word to see", ""))


@given(ANY, ANY)
@settings(max_examples=80, deadline=None)
def test_csv_has_no_formula(text: str, name: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_text([hostile(text, name)]), newline=""), strict=True))
    numbers = ("text", "layer", "head", "probability", "start", "end", "score")
    assert all(len(row) == len(rows[0]) for row in rows)
    for row in rows[1:]:
        for column, cell in zip(rows[0], row, strict=True):
            assert column in numbers or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.lists(st.lists(ANY, min_size=2, max_size=2), min_size=1, max_size=3))
def test_csv_lines_are_read_back(rows: list[list[str]]) -> None:
    assert list(csv.reader(io.StringIO(csv_lines(rows), newline=""), strict=True)) == rows


@given(ANY)
def test_a_harmless_cell_is_the_text_or_has_an_apostrophe(text: str) -> None:
    cell = harmless_cell(text)
    assert cell in (text, f"'{text}")
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize(("text", "cell"), [("-1", "-1"), ("+1.5e3", "+1.5e3"), ("-1+1", "'-1+1"), ("-", "'-")])
def test_numbers_may_stay(text: str, cell: str) -> None:
    assert harmless_cell(text, numbers=True) == cell


@given(ANY)
@settings(deadline=None)
def test_a_name_is_on_one_line_in_every_table(name: str) -> None:
    columns = [ExportColumn("Method", [name, "b"], number=False), ExportColumn(name, ["1", "2"])]
    assert len(pipes(columns).splitlines()) == 4
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in pipes(columns).splitlines())
    assert len("\n".join(tabular(columns)).splitlines()) == len(tabular(columns))
    assert len(markdown_text(name).splitlines()) <= 1
    page = latex_text_page([hostile("a b", name)])
    assert not re.search("[\u2400-\u2421\ufffd\x00-\x09\x0b-\x1f]", page)
    assert len(page.splitlines()) == len(latex_text_page([hostile("a b", "x")]).splitlines())
    plain, drawn = (draw(table(["a", "b"], [(one, 1), ("c", 2)]), width=400) for one in ("x", name))
    assert len(drawn.splitlines()) == len(plain.splitlines())


@given(ANY)
@settings(deadline=None)
def test_the_heading_of_a_heatmap_is_one_line(name: str) -> None:
    def lines(label: str) -> list[str]:
        return draw(heatmap(explain("a b", classes=(label, "o"), predicted=0, target=0)), width=400).splitlines()

    assert len(lines(f"x{name}")) == len(lines("x"))


def test_a_name_with_line_breaks_is_shown_on_one_line() -> None:
    drawn: Any = draw(table(["class", "n"], [("very\n\tgood", 1)]))
    assert "very  good" in drawn
