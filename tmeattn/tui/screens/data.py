"""The screen Data."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from tmeattn.tui.screens.room import Room


class DataScreen(Room):
    """Data."""

    mode = "data"

    def body(self) -> Iterable[Widget]:
        yield Static("Data")
