"""The words of a heatmap on the screen: those that the model read, and those that the user dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.style import Style

from tmeattn.render.console import safe
from tmeattn.render.heatmap import marked_words, text_chunks
from tmeattn.render.text_layout import MarkedWord, TextLayout, lay_out

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation, Span, Word
    from tmeattn.render.heatmap import Marks

DROPPED = Style(strike=True, dim=True)


@dataclass(frozen=True)
class LaidOutWord:
    """The characters `text[start:end]`; `word` is None for a dropped word, which has no score."""

    start: int
    end: int
    shown: str
    style: Style
    word: Word | None


def heatmap_words(text: str, explanation: Explanation, dropped: Iterable[Span], marks: Marks) -> list[LaidOutWord]:
    """The words of the user's text in their order.

    explanation: of the text without the dropped words, which are blank in it, so that offsets are the same.
    """
    text = safe(text)
    marked = marked_words(explanation, marks)
    words = [LaidOutWord(*mark, word) for mark, word in zip(marked, explanation.words, strict=True)]
    words += [LaidOutWord(start, end, text[start:end], DROPPED, None) for start, end in dropped]
    return sorted(words, key=lambda word: word.start)


def lay_out_words(text: str, words: Sequence[LaidOutWord], explanation: Explanation, width: int) -> TextLayout:
    """The user's text on lines of `width` cells; the layout's indices are those of `words`."""
    marked = [MarkedWord(word.start, word.end, word.shown, word.style) for word in words]
    return lay_out(text_chunks(safe(text), marked, explanation, width), width)
