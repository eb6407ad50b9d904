"""The fields of a form: names, values and descriptions in three columns.

One widget draws all of them, and an editor lies over the value at the cursor. A widget for each value made a form slow
to open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Region, Size, clamp
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tmeattn.render.console import safe_line
from tmeattn.render.numbers import shortened
from tmeattn.tui.services.run_form import FormField
from tmeattn.tui.widgets.field_editors import NONE, Cycle, Editor, Entry, TypedValue

NAME_WIDTH = 20
"""Columns for the name of an option. A longer name is cut: a second line would move it away from its field."""
VALUE_AT = NAME_WIDTH + 2
VALUE_WIDTH = 22
GAP = 2
"""Columns between the values and the descriptions."""


class FieldLines(Widget):
    """Draws the lines of a form that are visible: the titles of its sections and its entries."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"fieldlines--{name}"
        for name in ("title", "name", "given", "wrong-name", "value", "choice", "wrong", "default", "help")
    }
    ALLOW_SELECT = False

    class Clicked(Message):
        """A line was clicked, at this place of the widget."""

        def __init__(self, x: int, y: int) -> None:
            super().__init__()
            self.x, self.y = x, y

    def __init__(self, lines: Sequence[str | Entry]) -> None:
        super().__init__()
        self.lines = lines

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines)

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        if y >= len(self.lines):
            return Strip.blank(width, base)
        line = self.lines[y]
        cells = [self._cell(line, width, "title")] if isinstance(line, str) else self._cells(line)
        return Strip.join(cells).adjust_cell_length(width, base)

    def _cells(self, entry: Entry) -> list[Strip]:
        name = entry.field.name.replace("_", "-").rjust(NAME_WIDTH)
        help_ = entry.field.help
        return [
            self._cell(name, VALUE_AT, "wrong-name" if entry.wrong else "given" if entry.value else "name"),
            self._value(entry),
            self._cell("", GAP, "help"),
            self._cell(help_, max(0, self.size.width - VALUE_AT - VALUE_WIDTH - GAP), "help"),
        ]

    def _value(self, entry: Entry) -> Strip:
        ground = "wrong" if entry.wrong else "choice" if entry.choices else "value"
        if entry.choices:
            style = self._style(ground)
            shown = Strip(entry.shown().render(self.app.console)).apply_style(style)
            return shown.adjust_cell_length(VALUE_WIDTH, style)
        names = (ground,) if entry.value else (ground, "default")
        return self._cell(entry.value or entry.default or NONE, VALUE_WIDTH, *names)

    def _cell(self, text: str, width: int, *names: str) -> Strip:
        """A text cut or filled to a width, in the style of components, of which the later come over the earlier."""
        style = self._style(*names)
        return Strip([Segment(shortened(safe_line(text), width), style)]).adjust_cell_length(width, style)

    def _style(self, *names: str) -> Style:
        return self.get_component_rich_style(*(f"fieldlines--{name}" for name in names))

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Clicked(event.x, event.y))


class Fields(VerticalScroll, inherit_bindings=False):
    """Sections of options. The cursor moves from option to option, and the page scrolls with it.

    entries: the options by name, in their order.
    """

    class Moved(Message):
        """The cursor is at another option."""

        def __init__(self, field: FormField) -> None:
            super().__init__()
            self.field = field

    def __init__(
        self,
        sections: Sequence[tuple[str, Sequence[FormField]]],
        defaults: Mapping[str, str] | None = None,
        given: Mapping[str, str] | None = None,
        offers: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(can_focus=False)
        self.entries: dict[str, Entry] = {}
        defaults, given, offers = defaults or {}, given or {}, offers or {}
        lines: list[str | Entry] = []
        for title, fields in sections:
            lines += [f"  {title}"] if fields else []
            for field in fields:
                name = field.name
                entry = Entry(field, len(lines), self._changed, offers.get(name, ()))
                entry.begin(given.get(name, ""), defaults.get(name, ""))
                self.entries[name] = entry
                lines.append(entry)
        self._in_order = list(self.entries.values())
        self._at = 0
        self._lines = FieldLines(lines)
        self._editors: list[Editor] = []

    def compose(self) -> ComposeResult:
        yield self._lines
        typed = next((entry for entry in self._in_order if not entry.choices), None)
        turned = next((entry for entry in self._in_order if entry.choices), None)
        self._editors = [*([TypedValue(typed)] if typed else []), *([Cycle(turned)] if turned else [])]
        for editor in self._editors:
            editor.display = editor.entry is self.at
            editor.styles.offset = (VALUE_AT, editor.entry.line)
            yield editor

    @property
    def fields(self) -> list[FormField]:
        return [entry.field for entry in self._in_order]

    @property
    def at(self) -> Entry | None:
        """The option at the cursor; None without options."""
        return self._in_order[self._at] if self._in_order else None

    @property
    def has_cursor(self) -> bool:
        """Whether the focus is in the form, so that the cursor is at an option."""
        return bool(self._editors) and self.screen.focused in self._editors

    def given(self) -> dict[str, str]:
        """The values that the user has given, by option."""
        return {name: entry.value.strip() for name, entry in self.entries.items() if entry.value.strip()}

    def mark(self, wrong: str | None) -> None:
        """Show which option is wrong."""
        for name, entry in self.entries.items():
            entry.wrong = name == wrong

    def set_defaults(self, defaults: Mapping[str, str]) -> None:
        """Show other defaults, for example those of another recipe."""
        for name, entry in self.entries.items():
            entry.default = defaults.get(name, "")

    def reset(self) -> None:
        """Clear all fields, so that every option has its default."""
        for entry in self._in_order:
            entry.value = ""

    def _changed(self, entry: Entry) -> None:
        """Draw an option anew, and in its editor, if one is at it."""
        if self._editors:
            self._lines.refresh(Region(0, entry.line, self._lines.size.width, 1))
        for editor in self._editors:
            if editor.entry is entry:
                editor.follow()

    # ---- the cursor

    def page(self, by: int) -> None:
        """Go as many fields down, or up, as are visible at once."""
        self._go(by * max(1, self.size.height - 2))

    def jump(self, to: int) -> None:
        """Go to the first field, or for -1 to the last."""
        self._go(-len(self.entries) if to == 0 else len(self.entries))

    def move(self, by: int) -> bool:
        """Go to the next field, or with -1 to the one before; False where there is none or the focus is elsewhere."""
        if not self.has_cursor or not 0 <= self._at + by < len(self._in_order):
            return False
        self._go(by)
        return True

    def _go(self, by: int) -> None:
        if self._in_order:
            start = self._at if self.has_cursor else 0 if by > 0 else len(self._in_order) - 1
            self.go_to(self._in_order[clamp(start + by, 0, len(self._in_order) - 1)])

    def go_to(self, entry: Entry) -> None:
        """Put the cursor at an option, with the focus in its editor."""
        self._at = self._in_order.index(entry)
        editor = next(one for one in self._editors if isinstance(one, Cycle) == bool(entry.choices))
        if editor.entry is not entry or not editor.display:
            editor.edit(entry)
            editor.styles.offset = (VALUE_AT, entry.line)
            editor.display = True
        self.screen.set_focus(editor, scroll_visible=False)
        for other in self._editors:
            other.display = other is editor
        self._show_cursor()
        self.post_message(self.Moved(entry.field))

    def _show_cursor(self) -> None:
        """Scroll until the option at the cursor is visible, with the title above it."""
        entry = self._in_order[self._at]
        top = entry.line - 1 if isinstance(self._lines.lines[entry.line - 1], str) else entry.line
        region = Region(0, top, 1, entry.line - top + 1)
        self.scroll_to_region(region, animate=False, immediate=True, x_axis=False)

    def on_resize(self) -> None:
        if self.has_cursor:
            self.call_after_refresh(self._show_cursor)

    @on(FieldLines.Clicked)
    def clicked(self, event: FieldLines.Clicked) -> None:
        """Go to an option. A click on the value of a choice chooses the next one."""
        line = self._lines.lines[event.y] if event.y < len(self._lines.lines) else ""
        if isinstance(line, Entry):
            self.go_to(line)
            if line.choices and VALUE_AT <= event.x < VALUE_AT + VALUE_WIDTH:
                self.query_one(Cycle).action_turn(1)
