"""The Models screen: all registered models, methods, datasets, vectors, tokenizers and plugins, with the errors of
plugins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tmeattn.errors import TmeattnError
from tmeattn.plugin import Plugin
from tmeattn.registry import registry
from tmeattn.render.console import safe
from tmeattn.render.plugin_pages import ModelPage, PluginPage, SpecPage
from tmeattn.specs import DatasetSpec, ExplainerSpec, ModelSpec, Spec, TokenizerSpec, VectorsSpec
from tmeattn.tui import keys
from tmeattn.tui.messages import GoBack, OpenNewRun
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.session import Session
from tmeattn.tui.widgets.scroll_pane import ScrollPane


class EntryList(OptionList):
    """The list, whose key for opening the page is in the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Read")]


class ModelsScreen(BaseScreen):
    """A list of all specs and plugins, and the page of the highlighted one."""

    mode = place = "models"
    AUTO_FOCUS = "OptionList"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("models")]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.entries: dict[str, Spec | Plugin] = {}
        self.shown: Spec | Plugin | None = None

    def body(self) -> Iterable[Widget]:
        yield Horizontal(EntryList(*self._options(), markup=False), ScrollPane(Static(id="page"), id="pane"), id="body")

    def _options(self) -> Iterator[Option | None]:
        """The entries below their headings; plugins with errors come before the others."""
        groups: dict[str, Sequence[Spec]] = {
            "Models": registry().all(ModelSpec),
            "Methods": registry().all(ExplainerSpec),
            "Datasets": registry().all(DatasetSpec),
            "Vectors": registry().all(VectorsSpec),
            "Tokenizers": registry().all(TokenizerSpec),
        }
        for heading, specs in groups.items():
            yield Option(Text(heading, style="bold"), disabled=True)
            yield from (self._option(f"{heading}/{spec.name}", spec.name, spec) for spec in specs)
        yield Option(Text("Plugins", style="bold"), disabled=True)
        for index, plugin in enumerate(sorted(registry().plugins, key=lambda plugin: not plugin.problems)):
            mark = "✗ " if plugin.problems else ""
            yield self._option(f"Plugins/{index}", f"{mark}{plugin.distribution}", plugin)

    def _option(self, id_: str, name: str, entry: Spec | Plugin) -> Option:
        self.entries[id_] = entry
        return Option(Text(f"  {safe(name)}", no_wrap=True, overflow="ellipsis"), id=id_)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        entry = self.entries.get(event.option_id or "")
        if entry is not None and entry is not self.shown:
            self.query_one("#pane").scroll_home(animate=False)
            self._show(entry)

    def on_resize(self) -> None:
        if self.shown is not None:
            self.call_after_refresh(self._show, self.shown)

    @work(exclusive=True, group="page")
    async def _show(self, entry: Spec | Plugin) -> None:
        """Show the page of an entry; that of a model again when its parameters have been counted."""
        self.shown = entry
        if isinstance(entry, Plugin):
            self._put(PluginPage(entry))
        elif not isinstance(entry, ModelSpec):
            self._put(SpecPage(entry))
        elif self._put(ModelPage(entry, None, counted=False)):
            try:
                self._put(ModelPage(entry, await self.session.reader.count_parameters(entry)))
            except TmeattnError as error:
                self._show_error(error)

    def _put(self, page: RenderableType) -> bool:
        """Show a page. Where a part of a plugin cannot be rendered, show the error and return False; also where the
        application is closing and has removed the pane already."""
        if not (panes := self.query("#pane")):
            return False
        try:
            width = max(20, panes.first().scrollable_content_region.width)
            lines = list(self.app.console.render(page, self.app.console.options.update(width=width)))
        except TmeattnError as error:
            self._show_error(error)
            return False
        self.query_one("#page", Static).update(
            Text.assemble(*((part.text, part.style or "") for part in lines), end="")
        )
        return True

    def _show_error(self, error: TmeattnError) -> None:
        self.query_one("#page", Static).update(Text(safe(str(error)), style="bold"))

    def action_new(self) -> None:
        if isinstance(self.shown, ModelSpec):
            self.post_message(OpenNewRun(model=self.shown.name))
        else:
            self.notify("Only a model can be trained: choose a model in the list.", markup=False)

    def action_open(self) -> None:
        self.query_one("#pane").focus()

    def on_option_list_option_selected(self) -> None:
        self.action_open()

    def action_back(self) -> None:
        """From the page to the list, and from there to where the user came from."""
        options = self.query_one(OptionList)
        if options.has_focus or self.focused is None:
            self.post_message(GoBack())
        else:
            options.focus()
