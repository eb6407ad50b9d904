"""The choice of the columns of the list of runs; the list behind it changes with each choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import SelectionList, Static
from textual.widgets.selection_list import Selection

from tmeattn.tui.widgets.run_table import COLUMNS

HINT = "space: show or hide  ·  U: as many as fit  ·  esc: done"


class ChooseColumns(ModalScreen[None]):
    """chosen: the columns that are shown now. changed: called with the new choice; empty: as many as fit."""

    BINDINGS = [  # noqa: RUF012
        Binding("escape,q,C", "close", "Done"),
        Binding("U", "automatic", "As many as fit"),
    ]

    def __init__(self, chosen: Sequence[str], changed: Callable[[list[str]], None]) -> None:
        super().__init__()
        self.chosen, self.changed = list(chosen), changed

    def compose(self) -> ComposeResult:
        width = max(map(len, COLUMNS))
        with Vertical():
            yield Static("Columns of the list of runs", id="question", markup=False)
            yield SelectionList[str](
                *(
                    Selection(f"{name.ljust(width)}  {about}", name, name in self.chosen)
                    for name, about in COLUMNS.items()
                )
            )
            yield Static(HINT, id="hint", markup=False)

    @on(SelectionList.SelectedChanged)
    def choose(self, event: SelectionList.SelectedChanged[str]) -> None:
        self.changed([name for name in COLUMNS if name in event.selection_list.selected])

    def action_automatic(self) -> None:
        self.changed([])
        self.dismiss(None)

    def action_close(self) -> None:
        self.dismiss(None)
