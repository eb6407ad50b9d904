"""A list of lines below a line that names the columns, with a cursor on one of them."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import clamp
from textual.reactive import var
from textual.scroll_view import ScrollView


class CursorLines(ScrollView, can_focus=True, inherit_bindings=False):
    """The cursor, its keys and its actions. Subclasses have the lines, draw them and watch the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("left,h", "scroll_left", show=False),
        Binding("right,l", "scroll_right", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,ctrl+home,g", "jump(0)", show=False),
        Binding("end,ctrl+end,G", "jump(-1)", show=False),
    ]
    cursor: var[int] = var(0)
    """The position of the cursor in the lines."""

    @property
    def line_count(self) -> int:
        """How many lines there are, whether they are seen or not."""
        raise NotImplementedError

    def line_at(self, y: int) -> int:
        """The position of the line that is drawn `y` rows below the top of the widget, where the names stand."""
        return y - 1 + self.scroll_offset.y

    def follow_cursor(self) -> None:
        """Scroll until the cursor is visible below the line that names the columns."""
        top, height = self.scroll_offset.y, max(1, self.size.height - 1)
        if not top <= self.cursor < top + height:
            self.scroll_to(y=self.cursor if self.cursor < top else self.cursor - height + 1, animate=False)

    def action_move(self, by: int) -> None:
        self.cursor = clamp(self.cursor + by, 0, max(0, self.line_count - 1))

    def action_page(self, by: int) -> None:
        self.action_move(by * max(1, self.size.height - 2))

    def action_jump(self, to: int) -> None:
        self.cursor = to % max(1, self.line_count)
