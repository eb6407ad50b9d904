"""A page or a chart that Rich draws, as the lines of a widget."""

from __future__ import annotations

from typing import ClassVar

from rich.console import RenderableType
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tmeattn.tui.widgets.scroll_pane import SCROLLING_DOWN


class Picture(ScrollView, can_focus=True, inherit_bindings=False):
    """What `show` was given, rendered once for each width and cut into lines, of which the visible ones are drawn.

    A `Static` renders its content to measure it and once more to draw it, and each change lays out the screen. Here
    only a change of the number of lines does, and only where it changes the size of the widget or its scrollbar.

    It takes the focus and scrolls by keys.

    rendered: how often Rich has rendered.
    """

    BINDINGS: ClassVar[list[BindingType]] = SCROLLING_DOWN

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rendered = 0
        self._content: RenderableType = ""
        self._lines: list[Strip] = []
        self._for: tuple[RenderableType, int] | None = None
        self._style = Style()
        self._styled: dict[object, Strip] = {}

    def show(self, content: RenderableType) -> None:
        """Show a text, a table or any other renderable; a `str` is no markup."""
        self._content = content
        self._render_lines()

    @property
    def plain(self) -> str:
        """The lines without styles."""
        return "\n".join(line.text.rstrip() for line in self._lines)

    @property
    def columns(self) -> int:
        """The columns of a line, without the scrollbar."""
        return int(self.scrollable_content_region.width)

    def on_resize(self) -> None:
        self._render_lines()

    def _render_lines(self) -> None:
        width = self.columns
        if width <= 0:
            return
        if self._for is None or self._for[0] is not self._content or self._for[1] != width:
            self._for = self._content, width
            self.rendered += 1
            console = self.app.console
            options = self.app.console_options.update(width=width, highlight=False, markup=False)
            segments = console.render(self._content, options)
            lines = Segment.split_and_crop_lines(segments, width, include_new_lines=False, pad=False)
            self._styled.clear()
            self._lines = [Strip(line).simplify() for line in lines]
            self.refresh()
        height = self.styles.height
        least = 0 if height is not None and height.is_auto else self.size.height
        self.virtual_size = Size(width, max(len(self._lines), least))

    def render_lines(self, crop: Region) -> list[Strip]:
        style = self.rich_style
        if style != self._style:
            self._style = style
            self._styled.clear()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        at, width, selection = y + self.scroll_offset.y, self.size.width, self.text_selection
        key = at, width
        if selection is not None or key not in self._styled:
            line = self._lines[at] if at < len(self._lines) else Strip([])
            line = _chosen(line, at, selection, self.screen) if selection is not None else line
            line = line.apply_style(self._style).apply_offsets(0, at)
            line = line.extend_cell_length(width, Style(bgcolor=self._style.bgcolor))
            if selection is not None:
                return line
            self._styled[key] = line
        return self._styled[key]

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        return selection.extract(self.plain), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()


def _chosen(line: Strip, at: int, selection: Selection, screen: Screen[object]) -> Strip:
    """A line with the part of it marked that the user has selected with the mouse."""
    span = selection.get_span(at)
    if span is None:
        return line
    start, end = span[0], line.cell_length if span[1] == -1 else span[1]
    marked = line.crop(start, end).apply_style(screen.get_component_rich_style("screen--selection"))
    return Strip.join([line.crop(0, start), marked, line.crop(end)])
