"""The line at the top of every screen: a tab for each main screen, with its key; the tab of this one is marked."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from tmeattn.tui import keys

TABS = {"runs": "Runs", "explain": "Explain", "data": "Data", "models": "Models"}


class Tab(Static):
    """The tab of a main screen; a click opens that screen."""

    def __init__(self, mode: str, current: bool, remapped: Mapping[str, str]) -> None:
        super().__init__(classes="current" if current else "")
        self.mode, self.remapped = mode, remapped

    def render(self) -> Content:
        key = next(key for key in keys.KEYS if key.id == f"app.{self.mode}")
        shown = keys.display(keys.keys_of(key, self.remapped))
        return Content.assemble((shown, "dim"), " ", TABS[self.mode])

    async def on_click(self) -> None:
        await self.run_action(f"app.mode('{self.mode}')")


class TopBar(Horizontal):
    """The tabs of the main screens. mode: the screen whose tab is marked. remapped: the keys that the user changed."""

    def __init__(self, mode: str, remapped: Mapping[str, str]) -> None:
        super().__init__()
        self.mode, self.remapped = mode, remapped

    def compose(self) -> ComposeResult:
        yield Static("tmeattn", id="brand")
        for mode in TABS:
            yield Tab(mode, mode == self.mode, self.remapped)
