"""Dialogs: a confirmation, and a question for one line of text."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from tmeattn.errors import TmeattnError


class Confirm(ModalScreen[bool]):
    """A confirmation before an action that cannot be undone. The result is False unless the user chooses the action.

    action: the verb on the button that confirms.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(self, question: str, action: str) -> None:
        super().__init__()
        self.question, self.confirm_label = question, action

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self.question, id="question", markup=False)
            with Horizontal():
                yield Button("Cancel (n)", id="no")
                yield Button(f"{self.confirm_label} (y)", id="yes", variant="error")

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)


HINT = "enter: done  ·  esc: cancel"


class AskText(ModalScreen[str | None]):
    """An input of one line of text; the result is None if the user cancels.

    check: raises a `TmeattnError` for a text that cannot be used; its message is shown while the user types.
    hint:  the keys, or what else helps, below the field.
    """

    BINDINGS = [Binding("escape", "cancel", "Cancel")]  # noqa: RUF012

    def __init__(self, question: str, value: str, check: Callable[[str], None], hint: str = HINT) -> None:
        super().__init__()
        self.question, self.value, self.check, self.hint = question, value, check, hint

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self.question, id="question", markup=False)
            yield Input(self.value)
            yield Static("", id="problem", markup=False)
            yield Static(self.hint, id="hint", markup=False)

    def _problem(self, value: str) -> str:
        """Why the text cannot be used; empty where it can."""
        try:
            self.check(value.strip())
        except TmeattnError as error:
            return str(error)
        return ""

    @on(Input.Changed)
    def changed(self, event: Input.Changed) -> None:
        self.query_one("#problem", Static).update(self._problem(event.value))

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        if not self._problem(event.value):
            self.dismiss(event.value.strip())

    def action_cancel(self) -> None:
        self.dismiss(None)
