"""The choice of the columns of the list of runs; the list behind it changes with each choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from tmeattn.tui.widgets.run_cells import COLUMNS

HINT = "space: show or hide  ·  U: as many as fit  ·  esc: done"


class ChooseColumns(ModalScreen[None]):
    """chosen: the columns that are shown now. changed: called with the new choice; empty: as many as fit."""

    BINDINGS = [  # noqa: RUF012
        Binding("escape,q,C", "close", "Done"),
        Binding("space", "switch", "Show or hide", priority=True),
        Binding("U", "automatic", "As many as fit"),
    ]

    def __init__(self, chosen: Sequence[str], changed: Callable[[list[str]], None]) -> None:
        super().__init__()
        self.chosen, self.changed = {name for name in COLUMNS if name in chosen}, changed

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("Columns of the list of runs", id="question", markup=False)
            yield OptionList(*map(self._line, COLUMNS), markup=False)
            yield Static(HINT, id="hint", markup=False)

    def _line(self, name: str) -> str:
        """The line of a column, whose sign is readable without colour."""
        width = max(map(len, COLUMNS))
        return f"[{'x' if name in self.chosen else ' '}] {name.ljust(width)}  {COLUMNS[name]}"

    @on(OptionList.OptionSelected)
    def selected(self, event: OptionList.OptionSelected) -> None:
        self._switch(event.option_index)

    def action_switch(self) -> None:
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self._switch(at)

    def _switch(self, at: int) -> None:
        name = list(COLUMNS)[at]
        self.chosen ^= {name}
        self.query_one(OptionList).replace_option_prompt_at_index(at, self._line(name))
        self.changed([name for name in COLUMNS if name in self.chosen])

    def action_automatic(self) -> None:
        self.changed([])
        self.dismiss(None)

    def action_close(self) -> None:
        self.dismiss(None)
