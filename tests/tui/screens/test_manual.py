"""The manual on the screen: opened from the help, read, searched and left by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from support.scripted_reader import seen
from support.waiting import until
from textual.pilot import Pilot
from textual.widgets import Input, Markdown, OptionList

from tmeattn.docs import Topic
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.screens import manual
from tmeattn.tui.screens.help import HelpScreen
from tmeattn.tui.screens.manual import ManualScreen
from tmeattn.tui.services.saved_state import SavedState

PAGES = [
    Topic("models", "Models", "# Models\n\nAn LSTM reads the words in order.\n\n" + "A line.\n\n" * 60),
    Topic("data", "Data", "# Data\n\nA dataset has a training split. See [the models](models.md).\n"),
]


@pytest.fixture(autouse=True)
def pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manual, "topics", lambda: PAGES)


@asynccontextmanager
async def opened(size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Any, Pilot[None]]]:
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=size) as pilot:
        await pilot.press("f1", "f1")
        assert await seen(pilot, "An LSTM reads")
        assert isinstance(app.screen, ManualScreen)
        yield app.screen, pilot


def listed(screen: Any) -> list[str]:
    options = screen.query_one(OptionList)
    return [str(options.get_option_at_index(at).prompt) for at in range(options.option_count)]


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_help_opens_it_and_escape_leads_back(size) -> None:
    async with opened(size) as (screen, pilot):
        assert listed(screen) == ["Models", "Data"]
        await pilot.press("down")
        assert await seen(pilot, "A dataset has a training split")
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, HelpScreen)


async def test_a_page_scrolls_by_keys() -> None:
    async with opened() as (screen, pilot):
        await pilot.press("enter", "pagedown")
        await pilot.pause()
        assert screen.query_one("#page").scroll_offset.y > 0
        await pilot.press("escape")
        assert isinstance(pilot.app.focused, OptionList)


async def test_search_lists_the_topics_with_all_words() -> None:
    async with opened() as (screen, pilot):
        await pilot.press("slash", *"training split")
        await pilot.pause()
        assert listed(screen) == ["  1  Data"]
        assert await seen(pilot, "A dataset has")
        await pilot.press(*"xyzzy")
        assert await seen(pilot, "No page of the manual has “training splitxyzzy”.")
        screen.query_one(Input).value = ""
        await pilot.pause()
        assert listed(screen) == ["Models", "Data"]


async def test_searched_words_are_shown_as_typed() -> None:
    async with opened() as (screen, pilot):
        await pilot.press("slash")
        screen.query_one(Input).value = "[x](y) _a_ `b` *c* <d> &amp; ~~e~~ #f"
        assert await seen(pilot, "No page of the manual has “[x](y) _a_ `b` *c* <d> &amp; ~~e~~ #f”.")


async def test_a_search_leads_to_the_passages_of_the_page() -> None:
    async with opened() as (screen, pilot):
        await pilot.press("slash", *"line", "enter")
        await until(pilot, lambda: screen.query(".found"))
        assert listed(screen) == [" 60  Models"]
        page = screen.query_one("#page")
        assert page.has_focus
        assert screen.query_one("#hint").content == manual.FOUND_HINT
        first = page.scroll_offset.y
        await pilot.press("enter", "enter", "enter")
        await until(pilot, lambda: page.scroll_offset.y > first)
        there = page.scroll_offset.y
        await pilot.press("backspace")
        await until(pilot, lambda: first < page.scroll_offset.y < there)


async def test_a_page_that_is_shown_late_does_not_hide_that_there_is_none() -> None:
    async with opened() as (screen, pilot):
        options = screen.query_one(OptionList)
        late = OptionList.OptionHighlighted(options, options.get_option("data"), 1)
        await pilot.press("slash", *"xyzzy")
        assert await seen(pilot, "No page of the manual has")
        options.post_message(late)
        await pilot.pause()
        await pilot.pause(0.1)
        assert await seen(pilot, "No page of the manual has")


async def test_it_opens_at_the_page_about_the_screens(monkeypatch) -> None:
    screens = Topic("tui", "Screens", "# Screens\n\nKeys of the screens.\n")
    monkeypatch.setattr(manual, "topics", lambda: [*PAGES, screens])
    async with TmeattnApp(saved=SavedState()).run_test() as pilot:
        await pilot.press("f1", "f1")
        assert await seen(pilot, "Keys of the screens")


async def test_a_link_opens_another_page() -> None:
    async with opened() as (screen, pilot):
        await pilot.press("down")
        assert await seen(pilot, "A dataset has")
        markdown = screen.query_one(Markdown)
        markdown.post_message(Markdown.LinkClicked(markdown, "models.md#lstm"))
        assert await seen(pilot, "An LSTM reads")


async def test_without_pages_it_says_so(monkeypatch) -> None:
    monkeypatch.setattr(manual, "topics", list)
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        await pilot.press("f1", "f1")
        assert await seen(pilot, manual.NO_TOPICS)
