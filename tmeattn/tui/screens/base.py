"""The base of all full screens: the bar at the top, the body, the keys at the bottom, and the session they share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from tmeattn.tui.messages import GoBack
from tmeattn.tui.session import Session
from tmeattn.tui.widgets.footer import KeyFooter
from tmeattn.tui.widgets.top_bar import TopBar


class BaseScreen(Screen[None]):
    """Subclasses set `mode` and `place` and return their widgets from `body`.

    mode:        the tab of the top bar that the screen belongs to.
    place:       where its keys hold, a key of `key_table.PLACES`.
    is_form:     whether it is filled in, so that no single letter quits.
    opened_from: the tab to which escape leads back, where that is another one than that of the screen below.
    """

    mode: ClassVar[str] = "runs"
    place: ClassVar[str] = "runs"
    is_form: ClassVar[bool] = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  # the base class declares an instance's

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.opened_from: str | None = None
        self._footer_state: object = None

    def compose(self) -> ComposeResult:
        self._fit_classes(self.app.size)
        yield TopBar(self.mode, self.session.saved.keys)
        yield from self.body()
        yield KeyFooter(self.is_applicable)

    def _fit_classes(self, size: Size) -> None:
        """Set the classes of the screen's size before its widgets exist: they would all be styled again after that."""
        across, down = self.HORIZONTAL_BREAKPOINTS or (), self.VERTICAL_BREAKPOINTS or ()
        for extent, breakpoints in ((size.width, across), (size.height, down)):
            fitting = [name for least, name in breakpoints if least <= extent]
            self.update_classes({name: name in fitting[-1:] for _, name in breakpoints}, update=False)

    def body(self) -> Iterable[Widget]:
        """The widgets between the bar and the footer."""
        return ()

    def refresh_footer(self, state: object) -> None:
        """Draw the footer again where `state`, which decides what its keys can do, has changed."""
        if state != self._footer_state:
            self._footer_state = state
            self.refresh_bindings()

    def is_applicable(self, action: str) -> bool:
        """Whether an action can do anything now; the footer leaves out the keys of the others."""
        return True

    def action_back(self) -> None:
        self.post_message(GoBack())

    def _is_closed(self) -> bool:
        """Whether the screen was removed during an await: its widgets do not exist any more."""
        return not self.query(KeyFooter)
