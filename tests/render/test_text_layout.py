"""Where words and lines stand, and what is found at a cell."""

from __future__ import annotations

import re

import pytest
from rich.style import Style

from tmeattn.render.text_layout import Chunk, MarkedWord, chunks_of, lay_out, plain_chunks, shown_span


def words(text: str) -> list[MarkedWord]:
    """The words of a text, by the space between them."""
    found, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        found.append(MarkedWord(at, at + len(word), word))
        at += len(word)
    return found


def laid_out(text: str, width: int) -> list[str]:
    return [line.plain for line in lay_out(chunks_of(text, words(text)), width).rich_lines()]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("a good film", 80, ["a good film"]),
        ("a good film", 6, ["a good", "film"]),
        ("abcdefgh ij", 4, ["abcd", "efgh", "ij"]),
        ("a abcdefgh", 4, ["a", "abcd", "efgh"]),
        ("  in\n  out", 80, ["  in", "  out"]),
        ("      abcd", 5, ["abcd"]),  # the indentation alone would fill the line
        ("映画映画", 4, ["映画", "映画"]),
        ("", 4, [""]),
    ],
)
def test_lines_break_between_words_and_where_the_text_does(text: str, width: int, lines: list[str]) -> None:
    assert laid_out(text, width) == lines


def test_a_word_that_overlaps_the_one_before_it_is_left_out() -> None:
    marked = [MarkedWord(0, 4, "good"), MarkedWord(2, 6, "od f"), MarkedWord(5, 9, "film")]
    assert list(chunks_of("good film.", marked)) == [
        Chunk("good", 0),
        Chunk(" ", None),
        Chunk("film", 2),
        Chunk(".", None),
    ]
    layout = lay_out(chunks_of("good film.", marked), 80)
    assert layout.places == [(0, 0), (0, 5), (0, 5)]  # a word that is left out has the place of the next one


def test_the_word_at_a_cell() -> None:
    layout = lay_out(chunks_of("a good film", words("a good film")), 6)
    assert [layout.word_at(0, column) for column in range(7)] == [0, None, 1, 1, 1, 1, None]
    assert layout.word_at(1, 0) == 2
    assert layout.word_at(2, 0) is None
    assert layout.word_at(-1, 0) is None


def test_the_nearest_word_above_and_below() -> None:
    text = "one two\n\nx three"
    layout = lay_out(chunks_of(text, words(text)), 80)
    assert layout.nearest(0, 1) == 2
    assert layout.nearest(1, 1) == 3
    assert layout.nearest(3, -1) == 0
    assert layout.nearest(0, -1) == 0
    assert layout.nearest(9, 1) == 9


def test_words_of_a_note_and_the_spaces_between_them_are_one_run() -> None:
    italic = Style(italic=True)
    layout = lay_out([Chunk("two", None, italic), Chunk(" "), Chunk("words", None, italic)], 80)
    (line,) = layout.rich_lines()
    assert line.plain == "two words"
    assert [(span.start, span.end) for span in line.spans] == [(0, 9)]


def test_a_line_break_of_html_that_a_tokenizer_takes_for_a_part_of_a_word_is_one() -> None:
    text = "Fine.<br>But odd<BR/><br/> plot <br> and<br>so on"
    spans = [match.span() for match in re.finditer(r"[^\s.]+|[.]", text)]
    words = [MarkedWord(*shown_span(text, *span), text[slice(*shown_span(text, *span))]) for span in spans]
    layout = lay_out(chunks_of(text, words), 40)
    assert [line.plain for line in layout.rich_lines()] == ["Fine.", "But odd", "", " plot <br>", " and", "so on"]
    assert [text[slice(*span)] for span in spans][2] == "<br>But"
    assert layout.word_at(1, 0) == 2
    assert layout.word_at(4, 1) == layout.word_at(5, 0) == 6  # one word of the model on two lines
    (start, end), shown = spans[5], "[~<br>~]"  # with marks around it
    lines = lay_out(chunks_of(text, [MarkedWord(start, end, shown)]), 40).rich_lines()
    assert [line.plain for line in lines][-3:] == [" plot [~<br>~]", " and", "so on"]


def test_a_line_break_of_html_is_one() -> None:
    text = "One.<br /><br />Two <BR>three<br/> four < five <b>"
    lines = [line.plain for line in lay_out(plain_chunks(text), 40).rich_lines()]
    assert lines == ["One.", "", "Two", "three", " four < five <b>"]
