"""The screen of a terminal that is too small for every other screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

LEAST_WIDTH, LEAST_HEIGHT = 60, 16
"""Columns and lines that the other screens need."""


class TooSmall(ModalScreen[None]):
    """The application closes it when the terminal is large enough again."""

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)

    def on_resize(self) -> None:
        width, height = self.app.size
        self.query_one(Static).update(
            f"The terminal is {width} x {height}.\ntmeattn needs {LEAST_WIDTH} x {LEAST_HEIGHT}:\nmake it larger."
        )
