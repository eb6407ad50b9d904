"""The rules that equal widgets share are those that Textual finds for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.widget import Widget

from tmeattn.runs.directory import RunDirectory
from tmeattn.tui import styles
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.messages import OpenComparison, OpenRun
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.styles import SharedRules

Rules = dict[str, object]
FLAGS = ("_has_hover_style", "_has_focus_within", "_has_order_style", "_has_odd_or_even")


def own_rules(app: TmeattnApp) -> Stylesheet:
    """A style sheet of Textual's own from the same sources."""
    assert isinstance(app.stylesheet, SharedRules)
    plain = Stylesheet(variables=app.stylesheet._variables)
    plain.source = app.stylesheet.source.copy()
    plain.parse()
    return plain


def rules_of(node: DOMNode) -> Iterator[tuple[str, Rules]]:
    """The rules of a widget and of each of its component classes, and what it depends on."""
    yield "", dict(node._css_styles.get_rules())
    yield "flags", {name: getattr(node, name) for name in FLAGS}
    for name, component in node._component_styles.items():
        yield name, dict(component.get_rules())


def compare(app: TmeattnApp) -> int:
    """Compare the rules of all widgets of the screen with those that Textual finds. Returns how many they are."""
    plain, nodes = own_rules(app), list(app.screen.walk_children(Widget, with_self=True))
    for node in nodes:
        shared = dict(rules_of(node))
        plain.apply(node)
        assert shared == dict(rules_of(node)), node.css_path_nodes
    return len(nodes)


async def test_shared_rules_are_those_of_textual(write_run: Any) -> None:
    made: list[RunDirectory] = [write_run(name, model="mean") for name in ("aaaa-mean", "bbbb-mean")]
    app = TmeattnApp(saved=SavedState())
    compared = 0
    async with app.run_test(size=(140, 45)) as pilot:
        for keys in (["slash", "a"], ["escape", "down"], ["f3", "tab"], ["f4"], ["f2", "n"], ["tab", "escape", "f9"]):
            await pilot.press(*keys)
            compared += compare(app)
        app.post_message(OpenRun(made[0]))
        await pilot.pause()
        for key in ("tab", "3"):
            await pilot.press(key)
            compared += compare(app)
        await pilot.hover("TabLine")
        compared += compare(app)
        app.post_message(OpenComparison(made))
        await pilot.pause()
        await pilot.press("tab")
        compared += compare(app)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        compared += compare(app)
    assert compared > 200


async def test_rules_that_no_longer_hold_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(styles, "MOST", 10)
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(140, 45)) as pilot:
        sheet = app.stylesheet
        assert isinstance(sheet, SharedRules)
        await pilot.press("n")
        compare(app)
        assert len(sheet._found) <= styles.MOST + 1
        before = sheet._found_in
        await pilot.press("f9")
        assert sheet._found_in is sheet.rules
        assert sheet._found_in is not before


async def test_the_rules_stay_the_same_from_screen_to_screen(write_run: Any) -> None:
    """A widget that no screen had before does not add rules: all others would be found anew."""
    run = write_run("aaaa-mean", model="mean")
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(140, 45)) as pilot:
        while app.stylesheet.learn():
            pass
        before, known = app.stylesheet.rules, len(app.stylesheet.source)
        for key in ("n", "f1", "f3", "f4", "f5", "ctrl+p", "escape"):
            await pilot.press(key)
        app.post_message(OpenRun(run))
        await pilot.pause()
        assert app.stylesheet.rules is before, list(app.stylesheet.source)[known:]
