"""What is said while the terminal is too small for anything else."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

LEAST_WIDTH, LEAST_HEIGHT = 60, 16


class TooSmall(ModalScreen[None]):
    """Leaves by itself when the terminal grows."""

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)

    def on_resize(self) -> None:
        width, height = self.app.size
        self.query_one(Static).update(
            f"The terminal is {width} x {height}.\ntmeattn needs {LEAST_WIDTH} x {LEAST_HEIGHT}:\nmake it larger."
        )
