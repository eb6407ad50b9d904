"""The line at the top of every screen: a tab for each main screen, with its key; the tab of this one is marked."""

from __future__ import annotations

from collections.abc import Mapping

from tmeattn.tui import keys
from tmeattn.tui.key_table import KEYS
from tmeattn.tui.widgets.tab_line import Tab, TabLine

TABS = {"runs": "Runs", "explain": "Explain", "data": "Data", "models": "Models"}


class TopBar(TabLine):
    """The tabs of the main screens. mode: the screen whose tab is marked. remapped: the keys that the user changed."""

    def __init__(self, mode: str, remapped: Mapping[str, str]) -> None:
        super().__init__([Tab("brand", "tmeattn"), *(_tab(name, remapped) for name in TABS)], mode)


def _tab(mode: str, remapped: Mapping[str, str]) -> Tab:
    key = next(key for key in KEYS if key.id == f"app.{mode}")
    shown = keys.display(keys.keys_of(key, remapped))
    return Tab(mode, f"{shown} {TABS[mode]}", f"app.mode('{mode}')", dimmed=len(shown))
