"""The attention of all heads in small, one of them chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from tmeattn.render.attention_map import OverviewView, small_columns
from tmeattn.tui.themes import heat_colours, shows_heat_on
from tmeattn.tui.widgets.picture import Picture

if TYPE_CHECKING:
    from tmeattn.explain.attention_map import HeadOverview

Head = tuple[int, int]
"""A layer and a head, counted from 1."""


class HeadsView(Picture, can_focus=True, inherit_bindings=False):
    """All heads in small; the keys of the screen choose one.

    overview: what is shown; None before it has been computed.
    """

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self) -> None:
        super().__init__()
        self.overview: HeadOverview | None = None

    def show_heads(self, chosen: Head) -> None:
        """Draw the heads of `overview`, and scroll until the chosen one is visible."""
        if self.overview is None:
            return
        self.show(OverviewView(self.overview, chosen, heat_colours(self.app.theme), shows_heat_on(self.app)))
        heads = self.overview.heads
        at = next((at for at, one in enumerate(heads) if (one.layer, one.head) == chosen), 0)
        lines = 2 + len(heads[0].cells_BB) // 2 + len(heads[0].cells_BB) % 2
        top = 2 + at // small_columns(heads, max(1, self.columns)) * lines
        if not self.scroll_offset.y <= top <= self.scroll_offset.y + self.size.height - lines:
            self.scroll_to(y=max(0, top - 2), animate=False)

    def beside(self, chosen: Head, rows: int, columns: int) -> Head:
        """The head so many rows and columns away, or the first or the last one."""
        if self.overview is None:
            return chosen
        places = [(one.layer, one.head) for one in self.overview.heads]
        at = places.index(chosen) + columns + rows * small_columns(self.overview.heads, max(1, self.columns))
        return places[max(0, min(at, len(places) - 1))]
