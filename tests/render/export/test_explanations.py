"""Explanations as files: what they hold, and that a text never becomes anything else than text."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.explanations import explain

from tmeattn.errors import BadInput
from tmeattn.explain.explanation import DeletedWord, Explanation
from tmeattn.render.export import heatmap_figure
from tmeattn.render.export.explanations import FORMATS, csv_text, write
from tmeattn.render.export.explanations_html import html_page, latex_text_page
from tmeattn.render.heatmap import Marks, heatmap, marked_words

HOSTILE = st.text(st.sampled_from("ab <>&\"'=/\\{}$%#_^~-\n\t\x1b\x9b\u202e\ufffeéß中"), max_size=80)


class Reader(HTMLParser):
    """Elements, attributes and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.text = ""
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attributes}
        self.inside = self.inside or ("class", "text") in attributes

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "p"

    def handle_data(self, data: str) -> None:
        self.text += data if self.inside else ""


@given(HOSTILE, st.booleans())
@settings(max_examples=60)
def test_a_hostile_text_stays_text_in_html(text: str, signed: bool) -> None:
    reader = Reader(html_page([explain(text, signed=signed, note=text, true_label=text, unknown=(0,))]))
    plain = Reader(html_page([explain("a b", signed=signed, note="n", true_label="t", unknown=(0,))]))
    assert set(reader.tags) <= set(plain.tags) | {"tr", "th", "td"}
    assert reader.names <= plain.names | {"style", "scope"}
    assert len(reader.text) == len(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ufffe]", reader.text)
    if text.isascii() and text.replace("\n", "").isprintable():
        assert reader.text == text


def test_a_page_is_self_contained_and_says_what_colour_says() -> None:
    page = html_page([explain("awful great film", [-0.5, 1.0, 0.0], signed=True, unknown=(2,))])
    assert not re.search(r"https?://|<script|<link|<img|url\(|@import", page)
    assert '<span class="w" style="--heat:1.000" title="score +1.000, rank 1 of 3">great</span>' in page
    assert '<span class="w against" style="--heat:0.500" title="score -0.500, rank 2 of 3">awful</span>' in page
    assert '<span class="w unknown" title="score +0.000, rank 3 of 3, not in the vocabulary">film</span>' in page
    assert "prefers-color-scheme: dark" in page
    assert "solid line: evidence for the class, dashed: against it" in page


def test_a_deleted_word_is_struck_through() -> None:
    gone = (DeletedWord(2, 6, "good"), DeletedWord(16, 20, "here"))
    found = explain("a      film but      I", [0.5, 0.5], deleted=gone)  # the model reads no further than the film
    assert found.whole_text == "a good film but here I"
    page, tex = html_page([found]), latex_text_page([found])
    assert "<del>good</del>" in page
    assert "Deleted: good, here" in page
    assert "<del>here</del>" not in page
    assert r"\hbox{good}" in tex
    assert [word.shown for word in marked_words(found, Marks.of(found, True)) if word.style.strike] == ["good"]


def test_a_picture_draws_a_line_through_a_deleted_word(tmp_path: Path) -> None:
    whole = explain("a good film")
    gone = explain("a      film", deleted=(DeletedWord(2, 6, "good"),))
    for name, found in {"whole.png": whole, "gone.png": gone}.items():
        write([found], tmp_path / name, heatmap(found))
    page = heatmap_figure._page(gone)
    assert [piece.text for line in page.lines for piece in line if piece.word is not None] == ["a", "good", "film"]
    assert "without the deleted word" in heatmap_figure._prediction(gone)


def test_a_page_tells_what_was_not_read() -> None:
    page = html_page([explain("read this not that", [0.5, 0.5])])
    assert '<span class="unread"> not that</span>' in page
    assert "2 more words not read by the model." in page


@given(HOSTILE, st.booleans())
@settings(max_examples=60)
def test_a_hostile_text_stays_text_in_latex(text: str, signed: bool) -> None:
    page = latex_text_page([explain(text, signed=signed, note=text, true_label=text, unknown=(0,))])
    known = r"\\(begingroup|endgroup|setlength|fboxsep|parindent|raggedright|linespread|selectfont|textbf|quad|textit|par|smallskip|medskip|bigskip|footnotesize|colorbox|vphantom|underline|ldots|ensuremath|pm|textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar|textasciigrave)(?![a-zA-Z])"  # noqa: E501
    body = re.sub(r"\\[&%$#_{}\\]", "", re.sub(known, "", "\n".join(page.split("\n")[1:])))
    assert "\\" not in body.replace("\\ ", "")
    assert not re.search(r"[$#%&~^]", body)
    assert body.count("{") == body.count("}")


def test_latex_shows_strength_in_boxes_and_bold() -> None:
    page = latex_text_page([explain("awful great film", [-0.4, 1.0, 0.0], signed=True, unknown=(2,))])
    assert r"\colorbox[RGB]{245,139,0}{\vphantom{(}\textbf{great}}" in page
    assert r"\colorbox[RGB]{170,209,251}{\vphantom{(}awful}" in page
    assert r"\underline{film}" in page


def test_a_line_break_of_html_is_one_wherever_a_tokenizer_finds_it() -> None:
    explanation = explain("Fine <br>But odd<BR/>plot <br/> end<BR>")
    reader = Reader(html_page([explanation]))
    assert reader.text == "Fine \nBut odd\nplot <br/>\n end\n"
    latex = latex_text_page([explanation])
    assert "<" not in latex.replace("\\textless", "")
    assert latex.count(r"\par ") == 2  # before a word, and after one that is nothing else; a word stays in its box


def test_csv_has_a_line_a_word() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text([explain("=1+1 good", [0.25, 0.75]), explain("bad", layer=2)]))))
    assert [(row["text"], row["word"], row["score"], row["layer"]) for row in rows] == [
        ("1", "'=1+1", "0.25", ""),
        ("1", "good", "0.75", ""),
        ("2", "bad", "1.0", "2"),
    ]


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_is_written(ending: str, tmp_path: Path) -> None:
    if ending == ".png":
        pytest.importorskip("matplotlib")
    found = [explain("a good film"), explain("a bad film", signed=True, method="leave-one-out")]
    path = tmp_path / f"out{ending.upper()}"
    write(found, path, heatmap(found[0]))
    start = {".png": b"\x89PNG", ".svg": b"<svg", ".html": b"<!doctype html>", ".json": b"[", ".tex": b"% Needs"}
    assert path.read_bytes().startswith(start.get(ending, b"text,run,"))
    if ending == ".json":
        assert json.loads(path.read_text())[1]["method"] == "leave-one-out"
    with pytest.raises(BadInput):
        write(found, tmp_path / "none" / f"out{ending}", heatmap(found[0]))


def test_an_unknown_ending_lists_those_known(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"must end in \.html, \.svg, \.png, \.tex, \.json or \.csv"):
        write([explain("a")], tmp_path / "out.gif", "")


def test_a_document_names_its_classes() -> None:
    document = explain("a good film", head=1).document()
    assert (document["predicted"], document["target"], document["head"]) == ("positive", "positive", 1)
    assert document["probabilities"] == {"negative": 0.027, "positive": 0.973}
    assert document.keys() == (Explanation.__dataclass_fields__.keys() - {"classes", "deleted", "whole_probabilities"})
