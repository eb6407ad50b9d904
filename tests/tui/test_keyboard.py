"""The keyboard on every screen: what a letter means, and that everything that scrolls can be reached."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from support.waiting import until
from textual.app import App
from textual.binding import Binding
from textual.containers import ScrollableContainer
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

import tmeattn.tui
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.key_table import KEYS, LETTERS, PLACES, RENAMED
from tmeattn.tui.messages import OpenComparison, OpenExplain, OpenNewRun, OpenQueue, OpenRun
from tmeattn.tui.screens.attention_map import AttentionMapScreen
from tmeattn.tui.screens.evaluation import EvaluationScreen
from tmeattn.tui.screens.manual import ManualScreen
from tmeattn.tui.screens.reproduce import ReproduceScreen
from tmeattn.tui.services.background import BackgroundCommand
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.widgets.fields import Fields
from tmeattn.tui.widgets.panes import Pane

MOVES = {
    "k": {"scroll_up", "move(-1)"},
    "j": {"scroll_down", "move(1)"},
    "h": {"scroll_left"},
    "l": {"scroll_right"},
    "g": {"scroll_home", "jump(0)"},
    "G": {"scroll_end", "jump(-1)"},
}
"""What the letters of the arrows do in lists and panes."""
IN_WINDOWS = {"q": {"close", "back"}, "y": {"answer(True)"}, "n": {"answer(False)"}, "C": {"close"}, "U": {"automatic"}}
"""What letters do in a window over a screen: they close it, or answer its question."""


def letters(of: str) -> list[str]:
    return [key for key in of.split(",") if len(key) == 1 and key.isalpha()]


def test_one_letter_is_one_verb_on_all_screens() -> None:
    verbs = {(letter, key.verb) for key in KEYS for letter in letters(key.keys)}
    assert verbs <= set(LETTERS.items())
    of_verb = {verb: letter for letter, verb in verbs}
    assert len(of_verb) == len(verbs)  # and one verb is one letter


def widgets_with_keys() -> Iterator[tuple[type[DOMNode], Binding]]:
    for module in pkgutil.walk_packages(tmeattn.tui.__path__, "tmeattn.tui."):
        for one in vars(importlib.import_module(module.name)).values():
            if isinstance(one, type) and issubclass(one, DOMNode) and one.__module__ == module.name:
                for binding in one.__dict__.get("BINDINGS", ()):
                    if isinstance(binding, Binding) and not binding.id and not issubclass(one, App):
                        yield one, binding


def test_widgets_and_windows_use_no_letter_for_anything_else() -> None:
    for owner, binding in widgets_with_keys():
        allowed = IN_WINDOWS if issubclass(owner, Screen) else MOVES
        for letter in letters(binding.key):
            assert binding.action in allowed.get(letter, ()), (owner, binding)


def test_keys_saved_by_an_earlier_version_are_kept(isolated) -> None:
    isolated.mkdir()
    SavedState.path().write_text('{"keys": {"data.wrong": "w", "explain.drop": "X", "runs.stop": "K"}}')
    assert SavedState.load().keys == {"data.mistakes": "w", "explain.delete": "X", "runs.stop": "K"}
    assert set(RENAMED.values()) <= {key.id for key in KEYS}


def unreachable(screen: Screen[object]) -> list[Widget]:
    """The widgets that scroll, or may, and cannot take the focus. The fields of a form take it and scroll the form."""
    found = []
    for widget in screen.query("*"):
        scrolls = isinstance(widget, ScrollableContainer) or (widget.max_scroll_y > 0 and widget.allow_vertical_scroll)
        within = isinstance(widget, Fields) or any(child.focusable for child in widget.query("*"))
        if scrolls and widget.is_on_screen and not widget.focusable and not within:
            found.append(widget)
    return found


def without_action(screen: Screen[object]) -> list[str]:
    """The keys of a screen that name no method of the screen or of one of its widgets."""
    names = {key.id: key.action.partition("(")[0] for key in KEYS if key.place == screen.place}
    owners = [screen, *screen.query("*")]
    return [id_ for id_, name in names.items() if not any(hasattr(owner, f"action_{name}") for owner in owners)]


@pytest.mark.parametrize("size", [(60, 16), (140, 45)])
async def test_whatever_scrolls_takes_the_focus(write_run, planted, size, monkeypatch) -> None:
    monkeypatch.setattr(BackgroundCommand, "start", lambda self, **options: None)
    run = write_run("aaaa-lstm-attn", dataset="planted")
    app = TmeattnApp(saved=SavedState())
    opens = {
        "runs": lambda: None,
        "new": lambda: app.post_message(OpenNewRun()),
        "run": lambda: app.post_message(OpenRun(run)),
        "explain": lambda: app.post_message(OpenExplain("good film " * 300)),
        "compare": lambda: app.post_message(OpenComparison([run, run])),
        "queue": lambda: app.post_message(OpenQueue()),
        "data": lambda: app.call_later(app.action_mode, "data"),
        "models": lambda: app.call_later(app.action_mode, "models"),
        "map": lambda: app.push_screen(AttentionMapScreen(app.session, run, "good film " * 300)),
        "evaluation": lambda: app.push_screen(EvaluationScreen(app.session, run)),
        "reproduce": lambda: app.push_screen(ReproduceScreen(app.session)),
    }
    assert set(opens) == set(PLACES) - {"app"}  # a new screen is opened here too
    async with app.run_test(size=size) as pilot:
        for place, opens_it in opens.items():
            opens_it()
            await until(pilot, lambda place=place: app.screen.place == place)
            await pilot.pause()
            await until(
                pilot, lambda: not unreachable(app.screen)
            )  # the text of Explain takes no keys until it is read
            assert not without_action(app.screen), place
            if place == "run":
                await every_pane_scrolls(pilot)
        app.push_screen(ManualScreen())
        await until(pilot, lambda: isinstance(app.screen, ManualScreen))
        assert not unreachable(app.screen)


async def every_pane_scrolls(pilot) -> None:
    """Each pane of a run has the focus when its key has shown it, and `end` and `home` go to its end and back."""
    screen = pilot.app.screen
    for key in "12345":
        await pilot.press(key)
        (pane,) = [pane for pane in screen.query(Pane) if pane.display]
        assert pane in screen.focused.ancestors_with_self
        await pilot.press("end")
        for part in pane.query(ScrollableContainer):
            assert part.scroll_offset.y == part.max_scroll_y
        await pilot.press("home")
        assert all(part.scroll_offset.y == 0 for part in pane.query(ScrollableContainer))


async def test_escape_goes_back_and_f2_to_the_list(write_run) -> None:
    run = write_run("aaaa-lstm-attn", model="lstm-attn")
    app = TmeattnApp(saved=SavedState())
    places = []

    async def press(pilot, *pressed: str) -> None:
        await pilot.press(*pressed)
        await pilot.pause()
        places.append(app.screen.place)

    async with app.run_test(size=(80, 24)) as pilot:
        app.post_message(OpenRun(run))
        await press(pilot, "f5", "f4", "escape")
        await press(pilot, "escape")
        await press(pilot, "f2")
        await press(pilot, "f5", "n")
        await press(pilot, "q")  # no letter quits in a form
        await press(pilot, "escape")
        await press(pilot, "escape")
    assert places == ["models", "run", "runs", "new", "new", "models", "runs"]
