"""The help: the keys of a screen, a way to change them, and the way to the manual."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Static

from tmeattn.tui import keys
from tmeattn.tui.key_table import KEYS, PLACES, Key
from tmeattn.tui.messages import KeysChanged, ShowProblem
from tmeattn.tui.screens.manual import ManualScreen
from tmeattn.tui.session import Session

MANUAL = "F1  Read the manual"
HINT = "enter changes a key; delete restores it; F1 reads the manual; esc closes"
AROUND = 5
"""Columns of the table around its two texts, with the scrollbar."""


class ManualLink(Static):
    """The line that opens the manual; a click does the same as the key."""

    def __init__(self) -> None:
        super().__init__(MANUAL, id="manual", markup=False)

    async def on_click(self) -> None:
        await self.run_action("screen.manual")


class HelpScreen(ModalScreen[None]):
    """The keys of one place and those that hold everywhere. Enter changes the keys of an action."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "close", "Close"),
        Binding("delete,backspace", "default", "Restore default key"),
        Binding("f1", "manual", "Read the manual"),
    ]

    def __init__(self, session: Session, place: str) -> None:
        super().__init__()
        self.saved = session.saved
        self.place = place
        self.rows = [key for key in KEYS if key.place == place] + [key for key in KEYS if key.place == "app"]

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = f"Keys: {PLACES.get(self.place, self.place)}"
            yield ManualLink()
            yield DataTable(cursor_type="row", show_header=False)
            yield Static(HINT, id="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(DataTable).focus()

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        table = self.query_one(DataTable)
        row = table.cursor_row
        table.clear(columns=True)
        names = [self._key_names(key) for key in self.rows]
        widest = max(name.cell_len for name in names)
        table.add_column("keys", width=widest)
        table.add_column("description", width=max(table.size.width - widest - AROUND, 10))
        for key, name in zip(self.rows, names, strict=True):
            description = key.description + (" (everywhere)" if key.place == "app" else "")
            table.add_row(name, Text(description), key=key.id, height=None)
        table.move_cursor(row=row)

    def _key_names(self, key: Key) -> Text:
        """The keys of an action; a star marks the user's own keys."""
        changed = key.id in keys.keymap(self.saved.keys)
        name = keys.display(keys.keys_of(key, self.saved.keys))
        return Text(f"{name} *" if changed else name, style="bold cyan" if changed else "bold")

    @property
    def selected(self) -> Key:
        return self.rows[self.query_one(DataTable).cursor_row]

    @on(DataTable.RowSelected)
    def change_key(self) -> None:
        self.app.push_screen(PressKey(self.selected), self._use_key)

    def _use_key(self, pressed: str | None) -> None:
        if pressed is None:
            return
        other = keys.conflict([pressed], self.selected, self.saved.keys)
        if other is not None:
            self.post_message(ShowProblem(f"{keys.display(pressed)} is taken: {other.description}"))
            return
        self._remap(pressed)

    def action_default(self) -> None:
        self._remap(None)

    def _remap(self, pressed: str | None) -> None:
        self.saved.remap(self.selected.id, pressed)
        self.post_message(KeysChanged())
        self._fill()

    def action_manual(self) -> None:
        self.app.push_screen(ManualScreen())

    def action_close(self) -> None:
        self.dismiss(None)


class PressKey(ModalScreen[str | None]):
    """Waits for one key and returns its name; None for escape."""

    def __init__(self, key: Key) -> None:
        super().__init__()
        self.key = key

    def compose(self) -> ComposeResult:
        yield Static(f"Press the new key for:\n{self.key.description}\n\nesc keeps the present key.", markup=False)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self.dismiss(None if event.key == "escape" else event.key)
