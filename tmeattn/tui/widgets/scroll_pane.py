"""Panes that scroll by keys: every part of a screen that scrolls is one of these or a list with a cursor."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

SCROLLING: list[BindingType] = [
    Binding("up,k", "scroll_up", show=False),
    Binding("down,j", "scroll_down", show=False),
    Binding("left,h", "scroll_left", show=False),
    Binding("right,l", "scroll_right", show=False),
    Binding("pageup", "page_up", show=False),
    Binding("pagedown", "page_down", show=False),
    Binding("home,g", "scroll_home", show=False),
    Binding("end,G", "scroll_end", show=False),
]
"""The keys of everything that scrolls without a cursor of its own."""
SCROLLING_DOWN: list[BindingType] = [SCROLLING[at] for at in (0, 1, 4, 5, 6, 7)]
"""The keys of what has no columns to scroll to: there, left and right are free for the screen."""


class ScrollPane(VerticalScroll, can_focus=True, inherit_bindings=False):
    """A part of a screen that takes the focus and scrolls by keys, also while one of its widgets has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = SCROLLING_DOWN


class ItemsPane(ScrollPane, can_focus=True):
    """A pane of widgets that take the focus: up and down go from one to the next, and scroll where one is too high.

    It takes the focus itself while it has no such widgets.
    """

    @property
    def focusable(self) -> bool:
        return super().focusable and not any(item.focusable for item in self.query("*"))

    def action_scroll_down(self) -> None:
        self._step(1)

    def action_scroll_up(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        """Focus the next widget if the end of the one with the focus is visible, or else scroll by one line."""
        items = [item for item in self.query("*") if item.focusable]
        focused = self.screen.focused
        if focused not in items:
            (items[0].focus if items else self.focus)()
            return
        at = items.index(focused) + by
        edge = focused.virtual_region.bottom if by > 0 else focused.virtual_region.y
        seen_to = self.scroll_offset.y + (self.size.height if by > 0 else 0)
        beyond = edge > seen_to if by > 0 else edge < seen_to
        if beyond or not 0 <= at < len(items):
            self.scroll_relative(y=by, animate=False)
        else:
            items[at].focus()
