"""A text laid out word by word on lines of a given width, so that each word's place is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells
from rich.style import Style

from tmeattn.render.console import safe
from tmeattn.render.numbers import count

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation, Span, Word
    from tmeattn.render.heatmap import Marks

DROPPED = Style(strike=True, dim=True)
UNREAD = Style(dim=True)
STOP = "┃"  # where the model stopped reading


@dataclass(frozen=True)
class LaidOutWord:
    """A word on the screen, `text[start:end]`; `word` is None where the reader dropped it, so that it has no score."""

    start: int
    end: int
    shown: str
    style: Style
    word: Word | None


@dataclass(frozen=True)
class Piece:
    """Characters of one line, from `column` on; `item` is the index of the word that they belong to."""

    column: int
    text: str
    item: int | None
    style: Style

    @property
    def end(self) -> int:
        return self.column + cell_len(self.text)


LaidOutLine = list[Piece]


@dataclass(frozen=True)
class TextLayout:
    """lines: pieces in order of their columns. places: line and column where each item begins."""

    lines: list[LaidOutLine]
    places: list[tuple[int, int]]

    def at(self, line: int, column: int) -> int | None:
        """The item under a cell."""
        if not 0 <= line < len(self.lines):
            return None
        return next((piece.item for piece in self.lines[line] if piece.column <= column < piece.end), None)

    def beside(self, item: int, by: int) -> int:
        """The item nearest in column on the next line above (`by` -1) or below (1) that has any; itself without one."""
        line, column = self.places[item]
        line += by
        while 0 <= line < len(self.lines):
            there = [(abs(piece.column - column), piece.item) for piece in self.lines[line] if piece.item is not None]
            if there:
                return min(there)[1]
            line += by
        return item


def items_of(explanation: Explanation, dropped: Iterable[Span], marks: Marks) -> list[LaidOutWord]:
    """The words that the model read and those that were dropped, in text order."""
    text = safe(explanation.text)
    items = []
    for word in explanation.words:
        shown, style = marks.word(text[word.start : word.end].replace("\n", " "), word)
        items.append(LaidOutWord(word.start, word.end, shown, style, word))
    return items + [LaidOutWord(start, end, "", DROPPED, None) for start, end in dropped]


def lay_out(
    text: str, items: list[LaidOutWord], explanation: Explanation, width: int
) -> tuple[list[LaidOutWord], TextLayout]:
    """Wrap a text between words, and within what is longer than a line. Items come back in text order.

    text: the user's own, also where the explanation is of a text without the dropped words.
    """
    text = safe(text)
    items = sorted(items, key=lambda item: item.start)
    items = [
        item if item.word else LaidOutWord(item.start, item.end, text[item.start : item.end], item.style, None)
        for item in items
    ]
    read_to = max((item.end for item in items), default=0)
    hidden = explanation.tokens_cut
    flow = _Flow(width, len(items))
    flow.add(_atoms(text[:read_to], items))
    rest = text[read_to:]
    if hidden > 0:
        flow.add(((f" {STOP} ", None, Style(bold=True)),))
        tail = " ".join(rest[: 4 * width].split())
        more = len(tail) > 2 * width or rest[4 * width :].strip()
        shown = tail[: 2 * width] + (" …" if more else "")
        flow.add((part, None, UNREAD) for part in re.findall(r"\s+|\S+", shown))
        told = f"{STOP} {count(hidden)} more {'word' if hidden == 1 else 'words'} not read by the model"
        flow.add((("\n", None, UNREAD), *((part, None, UNREAD) for part in re.findall(r"\s+|\S+", told))))
    else:
        flow.add(_gap(rest.rstrip()))
    return items, TextLayout(flow.finish(), flow.places)


Atom = tuple[str, int | None, Style]


def _atoms(text: str, items: list[LaidOutWord]) -> Iterator[Atom]:
    """Words and what stands between them; white space and line ends by themselves."""
    position = 0
    for index, item in enumerate(items):
        yield from _gap(text[position : item.start])
        yield item.shown, index, item.style
        position = max(position, item.end)
    yield from _gap(text[position:])


def _gap(text: str) -> Iterator[Atom]:
    for part in re.findall(r"\n|[^\S\n]+|\S+", text):
        yield part, None, Style()


class _Flow:
    """Fills lines: what stands without white space between stays together where a line can hold it."""

    def __init__(self, width: int, items: int) -> None:
        self.width = max(width, 2)
        self.lines: list[LaidOutLine] = [[]]
        self.places: list[tuple[int, int]] = [(0, 0)] * items
        self._column = 0
        self._together: list[Atom] = []
        self._placed = -1

    def add(self, atoms: Iterable[Atom]) -> None:
        for atom in atoms:
            if atom[0] == "\n":
                self._flush()
                self._new_line()
            elif atom[0].isspace() and atom[1] is None:
                self._flush()
                self._column += cell_len(atom[0]) if self._column else 0
            else:
                self._together.append(atom)

    def finish(self) -> list[LaidOutLine]:
        self._flush()
        return self.lines

    def _flush(self) -> None:
        wide = sum(cell_len(text) for text, *_ in self._together)
        if self._column and self._column + wide > self.width:
            self._new_line()
        for text, item, style in self._together:
            self._place(text, item, style)
        self._together = []

    def _place(self, text: str, item: int | None, style: Style) -> None:
        for part in self._folded(text):
            if self._column + cell_len(part) > self.width:
                self._new_line()
            if item is not None and item > self._placed:
                self.places[item], self._placed = (len(self.lines) - 1, self._column), item
            self.lines[-1].append(Piece(self._column, part, item, style))
            self._column += cell_len(part)

    def _folded(self, text: str) -> list[str]:
        """Parts of what is longer than a line; the first fills the present one."""
        if cell_len(text) <= self.width:
            return [text]
        room = self.width - self._column
        first = chop_cells(text, room)[0] if room > 1 else ""
        return [*filter(None, [first]), *chop_cells(text[len(first) :], self.width)]

    def _new_line(self) -> None:
        self.lines.append([])
        self._column = 0
