"""The home screen: all runs."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from tmeattn.tui.screens.room import Room


class RunsScreen(Room):
    """All runs, the newest first."""

    mode = "runs"

    def body(self) -> Iterable[Widget]:
        yield Static("Runs")
