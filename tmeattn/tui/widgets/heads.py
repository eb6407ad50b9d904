"""All heads of an attention map in small, one of which is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from tmeattn.render.head_overview import OverviewView, small_columns
from tmeattn.tui.themes import heat_colours, shows_heat_on
from tmeattn.tui.widgets.picture import Picture

if TYPE_CHECKING:
    from tmeattn.explain.attention_map import HeadOverview

Chosen = tuple[int, int]
"""A layer and a head, counted from 1."""


class Heads(Picture, can_focus=True, inherit_bindings=False):
    """The maps; the keys of the screen choose one."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def show_heads(self, overview: HeadOverview, chosen: Chosen) -> None:
        """Show the maps with the chosen one marked, and scroll to it."""
        colour = shows_heat_on(self.app)
        self.show(OverviewView(overview, chosen, heat_colours(self.app.theme), colour))
        heads = overview.heads
        at = next((at for at, one in enumerate(heads) if (one.layer, one.head) == chosen), 0)
        lines = 2 + len(heads[0].cells_BB) // 2 + len(heads[0].cells_BB) % 2
        top = 2 + at // self._across(overview) * lines
        if not self.scroll_offset.y <= top <= self.scroll_offset.y + self.size.height - lines:
            self.scroll_to(y=max(0, top - 2), animate=False)

    def beside(self, overview: HeadOverview, chosen: Chosen, rows: int, columns: int) -> Chosen:
        """The head so many rows below and columns to the right of the chosen one, or the first or last one."""
        places = [(one.layer, one.head) for one in overview.heads]
        at = places.index(chosen) + columns + rows * self._across(overview)
        return places[max(0, min(at, len(places) - 1))]

    def _across(self, overview: HeadOverview) -> int:
        return small_columns(overview.heads, max(1, self.size.width))
