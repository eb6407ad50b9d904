"""A label and a drop-down list on one line."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Label, Select

from tmeattn.render.console import safe

Offer = tuple[str, Hashable]


class Choice(Horizontal):
    """One of several values, each with the text that stands for it. Texts are data: nothing in them is markup."""

    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; padding-right: 2; }
    Choice Label { width: auto; color: $text-muted; padding-right: 1; }
    Choice Select { width: 1fr; height: 1; }
    Choice Select #label { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    Choice Select:focus SelectCurrent { background: $primary; color: $background; }
    Choice Select:focus SelectCurrent Static { color: $background; text-style: bold; }
    Choice SelectOverlay { min-width: 24; }
    """

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
        self._label = label
        self._offers = list(offers)
        self._value: Hashable = self._offers[0][1]

    def compose(self) -> ComposeResult:
        yield Label(self._label, markup=False)
        yield Select(self._prompts(), allow_blank=False, compact=True)

    def _prompts(self) -> list[tuple[Text, Hashable]]:
        return [(Text(safe(text)), value) for text, value in self._offers]

    @property
    def select(self) -> Select[Any]:
        return self.query_one(Select)

    @property
    def value(self) -> Any:
        return self._value

    @value.setter
    def value(self, value: Hashable) -> None:
        """Choose without telling anyone; a value that is not offered chooses the first."""
        values = [offered for _, offered in self._offers]
        self._value = value if value in values else values[0]
        self.select.value = self._value

    def offer(self, offers: Sequence[Offer], value: Hashable = None) -> None:
        """Other values, one of them chosen, without telling anyone."""
        if list(offers) != self._offers:
            self._offers = list(offers)
            with self.select.prevent(Select.Changed):
                self.select.set_options(self._prompts())
        self.value = value

    def on_select_changed(self, event: Select.Changed) -> None:
        """A select also says what the program chose, and what it had when it was mounted."""
        event.stop()
        if event.value != self._value and event.value in [value for _, value in self._offers]:
            self._value = event.value
            self.post_message(self.Changed(self, event.value))
