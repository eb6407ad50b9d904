"""Texts laid out word by word."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from support.explanations import explain

from tmeattn.explain.explanation import Explanation, Span
from tmeattn.render.console import safe
from tmeattn.render.heatmap import Marks
from tmeattn.render.text_layout import MarkedWord, TextLayout, chunks_of, lay_out
from tmeattn.tui.services.heatmap_words import LaidOutWord, LayoutCache, heatmap_words, lay_out_words, word_style


def laid_out(text: str, width: int = 20, **fields: object) -> tuple[list[LaidOutWord], TextLayout]:
    return of_explanation(text, explain(text, **fields), width)


def of_explanation(
    text: str, explanation: Explanation, width: int, dropped: Sequence[Span] = (), colour: bool = True
) -> tuple[list[LaidOutWord], TextLayout]:
    words = heatmap_words(text, explanation, dropped, Marks.of(explanation, colour=colour))
    return words, lay_out_words(text, words, explanation, width)


def drawn(layout: TextLayout) -> list[str]:
    lines = []
    for pieces in layout.lines:
        line = ""
        for piece in pieces:
            line += " " * (piece.column - cell_len(line)) + piece.text
        lines.append(line)
    return lines


def test_lines_break_between_words_and_where_the_text_does() -> None:
    words, layout = laid_out("The plot is rather thin.\n\nBut  so what?")
    assert drawn(layout) == ["The plot is rather", "thin.", "", "But  so what?"]
    assert [word.shown for word in words][:3] == ["The", "plot", "is"]
    assert layout.places[:5] == [(0, 0), (0, 4), (0, 9), (0, 12), (1, 0)]


def test_what_stands_together_stays_together() -> None:
    text = "I really don't know"
    found = explain(text, [1.0] * 4)
    words = [LaidOutWord(m, n, text[m:n], None) for m, n in ((0, 1), (2, 8), (9, 12), (12, 13), (13, 14), (15, 19))]
    layout = lay_out_words(text, words, found, 12)
    assert drawn(layout) == ["I really", "don't know"]


def test_a_word_longer_than_a_line_is_folded() -> None:
    _, layout = laid_out("a " + "x" * 25, width=10)
    assert drawn(layout) == ["a", "x" * 10, "x" * 10, "x" * 5]
    assert layout.places == [(0, 0), (1, 0)]
    assert layout.word_at(1, 3) == layout.word_at(3, 0) == 1


def test_the_indentation_of_a_line_stays_and_of_a_wrapped_one_goes() -> None:
    _, layout = laid_out("  a few\n    words and more", width=12)
    assert drawn(layout) == ["  a few", "    words", "and more"]


def test_rich_lines_have_the_columns_of_the_layout() -> None:
    _, layout = laid_out("The  plot,\n\nand more", width=12)
    assert [line.plain for line in layout.rich_lines()] == drawn(layout) == ["The  plot,", "", "and more"]


def test_a_word_that_overlaps_another_is_left_out() -> None:
    words = [MarkedWord(0, 4, "good"), MarkedWord(2, 6, "od f"), MarkedWord(5, 9, "film")]
    layout = lay_out(chunks_of("good film", words), 40)
    assert drawn(layout) == ["good film"]
    assert layout.places == [(0, 0), (0, 5), (0, 5)]


def test_wide_characters_take_two_cells() -> None:
    _, layout = laid_out("映画は 最高だった", width=10)
    assert drawn(layout) == ["映画は", "最高だった"]


def test_the_cell_under_the_mouse() -> None:
    _, layout = laid_out("The plot")
    assert [layout.word_at(0, column) for column in (0, 2, 3, 4, 7, 8)] == [0, 0, None, 1, 1, None]
    assert layout.word_at(1, 0) is None
    assert layout.word_at(-1, 0) is None


def test_up_and_down_go_to_the_nearest_word_and_over_empty_lines() -> None:
    _, layout = laid_out("aaa bbb ccc\n\ndd eeeeee fff", width=30)
    assert layout.nearest(2, 1) == 5
    assert layout.nearest(4, -1) == 1
    assert layout.nearest(0, -1) == 0
    assert layout.nearest(5, 1) == 5


def test_dropped_words_stand_where_they_stood_and_are_struck_out() -> None:
    text = "a good film"
    found = explain("a      film", [0.5, 0.5])
    words, layout = of_explanation(text, found, 40, [(2, 6)])
    assert drawn(layout) == ["a good film"]
    assert [word.word is None for word in words] == [False, True, False]
    assert word_style(words[1], Marks.of(found, colour=True)).strike


def test_a_dropped_word_or_other_scores_change_no_line_and_another_width_does() -> None:
    text, layouts = "a good film", LayoutCache()

    def laid_out(found: Explanation, dropped: Sequence[Span], width: int) -> TextLayout:
        words = heatmap_words(text, found, dropped, Marks.of(found, colour=True))
        return layouts.layout(text, words, found, width)

    first = laid_out(explain(text), [], 40)
    assert laid_out(explain(text, [0.2, 0.1, 0.7]), [], 40) is first
    assert laid_out(explain("a      film", [0.5, 0.5]), [(2, 6)], 40) is first
    assert layouts.laid_out == 1
    assert drawn(laid_out(explain(text), [], 6)) == ["a good", "film"]
    assert drawn(laid_out(explain(text, [0.2, 0.1]), [], 40))[1].startswith("┃ 1 more word not read")
    assert layouts.laid_out == 3


def test_where_reading_stopped_is_marked_and_counted() -> None:
    text = "one two three four five"
    _, layout = laid_out(text, 60, scores=[1.0, 1.0])
    assert drawn(layout) == ["one two ┃ three four five", "┃ 3 more words not read by the model (it reads at most 2)"]


def test_of_a_long_unread_rest_two_lines_are_shown() -> None:
    _, layout = laid_out("word " * 50_000, 40, scores=[1.0])
    assert len(layout.lines) <= 5
    assert "49,999 more words not read" in " ".join(drawn(layout))


def test_without_colours_the_strongest_words_stand_in_brackets() -> None:
    text = "a good film"
    found = explain(text, [0.0, 0.9, 0.1], unknown=(2,))
    words, layout = of_explanation(text, found, 40, colour=False)
    assert drawn(layout) == ["a [good] ~film~"]
    assert (words[1].start, words[1].end) == (2, 6)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Mn", "Me", "Mc"))), st.integers(2, 40))
def test_nothing_is_lost_and_no_line_is_too_long(text: str, width: int) -> None:
    _, layout = laid_out(text, width)
    assert "".join("".join(drawn(layout)).split()) == "".join(safe(text).split())
    assert all(cell_len(line) <= width for line in drawn(layout))
