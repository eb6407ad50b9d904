"""What edits the option at the cursor of a form: a text field, or a choice of one of a few values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Static
from textual.widgets.input import Selection

from tmeattn.tui.services.run_form import FormField

NONE = "none"
"""What stands for a value that is neither given nor a default."""


class Entry:
    """One option of a form and its value. The form draws it, and an editor shows it while the cursor is at it.

    line: its line in the form. changed: called after a change of the value, the default or the mark. offers: values to
    suggest while the user types. default: what holds where the value is empty.
    """

    def __init__(
        self, field: FormField, line: int, changed: Callable[[Entry], None], offers: Sequence[str] = ()
    ) -> None:
        self.field, self.line = field, line
        self.choices = ("", *field.choices) if field.choices else ()
        self.suggester = SuggestFromList(offers) if offers else None
        self._value = self._default = ""
        self._wrong = False
        self._changed = changed

    def begin(self, value: str, default: str) -> None:
        """Set the first value and the default. A choice has no value that is not offered."""
        self._default = default
        self._value = value if not self.choices or value in self.choices else ""

    @property
    def value(self) -> str:
        return self._value

    @value.setter
    def value(self, value: str) -> None:
        if value != self._value:
            self._value = value
            self._changed(self)

    @property
    def default(self) -> str:
        return self._default

    @default.setter
    def default(self, default: str) -> None:
        if default != self._default:
            self._default = default
            self._changed(self)

    @property
    def wrong(self) -> bool:
        """Whether the value is the one that an error is about."""
        return self._wrong

    @wrong.setter
    def wrong(self, wrong: bool) -> None:
        if wrong != self._wrong:
            self._wrong = wrong
            self._changed(self)

    def turn(self, by: int) -> None:
        """Choose the next or the previous value."""
        at = (self.choices.index(self.value) + by) % len(self.choices)
        if self.choices[at] == self.default:  # the empty choice stands for the default
            at = (at + by) % len(self.choices)
        self.value = self.choices[at]

    def shown(self) -> Text:
        """The value as a choice."""
        shown = Text("‹ ", style="dim")
        shown.append(self.value or self.default or NONE, style="bold" if self.value else "dim")
        return shown.append(" ›", style="dim")


class Editor(Widget):
    """An editor moves from entry to entry."""

    entry: Entry

    def edit(self, entry: Entry) -> None:
        """Go to an entry, and show its value."""
        raise NotImplementedError

    def follow(self) -> None:
        """Show what has changed in the entry."""
        raise NotImplementedError


class TypedValue(Input, Editor):
    """The text field. Its entry has the value as soon as it is typed."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        super().__init__(entry.value, entry.default or NONE, suggester=entry.suggester)

    def edit(self, entry: Entry) -> None:
        self.entry, self.suggester = entry, entry.suggester
        with self.prevent(Input.Changed):
            self.value = entry.value
        self._suggestion = ""
        self.selection = Selection(0, len(entry.value))
        self.follow()

    def follow(self) -> None:
        self.value = self.entry.value
        self.placeholder = self.entry.default or NONE
        self.set_class(self.entry.wrong, "wrong")

    def watch_value(self, value: str) -> None:
        self.entry.value = value


class Cycle(Static, Editor, can_focus=True):
    """A choice of one of a few values: the arrow keys, space or a click choose the next one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", show=False),
        Binding("right,space,enter", "turn(1)", show=False),
    ]

    class Changed(Message):
        """The user chose another value."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(markup=False)
        self.entry = entry

    def edit(self, entry: Entry) -> None:
        self.entry = entry
        self.follow()

    def follow(self) -> None:
        self.set_class(self.entry.wrong, "wrong")
        self.refresh()

    def render(self) -> Text:
        return self.entry.shown()

    def action_turn(self, by: int) -> None:
        self.entry.turn(by)
        self.post_message(self.Changed())

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_turn(1)
