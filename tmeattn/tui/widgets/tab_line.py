"""One line of tabs as one widget: a click on a tab chooses it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.widget import Widget


@dataclass(frozen=True)
class Tab:
    """A tab: its text, with a space on both sides, and the action that a click on it runs. Empty: a click does nothing.

    dimmed: the first characters that are dim.
    """

    name: str
    text: str
    action: str = ""
    dimmed: int = 0

    @property
    def width(self) -> int:
        return Text(self.text).cell_len + 2


class TabLine(Widget):
    """The tabs; that named `current` is marked. Styled by `tabs--name`, `tabs--current` and `tabs--hover`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"tabs--name", "tabs--current", "tabs--hover"}
    ALLOW_SELECT = False

    def __init__(self, tabs: Sequence[Tab], current: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.tabs = tabs
        self.current = current
        self._hovered: Tab | None = None

    def choose(self, current: str) -> None:
        """Mark another tab."""
        if current != self.current:
            self.current = current
            self.refresh()

    def render(self) -> Text:
        line = Text(no_wrap=True)
        for tab in self.tabs:
            style = self._style(tab)
            line.append(" ", style)
            line.append(tab.text[: tab.dimmed], style + Style(dim=True))
            line.append(f"{tab.text[tab.dimmed :]} ", style)
        return line

    def _style(self, tab: Tab) -> Style:
        if tab.name == self.current:
            return self.get_component_rich_style("tabs--current")
        if not tab.action:
            return self.get_component_rich_style("tabs--name")
        return self.get_component_rich_style("tabs--hover") if tab is self._hovered else self.rich_style

    def start_of(self, name: str) -> int:
        """The column in which a tab begins."""
        at = [tab.name for tab in self.tabs].index(name)
        return sum(tab.width for tab in self.tabs[:at])

    def _tab_at(self, x: int) -> Tab | None:
        ends = accumulate(tab.width for tab in self.tabs)
        return next((tab for tab, end in zip(self.tabs, ends, strict=True) if x < end), None)

    async def on_click(self, event: events.Click) -> None:
        tab = self._tab_at(event.x)
        if tab is not None and tab.action:
            await self.run_action(tab.action)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._hover(self._tab_at(event.x))

    def on_leave(self) -> None:
        self._hover(None)

    def _hover(self, tab: Tab | None) -> None:
        if tab is not self._hovered:
            self._hovered = tab
            self.refresh()
