"""The words of a heatmap on the screen: those that the model read, and those that the user dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from rich.style import Style

from tmeattn.render.console import safe
from tmeattn.render.heatmap import DELETED, shown_word, text_chunks
from tmeattn.render.text_layout import MarkedWord, TextLayout, lay_out, shown_span

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation, Span, Word
    from tmeattn.render.heatmap import Marks

safe_text = lru_cache(maxsize=8)(safe)
"""`safe` of the texts on the screen, which may be long and do not change between two keys."""


class LaidOutWord(NamedTuple):
    """The characters `text[start:end]`; `word` is None for a dropped word, which has no score."""

    start: int
    end: int
    shown: str
    word: Word | None


def heatmap_words(text: str, explanation: Explanation, dropped: Iterable[Span], marks: Marks) -> list[LaidOutWord]:
    """The words of the user's text in their order.

    explanation: of the text without the dropped words, which are blank in it, so that offsets are the same.
    """
    read, whole = safe_text(explanation.text), safe_text(text)
    words = [LaidOutWord(word.start, word.end, shown_word(read, word, marks), word) for word in explanation.words]
    words += [LaidOutWord(start, end, whole[slice(*shown_span(whole, start, end))], None) for start, end in dropped]
    return sorted(words, key=itemgetter(0))


def word_style(word: LaidOutWord, marks: Marks) -> Style:
    """The style of a word; it is asked for the words that are seen only."""
    return DELETED if word.word is None else marks.style(word.word)


class LayoutCache:
    """Remembers the last layout of a text: another cursor, other scores, or a word that is dropped or restored change
    no line.

    laid_out: how often a text was laid out.
    """

    def __init__(self) -> None:
        self.laid_out = 0
        self._last: tuple[object, TextLayout] = None, TextLayout([], [])

    def layout(self, text: str, words: Sequence[LaidOutWord], explanation: Explanation, width: int) -> TextLayout:
        """`lay_out_words`, where it is not known."""
        cut = explanation.tokens_cut
        key = width, text, cut, len(explanation.words) if cut else 0, [word[:3] for word in words]
        if self._last[0] != key:
            self.laid_out += 1
            self._last = key, lay_out_words(text, words, explanation, width)
        return self._last[1]


def lay_out_words(text: str, words: Sequence[LaidOutWord], explanation: Explanation, width: int) -> TextLayout:
    """The user's text on lines of `width` cells; the layout's indices are those of `words`, whose styles it lacks."""
    shown = safe_text(text)
    marked = [MarkedWord(*shown_span(shown, word.start, word.end), word.shown) for word in words]
    return lay_out(text_chunks(shown, marked, explanation, width), width)
