"""A text laid out word by word: every word keeps its line and its column.

The terminal, the screens and the figures wrap a text by the same rules. A line breaks between words, within a word only
if the word is longer than a line, and wherever the text itself has a line break. Characters without white space between
them, such as a word and its comma, stay together. All widths are in terminal cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len, chop_cells
from rich.style import Style
from rich.text import Text

PLAIN = Style()
_HTML_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_BREAKS_BEFORE = re.compile(rf"(?:{_HTML_BREAK.pattern})*", re.IGNORECASE)
_BREAKS_AFTER = re.compile(rf"(?:{_HTML_BREAK.pattern})*$", re.IGNORECASE)


class MarkedWord(NamedTuple):
    """The characters `text[start:end]`, and how they are displayed: `shown` may have brackets around it."""

    start: int
    end: int
    shown: str
    style: Style = PLAIN


class Chunk(NamedTuple):
    """Characters that are laid out as a unit. `word` is the index of the word they belong to, None between words."""

    text: str
    word: int | None = None
    style: Style = PLAIN


class Piece(NamedTuple):
    """The characters of a chunk that are on one line, from `column` on."""

    column: int
    text: str
    word: int | None
    style: Style

    @property
    def end(self) -> int:
        """The column after the last one."""
        return self.column + cell_len(self.text)


@dataclass(frozen=True)
class TextLayout:
    """lines: the pieces of each line in order of their columns. places: line and column where each word begins."""

    lines: list[list[Piece]]
    places: list[tuple[int, int]]

    def word_at(self, line: int, column: int) -> int | None:
        """The index of the word at a cell, None where there is none."""
        if not 0 <= line < len(self.lines):
            return None
        return next((piece.word for piece in self.lines[line] if piece.column <= column < piece.end), None)

    def nearest(self, word: int, by: int) -> int:
        """The word nearest in column on the next line above (`by` -1) or below (1) that has any, else `word` itself."""
        if word >= len(self.places):
            return word
        line, column = self.places[word]
        line += by
        while 0 <= line < len(self.lines):
            words = [(abs(piece.column - column), piece.word) for piece in self.lines[line] if piece.word is not None]
            if words:
                return min(words)[1]
            line += by
        return word

    def rich_lines(self) -> Iterator[Text]:
        """The lines as Rich texts, without wrapping."""
        for pieces in self.lines:
            line = Text(no_wrap=True, overflow="ignore")
            for characters, style in _runs(pieces):
                line.append(characters, style=style or None)
            yield line


def _runs(pieces: Sequence[Piece]) -> Iterator[tuple[str, Style]]:
    """The characters of a line with their styles; words of a note and the spaces between them are one run."""
    run, style, column = "", PLAIN, 0
    for piece in pieces:
        gap = " " * (piece.column - column)
        same = piece.style == style and piece.word is None
        if not same:
            yield run, style
            yield gap, PLAIN
            run, gap = "", ""
        run, style, column = run + gap + piece.text, piece.style, piece.end
    yield run, style


def chunks_of(text: str, words: Sequence[MarkedWord]) -> Iterator[Chunk]:
    """The words of a text and what is between them. A word that overlaps the one before it is left out."""
    position = 0
    for index, word in enumerate(words):
        if word.start < position:
            continue
        yield from plain_chunks(text[position : word.start])
        for line, part in enumerate(word_lines(text[word.start : word.end], word.shown)):
            if line:
                yield Chunk("\n")
            if part:
                yield Chunk(part, index, word.style)
        position = word.end
    yield from plain_chunks(text[position:])


def word_lines(word: str, shown: str | None = None) -> list[str]:
    """The lines of a word, which has line breaks of HTML only within it (`shown_span`), as it is displayed. A word that
    is nothing else ends its line."""
    shown = word if shown is None else shown
    if "<" not in word:
        return [shown]
    return _HTML_BREAK.split(shown) if all(_HTML_BREAK.split(word)) else [shown, ""]


def shown_span(text: str, start: int, end: int) -> tuple[int, int]:
    """The part of the word `text[start:end]` that is displayed as a word: without line breaks of HTML at its ends,
    which a tokenizer may take for a part of it. A word that is nothing else is displayed as it is."""
    word = text[start:end]
    if "<" not in word:
        return start, end
    before, after = _BREAKS_BEFORE.match(word), _BREAKS_AFTER.search(word)
    assert before is not None
    assert after is not None
    if before.end() == len(word):
        return start, end
    return start + before.end(), start + after.start()


def plain_chunks(text: str, style: Style = PLAIN) -> Iterator[Chunk]:
    """A text without words of its own; white space and line breaks are chunks by themselves."""
    return (Chunk(part, None, style) for part in re.findall(r"\n|[^\S\n]+|\S+", with_line_breaks(text)))


def with_line_breaks(text: str) -> str:
    """The text with HTML's line breaks, such as `<br />` or `<BR>`, which reviews from the web have, as line breaks."""
    return _HTML_BREAK.sub("\n", text) if "<" in text else text


def lay_out(chunks: Iterable[Chunk], width: int) -> TextLayout:
    """Place chunks on lines of at most `width` cells, but at least 2: a cell of an East Asian letter is that wide."""
    flow = _Flow(max(width, 2))
    for chunk in chunks:
        flow.add(chunk)
    return flow.finish()


class _Flow:
    """Fills lines from left to right. Chunks wait in `_together` until white space shows where they may break.

    A text may have a hundred thousand chunks: what holds for almost all of them is tried first.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[list[Piece]] = [[]]
        self.places: list[tuple[int, int]] = []
        self._column = 0
        self._wrapped = False
        self._together: list[Chunk] = []
        self._wide = 0

    def add(self, chunk: Chunk) -> None:
        text, word, _ = chunk
        if word is not None or not text.isspace():
            self._together.append(chunk)
            self._wide += cell_len(text)
            return
        if self._together:
            self._flush()
        if text == "\n":
            self._new_line(wrapped=False)
        elif self._column or not self._wrapped:  # an indented line of the text keeps its indentation
            self._column += 1 if text == " " else cell_len(text)

    def finish(self) -> TextLayout:
        self._flush()
        return TextLayout(self.lines, self.places)

    def _flush(self) -> None:
        if self._column and self._column + self._wide > self.width:
            self._new_line(wrapped=True)
        fits = self._column + self._wide <= self.width
        for chunk in self._together:
            for part in [chunk.text] if fits else self._folded(chunk.text):
                self._place(part, chunk)
        self._together, self._wide = [], 0

    def _place(self, part: str, chunk: Chunk) -> None:
        wide, word = cell_len(part), chunk.word
        if self._column + wide > self.width:
            self._new_line(wrapped=True)
        if word is not None and word >= len(self.places):  # a word that was left out has the place of the next one
            self.places += [(len(self.lines) - 1, self._column)] * (word + 1 - len(self.places))
        self.lines[-1].append(Piece(self._column, part, word, chunk.style))
        self._column += wide

    def _folded(self, text: str) -> list[str]:
        """The parts of a chunk longer than a line; the first part fills the rest of the present line."""
        if cell_len(text) <= self.width:
            return [text]
        space = self.width - self._column
        first = chop_cells(text, space)[0] if space > 1 else ""
        return [*filter(None, [first]), *chop_cells(text[len(first) :], self.width)]

    def _new_line(self, *, wrapped: bool) -> None:
        if not self.lines[-1] and wrapped:  # only white space before: the line is used, without its indentation
            self._column = 0
            return
        self.lines.append([])
        self._column, self._wrapped = 0, wrapped
