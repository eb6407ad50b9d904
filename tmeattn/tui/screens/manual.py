"""The manual: a list of its topics, a search over their texts, and the page of the highlighted topic."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Markdown, OptionList, Static
from textual.widgets.option_list import Option

from tmeattn.docs import Topic, topics
from tmeattn.tui.widgets.scroll_pane import ScrollPane

HINT = "up, down choose a topic; enter scrolls its page; / searches; esc goes back"
NO_TOPICS = "This installation has no manual pages."
NO_MATCH = "No topic has these words."


class ManualScreen(ModalScreen[None]):
    """The pages of `tmeattn docs`, on the screen."""

    AUTO_FOCUS = "OptionList"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  # the base class declares an instance's
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q", "back", "Back"),
        Binding("slash", "search", "Search"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.topics: dict[str, Topic] = {}
        self._open: Topic | None = None

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Manual"
            yield Input(placeholder="search the manual", id="search", compact=True)
            with Horizontal(id="body"):
                yield OptionList(markup=False)
                with ScrollPane(id="page"):
                    yield Markdown(open_links=False)
            yield Static(HINT, id="hint", markup=False)

    def on_mount(self) -> None:
        self._load()

    @work(exclusive=True, group="load")
    async def _load(self) -> None:
        self.topics = {topic.name: topic for topic in await asyncio.to_thread(topics)}
        if self.query(OptionList):  # not if the application is closing
            self._list(list(self.topics.values()))

    def _list(self, found: list[Topic]) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(topic.title, id=topic.name) for topic in found])
        if found:
            options.highlighted = 0
        else:
            self._show(None)

    @work(exclusive=True, group="show")
    async def _show(self, topic: Topic | None) -> None:
        """Show a page. None shows why there is no page."""
        if topic is not None and topic is self._open:
            return
        self._open = topic
        text = topic.without_pictures if topic else NO_MATCH if self.topics else NO_TOPICS
        await self.query_one(Markdown).update(text)
        self.query_one("#page").scroll_home(animate=False)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        topic = self.topics.get(event.option_id or "")
        if topic is not None:
            self._show(topic)

    def on_option_list_option_selected(self) -> None:
        self.query_one("#page").focus()

    @on(Markdown.LinkClicked)
    def open_link(self, event: Markdown.LinkClicked) -> None:
        """Open another page of the manual, or else a web page in the browser."""
        name = event.href.partition("#")[0].removesuffix(".md")
        options = self.query_one(OptionList)
        if name in self.topics:
            self.query_one(Input).value = ""
            self._list(list(self.topics.values()))
            options.highlighted = options.get_option_index(name)
        elif event.href.startswith(("https://", "http://")):
            self.app.open_url(event.href)

    def on_input_changed(self, event: Input.Changed) -> None:
        words = event.value.lower().split()
        texts = {topic: f"{topic.title} {topic.text}".lower() for topic in self.topics.values()}
        self._list([topic for topic, text in texts.items() if all(word in text for word in words)])

    def on_input_submitted(self) -> None:
        self.query_one(OptionList).focus()

    def action_search(self) -> None:
        self.query_one(Input).focus()

    def action_back(self) -> None:
        """From the search field or the page to the list, from the list to the screen before."""
        options = self.query_one(OptionList)
        if options.has_focus:
            self.dismiss(None)
        else:
            options.focus()
