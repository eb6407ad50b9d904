"""The app itself: rooms, themes, state, size."""

import importlib
import pkgutil
import subprocess
import sys
from collections import Counter

import pytest
from textual.dom import DOMNode

import tmeattn.tui
from tmeattn.tui import keys, themes
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.key_table import KEYS
from tmeattn.tui.messages import OpenExplain, OpenNewRun, OpenQueue
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.screens.explain import ExplainScreen
from tmeattn.tui.screens.new_run import NewRunScreen
from tmeattn.tui.screens.run import RunScreen
from tmeattn.tui.screens.runs import RunsScreen
from tmeattn.tui.screens.too_small import TooSmall
from tmeattn.tui.services.saved_state import SavedState


@pytest.mark.parametrize(("key", "mode"), [("f3", "explain"), ("f4", "data"), ("f5", "models"), ("f2", "runs")])
async def test_a_key_for_every_room(key, mode):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f5" if mode == "runs" else "f2")
        await pilot.press(key)
        assert app.current_mode == mode


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", *(theme.name for theme in themes.THEMES)])
async def test_every_word_of_the_first_screen_is_seen(theme):
    app = TmeattnApp(saved=SavedState(theme=theme))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for line in app.screen._compositor.render_strips():
            for text, style, _ in line:
                is_word = any(map(str.isalnum, text))
                assert not is_word or style is None or style.color != style.bgcolor, text


async def test_screen_and_theme_are_remembered(isolated):
    app = TmeattnApp()
    async with app.run_test() as pilot:
        await pilot.press("f5", "f9")
    state = SavedState.load()
    assert (state.screen, state.theme) == ("models", themes.LIGHT.name)
    app = TmeattnApp()
    async with app.run_test():
        assert (app.current_mode, app.theme) == ("models", themes.LIGHT.name)


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"screen": 3, "theme": [], "keys": [1]}', '{"screen": "cellar", "keys": {"app.help": "x", "no": 3}}'],
)
async def test_a_damaged_state_is_no_obstacle(isolated, text):
    isolated.mkdir()
    SavedState.path().write_text(text)
    app = TmeattnApp()
    async with app.run_test():
        assert app.current_mode == "runs"


async def test_says_when_the_terminal_is_too_small():
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(59, 15)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, TooSmall)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert not isinstance(app.screen, TooSmall)


async def test_keys_can_be_given_by_the_user():
    app = TmeattnApp(saved=SavedState(keys={"app.models": "f8"}))
    async with app.run_test() as pilot:
        await pilot.press("f8")
        assert app.current_mode == "models"


async def test_a_text_that_was_typed_is_read_by_another_run(write_run):
    run = write_run("aaaa-mean", model="mean")
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        await pilot.press("f3", *"good")
        app.post_message(OpenExplain(run=run))
        await pilot.pause()
        assert app.screen.query_one("TextArea").text == "good"
        await pilot.press("f2", "x")
        assert app.current_mode == "explain"
        assert app.screen.query_one("TextArea").text == "good"


@pytest.mark.parametrize("room", ["f4", "f5"])
async def test_escape_from_a_room_leads_to_the_form_that_was_left_open(room):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        app.post_message(OpenNewRun())
        await pilot.press(room, "f2")
        assert isinstance(app.screen, NewRunScreen)  # its own key leads back to what is filled in
        await pilot.press(room, "escape")
        await pilot.pause()
        assert isinstance(app.screen, NewRunScreen)
        await pilot.press("f2")
        assert isinstance(app.screen, RunsScreen)


async def test_escape_from_a_room_leads_to_the_run_that_is_open(write_run):
    app = TmeattnApp(write_run("aaaa-mean", model="mean"), saved=SavedState())
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("f5", "escape")
        await pilot.pause()
        assert isinstance(app.screen, RunScreen)
        app.post_message(OpenNewRun())
        await pilot.pause(0.1)
        app.post_message(OpenNewRun())
        await pilot.pause(0.1)
        assert len(app.screen_stack) == 2  # what is opened anew takes the place of what was open


async def test_a_text_is_explained_where_another_screen_lay_over_explain():
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        await pilot.press("f3")
        await app.push_screen(BaseScreen(app.session))  # as an attention map
        app.post_message(OpenExplain("so bad"))
        await pilot.pause()
        assert isinstance(app.screen, ExplainScreen)
        assert app.screen.query_one("TextArea").text == "so bad"


async def test_the_key_of_explain_leads_to_its_text_field_and_escape_back():
    """Letters that are typed after it are text, not commands, whatever was on the screen before."""
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        app.post_message(OpenExplain("so bad"))
        await pilot.pause()
        await app.push_screen(BaseScreen(app.session))  # as an attention map
        await pilot.press("f4", "f3", *"a great film")
        assert isinstance(app.screen, ExplainScreen)
        assert app.screen.query_one("TextArea").text == "a great film"  # the text of another screen was selected
        await pilot.press("f4", "f3", *"!")
        assert app.screen.query_one("TextArea").text == "a great film!"  # but not one's own
        await pilot.press("escape")
        await pilot.pause()
        assert app.current_mode == "data"


async def test_escape_from_the_queue_leads_to_the_tab_where_it_was_opened():
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        await pilot.press("f5")
        app.post_message(OpenQueue())
        await pilot.pause()
        assert app.current_mode == "runs"
        await pilot.press("escape")
        await pilot.pause()
        assert app.current_mode == "models"


def test_no_key_means_two_things_in_one_place():
    for key in KEYS:
        assert keys.conflict(key.keys.split(","), key, {}) is None, key.id


def test_starts_without_torch(environment):
    script = (
        "import asyncio, sys\nfrom tmeattn.tui.app import TmeattnApp\n"
        "async def main():\n"
        "    async with TmeattnApp().run_test() as pilot:\n"
        "        await pilot.pause()\n"
        "asyncio.run(main())\nprint([m for m in ('torch', 'torchtext', 'safetensors', 'polars') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_no_two_widgets_share_a_name() -> None:
    """Textual finds styles by a class's name alone: those of one would reach the other, once both have been shown."""
    names = Counter()
    for module in pkgutil.walk_packages(tmeattn.tui.__path__, "tmeattn.tui."):
        found = vars(importlib.import_module(module.name)).values()
        names.update(
            one.__name__
            for one in found
            if isinstance(one, type) and issubclass(one, DOMNode) and one.__module__ == module.name
        )
    assert [name for name, times in names.items() if times > 1] == []
