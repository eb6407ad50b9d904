"""All keys of a screen, and a way to change them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Static

from tmeattn.tui import keys
from tmeattn.tui.keys import Key

if TYPE_CHECKING:
    from tmeattn.tui.app import TmeattnApp

HOW = "enter gives the action another key, delete its own one again, esc closes."
AROUND = 5
"""Columns of the table around its two texts, with the scrollbar."""


class HelpScreen(ModalScreen[None]):
    """Keys of one place and those that hold everywhere; Enter waits for the new key of an action."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,question_mark,q", "close", "Close"),
        Binding("delete,backspace", "default", "Default key"),
    ]

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place
        self.rows = [key for key in keys.KEYS if key.place == place] + [key for key in keys.KEYS if key.place == "app"]

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = f"Keys: {keys.PLACES.get(self.place, self.place)}"
            yield DataTable(cursor_type="row", show_header=False)
            yield Static(HOW, markup=False)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        table = self.query_one(DataTable)
        row = table.cursor_row
        table.clear(columns=True)
        shown = [self._shown(key) for key in self.rows]
        widest = max(key.cell_len for key in shown)
        table.add_column("keys", width=widest)
        table.add_column("what", width=max(table.size.width - widest - AROUND, 10))
        for key, text in zip(self.rows, shown, strict=True):
            does = key.does + (" (everywhere)" if key.place == "app" else "")
            table.add_row(text, Text(does), key=key.id, height=None)
        table.move_cursor(row=row)

    def _shown(self, key: Key) -> Text:
        """Its keys; a star marks those that the user gave it."""
        remapped = cast("TmeattnApp", self.app).state.keys
        own = key.id in keys.keymap(remapped)
        return Text(
            keys.shown(keys.keys_of(key, remapped)) + (" *" if own else ""), style="bold cyan" if own else "bold"
        )

    @property
    def chosen(self) -> Key:
        return self.rows[self.query_one(DataTable).cursor_row]

    @on(DataTable.RowSelected)
    def ask(self) -> None:
        self.app.push_screen(PressKey(self.chosen), self._remap)

    def _remap(self, pressed: str | None) -> None:
        if pressed is None:
            return
        app = cast("TmeattnApp", self.app)
        other = keys.taken_by([pressed], self.chosen, app.state.keys)
        if other is not None:
            app.complain(f"{keys.shown(pressed)} is taken: {other.does}")
            return
        app.remap(self.chosen.id, pressed)
        self._fill()

    def action_default(self) -> None:
        cast("TmeattnApp", self.app).remap(self.chosen.id, None)
        self._fill()

    def action_close(self) -> None:
        self.dismiss(None)


class PressKey(ModalScreen[str | None]):
    """Waits for one key."""

    def __init__(self, key: Key) -> None:
        super().__init__()
        self.key = key

    def compose(self) -> ComposeResult:
        yield Static(f"Press the new key for:\n{self.key.does}\n\nesc leaves it as it is.", markup=False)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self.dismiss(None if event.key == "escape" else event.key)


def commands(place: str, run: Callable[[str], object]) -> list[tuple[str, str, Callable[[], object]]]:
    """Title, help and call of every action of a screen, for the command palette."""
    named = [key for key in keys.KEYS if key.place in (place, "app") and not key.action.startswith("command")]
    return [(key.does.rstrip("."), keys.PLACES[key.place], partial(run, key.action)) for key in named]
