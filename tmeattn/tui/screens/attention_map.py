"""The attention map of a text: which word reads which, by layer and head."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from tmeattn.errors import TmeattnError
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.render.attention_map import row_lines
from tmeattn.render.console import safe
from tmeattn.render.map_cells import map_legend
from tmeattn.tui import keys
from tmeattn.tui.messages import OpenExplain
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.themes import heat_colours, shows_heat_on
from tmeattn.tui.widgets.cell_grid import CellGrid
from tmeattn.tui.widgets.heads import Heads
from tmeattn.tui.widgets.heatmap import HeatmapView
from tmeattn.tui.widgets.map_view import MapView
from tmeattn.tui.wording import attention_map as wording

if TYPE_CHECKING:
    from tmeattn.explain.attention_map import AttentionMap, HeadOverview
    from tmeattn.runs.directory import RunDirectory
    from tmeattn.tui.session import Session

KEPT = 12
"""Maps of layers and heads kept in memory."""
PATIENCE = 0.5
"""Seconds after which the screen says that it waits."""
Place = tuple[int | None, int | None]
"""A layer and a head, counted from 1; None is the mean over all."""


class AttentionMapScreen(BaseScreen):
    """The map, the distribution of the row at the cursor, and the text coloured by this row; or all heads in small.

    text: None takes a validation text of the run's dataset.
    """

    mode: ClassVar[str] = "explain"
    place = "map"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("map")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (36, "-tall")]  # noqa: RUF012  # the base class declares an instance's
    AUTO_FOCUS = "MapView"

    def __init__(
        self,
        session: Session,
        run: RunDirectory,
        text: str | None = None,
        *,
        true_label: str | None = None,
        at: Place = (None, None),
    ) -> None:
        super().__init__(session)
        self.run = run
        self.text, self.true_label = text, true_label
        self.at = at
        self.map: AttentionMap | None = None
        self.overview: HeadOverview | None = None
        self._maps: OrderedDict[Place, AttentionMap] = OrderedDict()
        self._before: Place | None = None

    def body(self) -> Iterable[Widget]:
        yield Static("", id="about", markup=False)
        view, text = MapView(id="map"), HeatmapView(id="text")
        with Horizontal(id="body"):
            yield view
            with Vertical(id="beside"):
                yield Static("", id="row", markup=False)
                yield Static("", id="weights", markup=False)
                yield text
        yield Heads()
        yield Static("", id="message", markup=False)
        yield Static("", id="cell", markup=False)

    def on_mount(self) -> None:
        self.query_one(Heads).display = False
        self._load()

    @property
    def view(self) -> MapView:
        return self.query_one("#map", MapView)

    @property
    def small(self) -> bool:
        """Whether all heads are shown in small."""
        return bool(self.query_one(Heads).display)

    # ---- computing

    @work(exclusive=True, group="map")
    async def _load(self) -> None:
        """Compute the map of the present layer and head, on the thread of the reader."""
        timer = self.set_timer(PATIENCE, lambda: self._say("computing the map …"))
        try:
            if self.text is None:
                self.text, self.true_label = await self.session.reader.own_text(self.run)
            shown = self._maps.get(self.at) or await self.session.reader.attention_map(self.run, self._request())
        except TmeattnError as error:
            if not self._is_closed():
                self._fail(error)
            return
        finally:
            timer.stop()
        if self._is_closed():
            return
        self._maps[self.at] = shown
        while len(self._maps) > KEPT:
            self._maps.popitem(last=False)
        first, self.map = self.map is None, shown
        self.remove_class("-failed")
        self.view.show(shown)
        if first:
            self._choose_strongest()
        self._tell()
        if self.small:
            self._draw_overview()
        self.refresh_footer((bool(shown.heads), self.small))

    def _request(self) -> ExplainRequest:
        layer, head = self.at
        return ExplainRequest(self.text or "", true_label=self.true_label, layer=layer, head=head)

    def _fail(self, error: TmeattnError) -> None:
        if self.map is not None:
            self._say(str(error))
            return
        self.add_class("-failed")
        self.query_one("#message", Static).update(safe(str(error)))

    def _choose_strongest(self) -> None:
        """Put the cursor at the largest weight."""
        if self.map is not None and (pairs := self.map.strongest(1)):
            self.view.go_to(pairs[0].row, pairs[0].column)

    # ---- drawing

    def _say(self, what: str) -> None:
        if not self._is_closed():
            self.query_one("#cell", Static).update(safe(what), layout=False)

    def _tell(self) -> None:
        if self.map is not None:
            self.query_one("#about", Static).update(wording.about(self.map), layout=False)

    @on(CellGrid.Moved)
    def draw_row(self) -> None:
        """Show the distribution of the row at the cursor, and colour the text by it."""
        shown, view = self.map, self.view
        if shown is None or self.small:
            return
        colour = shows_heat_on(self.app)
        colours = heat_colours(self.app.theme)
        row = self.query_one("#row", Static)
        row.update(wording.row_title(shown, view.row, row.size.width), layout=False)
        weights = self.query_one("#weights", Static)
        if weights.size.height:
            lines = row_lines(
                *(shown, view.row, view.column, weights.size.width, weights.size.height), colour=colour, colours=colours
            )
            weights.update(Text("\n").join(lines), layout=False)
        text = self.query_one("#text", HeatmapView)
        explanation = shown.row_explanation(view.row)
        with text.prevent(HeatmapView.At):
            text.show(shown.explanation.text, explanation)
            if not shown.pools and view.row >= shown.prefix:
                text.go_to(shown.explanation.words[view.row - shown.prefix].start)
        cell = wording.cell(shown, view.row, view.column)
        words = f"; a cell is {view.block} words" if view.block > 1 else "; numbers in %" if view.has_numbers else ""
        line = self.query_one("#cell", Static)
        room = line.size.width - cell.append("   ").cell_len - len(words)
        cell.append_text(map_legend(view.scale, colour, colours, room)).append(words, "dim")
        line.update(cell, layout=False)

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw_again)

    def _draw_again(self) -> None:
        if self._is_closed():
            return
        if self.small:
            self._draw_overview()
        else:
            self.draw_row()

    @on(HeatmapView.At)
    def follow_text(self, event: HeatmapView.At) -> None:
        """A click on a word of the text chooses its row."""
        text = event.heatmap
        if self.map is not None and not self.map.pools and event.item is text.item and event.item is not None:
            starts = [word.start for word in self.map.explanation.words]
            if event.item.start in starts:
                self.view.go_to(self.map.prefix + starts.index(event.item.start))

    # ---- all heads in small

    def action_heads(self) -> None:
        """Show all heads in small, or the map again."""
        if self.map is None:
            return
        if not self.map.heads:
            self._say(
                f"The model {self.map.explanation.model} pools by attention: it has one row of weights, no heads."
            )
            return
        small = not self.small
        self._before = self.at if small else None
        self.query_one(Heads).display = small
        self.query_one("#body").display = not small
        if small:
            if self.at[0] is None or self.at[1] is None:
                self._put(self.at[0] or 1, self.at[1] or 1)
            self.query_one(Heads).focus()
            self._load_overview()
        else:
            self.view.focus()
            self._load()
        self.refresh_footer((True, small))

    @work(exclusive=True, group="overview")
    async def _load_overview(self) -> None:
        if self.overview is None:
            try:
                self.overview = await self.session.reader.head_overview(self.run, self._request())
            except TmeattnError as error:
                self._say(str(error))
                return
        if not self._is_closed():
            self._draw_overview()

    def _draw_overview(self) -> None:
        if self.overview is None:
            return
        layer, head = self.at
        chosen = (layer or 1, head or 1)
        self.query_one(Heads).show_heads(self.overview, chosen)
        self._say(wording.head_line(self.overview, *chosen))

    # ---- keys

    def _put(self, layer: int | None, head: int | None) -> None:
        self.at = layer, head

    def is_applicable(self, action: str) -> bool:
        if self.map is None and action.startswith(("zoom", "heads", "export")):
            return False
        several = self.map is not None and (len(self.map.heads) > 1 or max(self.map.heads, default=1) > 1)
        if action.startswith(("layer", "head")):
            return several
        return not self.small or not action.startswith("zoom")

    def action_layer(self, by: int) -> None:
        """Go to the next layer; before the first one is the mean over all."""
        if self.map is None or not self.map.heads:
            self._say("The model has no layers of self-attention.")
            return
        layer = self._stepped(self.at[0], by, len(self.map.heads))
        most = min(self.map.heads) if layer is None else self.map.heads[layer - 1]
        head = self.at[1]
        self._go(layer, None if head is not None and head > most else head)

    def action_head(self, by: int) -> None:
        """Go to the next head; before the first one is the mean over all."""
        if self.map is None or not self.map.heads:
            self._say("The model has no heads of self-attention.")
            return
        layer = self.at[0]
        most = min(self.map.heads) if layer is None else self.map.heads[layer - 1]
        self._go(layer, self._stepped(self.at[1], by, most))

    def _stepped(self, number: int | None, by: int, most: int) -> int | None:
        """The number after `by` steps through the mean and 1 to `most`; without the mean among heads in small."""
        if self.small:
            return ((number or 1) - 1 + by) % most + 1
        return ((number or 0) + by) % (most + 1) or None

    def _go(self, layer: int | None, head: int | None) -> None:
        self._put(layer, head)
        if self.small:
            self._draw_overview()
        else:
            self._load()

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cursor of the map, or the choice among the heads in small."""
        if not self.small or self.overview is None:
            self.view.move(rows, columns)
            return
        chosen = (self.at[0] or 1, self.at[1] or 1)
        self._put(*self.query_one(Heads).beside(self.overview, chosen, rows, columns))
        self._draw_overview()

    def action_page(self, by: int) -> None:
        if self.small:
            self.query_one(Heads).scroll_page_down() if by > 0 else self.query_one(Heads).scroll_page_up()
        else:
            self.view.page(by)

    def action_jump(self, end: int) -> None:
        self.view.jump(end)

    def action_zoom(self, by: int) -> None:
        self.view.zoom(by)

    def action_zoom_reset(self) -> None:
        self.view.zoom_reset()

    def action_open(self) -> None:
        """Open the chosen head of the heads in small."""
        if self.small:
            self.action_heads()

    def action_explain(self) -> None:
        """Explain the text."""
        if self.text is not None:
            self.post_message(OpenExplain(self.text, run=self.run, true_label=self.true_label))

    def action_export(self) -> None:
        """Export the map to a file. Its slow import happens here."""
        if self.map is None:
            self._say("There is no map to export yet.")
            return
        from tmeattn.render.export.attention_map import FORMATS, write
        from tmeattn.tui.screens.export_dialog import export_as

        shown, overview = self.map, self.overview
        export_as(self, "the attention map", "attention.html", FORMATS, lambda path: write(shown, path, overview))

    def action_back(self) -> None:
        if self.small and self._before is not None:
            self._put(*self._before)  # as it was; enter opens the chosen head
            self.action_heads()
        else:
            super().action_back()
