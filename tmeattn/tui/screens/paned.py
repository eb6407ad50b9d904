"""The base of screens with several panes: all at once on a large terminal, or one, chosen by its tab or its key."""

from __future__ import annotations

from typing import ClassVar

from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.session import Session
from tmeattn.tui.widgets.tab_line import Tab, TabLine

ALL_PANES = (110, 36)
"""Columns and lines from which on all panes are shown at once."""


class PanedScreen(BaseScreen):
    """Subclasses set `PANES`, yield `tabs` in their body and show what is chosen in `_open_pane`.

    PANES: the panes by their ids, each with the name of its tab.
    pane:  the pane that is shown where not all are.
    alone: whether the user has chosen it, so that it is shown without the others even if there is room for all.
    """

    PANES: ClassVar[dict[str, str]] = {}
    AUTO_FOCUS = ""

    def __init__(self, session: Session, pane: str) -> None:
        super().__init__(session)
        self.pane = pane
        self.alone = False

    @property
    def tabs(self) -> TabLine:
        """A new line of the tabs."""
        return TabLine(
            [Tab(pane, name, f"screen.pane('{pane}')") for pane, name in self.PANES.items()], self.pane, id="tabs"
        )

    @property
    def _has_room(self) -> bool:
        """Whether all panes are shown at once: they have room, and the user has chosen no pane."""
        columns, lines = ALL_PANES
        size = self.app.size
        return size.width >= columns and size.height >= lines and not self.alone

    def _open_pane(self) -> None:
        """Show the chosen pane and give it the focus, so that its keys scroll it."""
        raise NotImplementedError

    def action_pane(self, pane: str) -> None:
        """Show one pane instead of all panes; the same key again shows all panes."""
        self.alone = not (self.alone and self.pane == pane)
        self.pane = pane
        self._open_pane()

    def action_next_pane(self, by: int) -> None:
        if self.has_class("-all"):
            self.focus_next() if by > 0 else self.focus_previous()
            return
        names = list(self.PANES)
        self.pane = names[(names.index(self.pane) + by) % len(names)]
        self._open_pane()
