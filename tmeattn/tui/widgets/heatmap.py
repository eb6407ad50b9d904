"""The heatmap of a text on the screen, with a cursor on a word that the keys and the mouse move."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tmeattn.render.heatmap import Marks
from tmeattn.render.text_layout import Piece, TextLayout
from tmeattn.tui.services.heatmap_words import LaidOutWord, LayoutCache, heatmap_words, word_style
from tmeattn.tui.themes import heat_colours, shows_heat_on

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation, Span

CURSOR = Style(reverse=True, bold=True)  # in the colours of the text, so that no heat hides it
AWAY = Style(underline=True, bold=True)  # the cursor while another widget has the focus, and the word under the mouse


class HeatmapView(ScrollView, can_focus=True, inherit_bindings=False):
    """A text whose words are coloured by their scores, in brackets where there are no colours."""

    BINDINGS: ClassVar[list[BindingType]] = []

    cursor: var[int] = var(0)
    """Index into `words`."""

    class At(Message):
        """The cursor, or else the mouse, is at another word (None: at none)."""

        def __init__(self, heatmap: HeatmapView, item: LaidOutWord | None) -> None:
            super().__init__()
            self.heatmap = heatmap
            self.item = item

        @property
        def control(self) -> HeatmapView:
            return self.heatmap

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.words: list[LaidOutWord] = []
        self.marks: Marks | None = None
        self.layouts = LayoutCache()
        self._layout = TextLayout([], [])
        self._shown: tuple[str, Explanation, tuple[Span, ...]] | None = None
        self._hovered: int | None = None
        self._rank = -1
        self._ranked: list[int] | None = None

    @property
    def item(self) -> LaidOutWord | None:
        """The word at the cursor."""
        return self.words[self.cursor] if self.cursor < len(self.words) else None

    def show(self, text: str, explanation: Explanation, dropped: Sequence[Span] = ()) -> None:
        """Draw an explanation over the user's text; `dropped` words are struck out. The cursor stays where it was."""
        at = self.item
        self._shown = (text, explanation, tuple(dropped))
        self._draw()
        if at is not None:
            self.go_to(at.start)
        self.cursor = max(0, min(self.cursor, len(self.words) - 1))
        self.post_message(self.At(self, self.item))

    def clear(self) -> None:
        """Remove the explanation."""
        self._shown, self.words, self._layout, self._hovered = None, [], TextLayout([], []), None
        self.virtual_size = Size(0, 0)
        self.refresh()

    def _draw(self) -> None:
        if self._shown is None:
            return
        text, explanation, dropped = self._shown
        colour = shows_heat_on(self.app)
        self.marks = Marks.of(explanation, colour, heat_colours(self.app.theme))
        self.words = heatmap_words(text, explanation, dropped, self.marks)
        self._hovered = self._ranked = None
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if self._shown is None or width <= 0:
            return
        text, explanation, _ = self._shown
        self._layout = self.layouts.layout(text, self.words, explanation, width)
        self.virtual_size = Size(width, len(self._layout.lines))
        self.refresh()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda theme: self._draw())

    def on_resize(self) -> None:
        self._lay_out()
        self._follow()

    def render_line(self, y: int) -> Strip:
        line = y + self.scroll_offset.y
        base = self.rich_style
        if not 0 <= line < len(self._layout.lines):
            return Strip.blank(self.size.width, base)
        segments, column = [], 0
        for piece in self._layout.lines[line]:
            if piece.column > column:
                segments.append(Segment(" " * (piece.column - column), base))
            segments.append(Segment(piece.text, base + self._style(piece)))
            column = piece.end
        return Strip(segments, column).adjust_cell_length(self.size.width, base)

    def _style(self, piece: Piece) -> Style:
        if piece.word is None or self.marks is None:
            return piece.style
        style = word_style(self.words[piece.word], self.marks)
        if piece.word not in (self.cursor, self._hovered):
            return style
        return CURSOR if piece.word == self.cursor and self.has_focus else style + AWAY

    def move(self, by: int) -> None:
        """Move the cursor by this number of words; a negative number moves it back."""
        self.cursor = max(0, min(self.cursor + by, len(self.words) - 1))

    def move_lines(self, by: int) -> None:
        """Move the cursor down, or up for a negative number, to the word nearest in column."""
        for _ in range(abs(by) if self.words else 0):
            self.cursor = self._layout.nearest(self.cursor, 1 if by > 0 else -1)

    @property
    def page(self) -> int:
        """The number of visible lines, less one."""
        return max(1, self.size.height - 1)

    def go_to(self, offset: int) -> None:
        """Move the cursor to the word at this offset of the text, or to the first one after it."""
        self.cursor = max(0, min(self._from(offset), len(self.words) - 1))

    def at(self, offset: int) -> LaidOutWord | None:
        """The word that begins at this offset of the text."""
        found = self.words[at] if (at := self._from(offset)) < len(self.words) else None
        return found if found and found.start == offset else None

    def _from(self, offset: int) -> int:
        """The index of the first word that begins at this offset of the text or after it."""
        return bisect_left(self.words, offset, key=itemgetter(0))

    def next_strongest(self) -> None:
        """Move the cursor to the strongest word, and with each further call to the next weaker one."""
        if self._ranked is None:
            found = (i for i, item in enumerate(self.words) if item.word)
            self._ranked = sorted(found, key=self._strength, reverse=True)
        if ranked := self._ranked:
            self._rank = self._rank + 1 if ranked[self._rank % len(ranked)] == self.cursor and self._rank >= 0 else 0
            self.cursor = ranked[self._rank % len(ranked)]

    def _strength(self, index: int) -> float:
        word = self.words[index].word
        return abs(word.score) if word else 0.0

    def watch_cursor(self) -> None:
        self._follow()
        self.refresh()
        self.post_message(self.At(self, self.item))

    def _follow(self) -> None:
        if self.cursor < len(self._layout.places):
            line, column = self._layout.places[self.cursor]
            self.scroll_to_region(Region(column, line, 1, 1), animate=False)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._hover(self._layout.word_at(event.y + self.scroll_offset.y, event.x))

    def on_leave(self) -> None:
        self._hover(None)

    def _hover(self, item: int | None) -> None:
        if item != self._hovered:
            self._hovered = item
            self.refresh()
            self.post_message(self.At(self, self.words[item] if item is not None else self.item))

    def on_click(self, event: events.Click) -> None:
        item = self._layout.word_at(event.y + self.scroll_offset.y, event.x)
        if item is not None:
            self.cursor = item
