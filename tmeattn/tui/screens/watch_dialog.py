"""The choice of the texts of the watch list: a field for a new text, and those that the user has added."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from tmeattn.errors import TmeattnError
from tmeattn.plurals import counted
from tmeattn.render.console import safe_line
from tmeattn.runs import watched_texts
from tmeattn.runs.watched_texts import MOST_TEXTS
from tmeattn.tui.wording import runs as run_wording
from tmeattn.watching.run_state import RunState

ABOUT = (
    "Type a text and press enter: the training process measures it from its next ten steps on. In Data, w puts the "
    "selected text on the list. The validation texts below yours stay on it."
)


class WatchDialog(ModalScreen[bool]):
    """Add and remove texts of one run. The result is whether something was changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("delete", "remove", "Remove"),
    ]

    def __init__(self, run_state: RunState) -> None:
        super().__init__()
        self.run_state, self.run = run_state, run_state.run
        self.changed = False
        self._texts: list[str] = []

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("Watch list", id="question", markup=False)
            yield Static(ABOUT, id="about", markup=False)
            yield Input(placeholder="A text to watch")
            yield OptionList(markup=False)
            yield Static("", id="problem", markup=False)

    def on_mount(self) -> None:
        self._list()
        self.query_one(Input).focus()

    def _list(self) -> None:
        problem = ""
        try:
            self._texts = [each["text"] for each in watched_texts.added_texts(self.run)]
        except TmeattnError as error:
            self._texts, problem = [], str(error)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([safe_line(text) for text in self._texts])
        options.display = bool(self._texts)
        options.highlighted = 0 if self._texts else None
        if self._texts:
            self._tell(f"{counted(len(self._texts), 'text')} of {MOST_TEXTS}. enter: add, del: remove, esc: close.")
        else:
            self._tell(problem or "No text of yours is on the list. enter: add, esc: close.")

    def _tell(self, line: str) -> None:
        self.query_one("#problem", Static).update(line)

    @on(Input.Submitted)
    def add(self, event: Input.Submitted) -> None:
        """Put the text on the list."""
        if not event.value.strip():
            self.dismiss(self.changed)
            return
        if not run_wording.watchable(self.run_state):
            self._tell(run_wording.NOT_WATCHED)
            return
        try:
            watched_texts.add(self.run, event.value)
        except TmeattnError as error:
            self._tell(str(error))
            return
        self.changed = True
        event.input.value = ""
        self._list()

    def action_remove(self) -> None:
        """Take the highlighted text off the list."""
        at = self.query_one(OptionList).highlighted
        if at is None:
            return
        try:
            watched_texts.remove(self.run, self._texts[at])
        except TmeattnError as error:
            self._tell(str(error))
            return
        self.changed = True
        self._list()
        if not self._texts:
            self.query_one(Input).focus()

    def action_close(self) -> None:
        """Go back to the run."""
        self.dismiss(self.changed)
