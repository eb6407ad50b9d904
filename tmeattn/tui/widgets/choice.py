"""A choice of one of several values on one line: a label, the value, and a list that opens on demand.

A `Select` of Textual consists of seven widgets; screens with many of them were slow to open and to lay out.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Offset, Region
from textual.message import Message
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import OptionList

from tmeattn.render.console import safe

Offer = tuple[str, Hashable]
"""The text of a value that can be chosen, and the value."""
MOST_LINES = 14
"""Lines of the open list, its border included."""


class Choice(Widget, can_focus=True):
    """Enter or a click opens the list; left and right choose the previous and the next value. Texts are not markup."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space,down", "open", "Choose", show=False),
        Binding("left", "step(-1)", "Previous", show=False),
        Binding("right", "step(1)", "Next", show=False),
    ]
    value: reactive[Any] = reactive(None)

    class Changed(Message):
        """The user chose another value."""

        def __init__(self, choice: Choice, value: Any) -> None:
            super().__init__()
            self.choice = choice
            self.value = value

        @property
        def control(self) -> Choice:
            return self.choice

    def __init__(self, label: str, offers: Sequence[Offer], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.label = label
        self.offers = list(offers)
        self.set_reactive(Choice.value, self.offers[0][1])

    def offer(self, offers: Sequence[Offer], value: Hashable = None) -> None:
        """Replace the values and choose one of them, without a message `Changed`."""
        self.offers = list(offers)
        self.value = value
        self.refresh()

    def validate_value(self, value: Any) -> Any:
        """The value if it is offered, or else the first one."""
        values = [offered for _, offered in self.offers]
        return value if value in values else values[0]

    def choose(self, value: Hashable) -> None:
        """Choose a value; post `Changed` if it is another one."""
        before, self.value = self.value, value
        if self.value != before:
            self.post_message(self.Changed(self, self.value))

    def render(self) -> Content:
        room = max(1, self.size.width - cell_len(self.label) - 3)
        name = safe(next(text for text, value in self.offers if value == self.value))
        shown = set_cell_size(name, room) if cell_len(name) <= room else set_cell_size(name, room - 1) + "…"
        return Content.assemble((self.label, "dim"), " ", shown, (" ▾", "dim"))

    def action_step(self, by: int) -> None:
        values = [value for _, value in self.offers]
        self.choose(values[max(0, min(values.index(self.value) + by, len(values) - 1))])

    def action_open(self) -> None:
        place = self.region.offset + Offset(cell_len(self.label), 1)
        self.app.push_screen(Picker(self.offers, self.value, place), self._picked)

    def _picked(self, index: int | None) -> None:
        if index is not None:
            self.choose(self.offers[index][1])

    def on_click(self) -> None:
        self.action_open()


class Picker(ModalScreen[int | None]):
    """The list of a choice, below it if there is room. Typed letters move to the first value that contains them."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Close", show=False)]

    def __init__(self, offers: Sequence[Offer], value: Hashable, place: Offset) -> None:
        super().__init__()
        self._texts = [safe(text) for text, _ in offers]
        self._at = [offered for _, offered in offers].index(value)
        self._place = place
        self._typed = ""

    def compose(self) -> ComposeResult:
        yield OptionList(*(Text(text, no_wrap=True) for text in self._texts), markup=False)

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = self._at
        self._place_list()

    def on_resize(self) -> None:
        self._place_list()

    def _place_list(self) -> None:
        """Place the list inside the screen, whatever the size of the screen."""
        options = self.query_one(OptionList)
        wide = min(max(map(cell_len, self._texts)) + 5, self.size.width)
        high = min(len(self._texts) + 2, MOST_LINES, self.size.height)
        x, y = self._place
        inside = Region(x, y, wide, high).translate_inside(self.size.region)
        options.styles.width, options.styles.height = wide, high
        options.styles.offset = inside.offset

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)

    def on_key(self, event: events.Key) -> None:
        if event.key == "backspace":
            self._typed = ""
        elif event.is_printable and event.character and not event.character.isspace():
            self._typed += event.character.lower()
            found = [index for index, text in enumerate(self._texts) if self._typed in text.lower()]
            if found:
                self.query_one(OptionList).highlighted = found[0]

    def on_click(self, event: events.Click) -> None:
        if self.get_widget_at(event.screen_x, event.screen_y)[0] is self:
            self.dismiss(None)
