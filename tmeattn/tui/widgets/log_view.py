"""The lines of a log, wrapped, with a search that marks its matches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tmeattn.tui.widgets.scroll_pane import SCROLLING_DOWN

FOUND = Style(reverse=True)
HERE = Style(reverse=True, bold=True, underline=True)


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """Entries of one or more lines. It stays at its end while it grows, unless the user has scrolled up.

    indent: the columns at the beginning of an entry, such as its time, under which its further lines stay empty.
    found: the entries that contain the words of the search. here: the match that was chosen, an index into `found`.
    """

    BINDINGS: ClassVar[list[BindingType]] = SCROLLING_DOWN

    class Pressed(Message):
        """An entry was clicked."""

        def __init__(self, entry: int) -> None:
            super().__init__()
            self.entry = entry

    def __init__(self, indent: int = 0) -> None:
        super().__init__()
        self.indent = indent
        self.entries: list[Text] = []
        self.needle = ""
        self.found: list[int] = []
        self.here = 0
        self._wrapped: list[list[Strip]] = []
        self._rows: list[Strip] = []
        self._width = 0
        self._end = 0

    def show(self, entries: Sequence[Text]) -> None:
        """Show these entries. Those that were shown before, in the same place, are not wrapped again."""
        before, self.entries = self.entries, list(entries)
        same = 0
        while same < min(len(before), len(self._wrapped), len(entries)) and entries[same] == before[same]:
            same += 1
        del self._wrapped[same:]
        self._find(keep=True)
        self._lay_out()

    def search(self, needle: str) -> None:
        """Mark the entries that contain a text, upper and lower case alike, and go to the last of them."""
        changed = {*self.found}
        self.needle = needle.casefold()
        self._find(keep=False)
        for entry in changed | {*self.found}:
            if entry < len(self._wrapped):
                self._wrapped[entry] = self._wrap(entry)
        self._lay_out()
        self._go_to_match()

    def step(self, by: int) -> None:
        """Go to the next match, or to one before; after the last follows the first."""
        if self.found:
            before, self.here = self.found[self.here], (self.here + by) % len(self.found)
            for entry in (before, self.found[self.here]):
                self._wrapped[entry] = self._wrap(entry)
            self._lay_out()
            self._go_to_match()

    def _find(self, *, keep: bool) -> None:
        chosen = self.found[self.here] if keep and self.found else None
        needle = self.needle
        self.found = [at for at, text in enumerate(self.entries) if needle in text.plain.casefold()] if needle else []
        self.here = self.found.index(chosen) if chosen in self.found else max(0, len(self.found) - 1)

    def _go_to_match(self) -> None:
        if self.found:
            first = sum(len(lines) for lines in self._wrapped[: self.found[self.here]])
            self.scroll_to(y=max(0, first - self.size.height // 2), animate=False)

    # ---- lines

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        if width != self._width:
            self._width = width
            self._wrapped.clear()
        at_end = self.scroll_offset.y >= self._end  # as it was before the size or the entries changed
        for entry in range(len(self._wrapped), len(self.entries)):
            self._wrapped.append(self._wrap(entry))
        self._rows = [line for lines in self._wrapped for line in lines]
        self.virtual_size = Size(width, len(self._rows))
        if at_end and not self.needle:
            self.scroll_end(animate=False, immediate=True, force=True)
        self._end = self.max_scroll_y
        self.refresh()

    def _wrap(self, entry: int) -> list[Strip]:
        text = self.entries[entry]
        if entry in self.found:
            text = text.copy()
            style = HERE if self.found[self.here] == entry else FOUND
            for start in _places(text.plain, self.needle):
                text.stylize(style, start, start + len(self.needle))
        head, rest = text.divide([self.indent])
        wrapped = rest.wrap(self.app.console, max(self._width - self.indent, 1), no_wrap=False)
        lines = [(Text.assemble(" " * self.indent, line) if at else head + line) for at, line in enumerate(wrapped)]
        return [Strip(line.render(self.app.console)).simplify() for line in lines] or [Strip([])]

    def render_line(self, y: int) -> Strip:
        row, base = y + self.scroll_offset.y, self.rich_style
        if row >= len(self._rows):
            return Strip.blank(self.size.width, base)
        return self._rows[row].apply_style(base).adjust_cell_length(self.size.width, base)

    def on_click(self, event: events.Click) -> None:
        row = event.y + self.scroll_offset.y
        ends = accumulate(len(lines) for lines in self._wrapped)
        entry = next((at for at, end in enumerate(ends) if row < end), None)
        if entry is not None:
            self.post_message(self.Pressed(entry))


def _places(text: str, needle: str) -> Iterator[int]:
    """Where a text begins in another. A character that grows when its case is ignored moves the marks behind it."""
    text, at = text.casefold(), -1
    while (at := text.find(needle, at + 1)) >= 0:
        yield at
