"""What all full screens share: the bar on top, the keys below, and what stands between them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from tmeattn.tui.widgets.footer import KeyFooter
from tmeattn.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from tmeattn.tui.app import TmeattnApp


class BaseScreen(Screen[None]):
    """A screen of one mode. Subclasses set `mode` and give their widgets in `body`."""

    mode = "runs"
    _acted_on: object = None
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  # the base class calls it an instance's

    def compose(self) -> ComposeResult:
        yield TopBar(self.mode)
        yield from self.body()
        yield KeyFooter(show_command_palette=False)

    @property
    def tmeattn(self) -> TmeattnApp:
        """The app, with what the screens share."""
        return cast("TmeattnApp", self.app)

    def body(self) -> Iterable[Widget]:
        """Widgets between the bar and the footer."""
        return ()

    def tell_foot(self, state: object) -> None:
        """Draw the foot anew where what its keys act on is in another state."""
        if state != self._acted_on:
            self._acted_on = state
            self.refresh_bindings()

    def useful(self, action: str) -> bool:
        """Whether an action can do anything now; the foot leaves the key of one that cannot out."""
        return True
