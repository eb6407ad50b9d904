"""The manual: a list of its topics, a search over their texts, and the page of the highlighted topic."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Markdown, OptionList, Static
from textual.widgets.option_list import Option

from tmeattn.docs import Topic, search, topics
from tmeattn.render.export.markup import markdown_text
from tmeattn.tui.widgets.scroll_pane import ScrollPane

HINT = "up, down choose a topic; enter scrolls its page; / searches; esc goes back"
FOUND_HINT = "enter: the next passage; backspace: the one before; /: search; esc: go back"
NO_TOPICS = "This installation has no manual pages."
FIRST = "tui"
"""The topic that is shown first: the screens of this application."""


class ManualScreen(ModalScreen[None]):
    """The pages of `tmeattn docs`, on the screen."""

    AUTO_FOCUS = "OptionList"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  # the base class declares an instance's
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q", "back", "Back"),
        Binding("slash", "search", "Search"),
        Binding("enter", "passage(1)", "Next passage"),
        Binding("backspace", "passage(-1)", "Passage before"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.topics: dict[str, Topic] = {}
        self._open: Topic | None = None
        self._words: list[str] = []
        self._passages: list[Static] = []
        self._at = 0

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
            self._list(dict.fromkeys(self.topics.values(), 0), FIRST)

    def _list(self, found: Mapping[Topic, int], first: str = "") -> None:
        """List topics, each with the number of its passages that were found, and show one of them."""
        options = self.query_one(OptionList)
        options.clear_options()
        titles = {
            topic: f"{number:3}  {topic.title}" if self._words else topic.title for topic, number in found.items()
        }
        options.add_options([Option(title, id=topic.name) for topic, title in titles.items()])
        if found:
            names = [topic.name for topic in found]
            options.highlighted = names.index(first) if first in names else 0
        else:
            self._show(None)

    @work(exclusive=True, group="show")
    async def _show(self, topic: Topic | None) -> None:
        """Show a page at its first passage that was found. None shows why there is no page."""
        if topic is None or topic is not self._open:
            text = topic.without_pictures if topic else self._no_page()
            await self.query_one(Markdown).update(text)
            self._open = topic
        self._mark()
        self.query_one("#page").scroll_home(animate=False)
        if self._passages:
            self.call_after_refresh(self._go_to, 0)

    def _no_page(self) -> str:
        if not self.topics:
            return NO_TOPICS
        return f"No page of the manual has “{markdown_text(' '.join(self._words))}”."

    def _mark(self) -> None:
        """Mark the passages of the page with all searched words, or else those with one of them."""
        texts = {part: str(part.content).casefold() for part in self.query_one(Markdown).query(Static) if part.content}
        found = [part for part, text in texts.items() if self._words and all(word in text for word in self._words)]
        self._passages = found or [part for part, text in texts.items() if any(word in text for word in self._words)]
        for part in texts:
            part.set_class(part in self._passages, "found")
        self.query_one("#hint", Static).update(FOUND_HINT if self._passages else HINT)

    def _go_to(self, at: int) -> None:
        if self._passages:
            self._at = at % len(self._passages)
            self.query_one("#page").scroll_to_widget(self._passages[self._at], animate=False, top=True)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the page, unless the list has changed since the message was sent."""
        topic, now = self.topics.get(event.option_id or ""), event.option_list.highlighted_option
        if topic is not None and now is not None and now.id == topic.name:
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
            self._list(dict.fromkeys(self.topics.values(), 0))
            options.highlighted = options.get_option_index(name)
        elif event.href.startswith(("https://", "http://")):
            self.app.open_url(event.href)

    def on_input_changed(self, event: Input.Changed) -> None:
        """List the topics with all words, each with the number of its sentences and lines that have them."""
        self._words = event.value.casefold().split()
        pages = [topic for topic in self.topics.values() if self._has_words(topic)]
        self._list({topic: self._count(topic) for topic in pages}, "" if self._words else FIRST)

    def _has_words(self, topic: Topic) -> bool:
        text = f"{topic.title} {topic.text}".casefold()
        return all(word in text for word in self._words)

    def _count(self, topic: Topic) -> int:
        lines = [match.line.casefold() for match in search(self._words[0], [topic])] if self._words else []
        return sum(all(word in line for word in self._words) for line in lines)

    def on_input_submitted(self) -> None:
        """Read the first page at its first passage."""
        self.query_one("#page" if self._passages else OptionList).focus()

    def action_passage(self, by: int) -> None:
        self._go_to(self._at + by)

    def action_search(self) -> None:
        self.query_one(Input).focus()

    def action_back(self) -> None:
        """From the search field or the page to the list, from the list to the screen before."""
        options = self.query_one(OptionList)
        if options.has_focus:
            self.dismiss(None)
        else:
            options.focus()
