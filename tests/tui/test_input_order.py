"""Keys and pasted texts that come faster than their effects."""

from __future__ import annotations

import asyncio

from support.waiting import until
from textual import events
from textual.widgets import Input, TextArea

from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.screens.explain import ExplainScreen
from tmeattn.tui.screens.new_run import NewRunScreen
from tmeattn.tui.screens.runs import RunsScreen
from tmeattn.tui.services.saved_state import SavedState


def at_once(app: TmeattnApp, *keys: str) -> None:
    """Press keys without a pause, as a terminal passes them on where it has several."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


def filtered_by(app: TmeattnApp) -> str:
    return app.screen.query_one("#filter", Input).value


def written(app: TmeattnApp) -> str:
    return app.screen.query_one(TextArea).text if isinstance(app.screen, ExplainScreen) else ""


async def test_every_key_acts_after_the_one_before(write_run) -> None:
    write_run("aaaa-lstm-attn", model="lstm-attn")
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        at_once(app, "n", "tab", "tab", *"0.05", "tab", *"12", "tab", *"300")
        wanted = {"alpha": "0.05", "epochs": "12", "limit": "300"}
        await until(pilot, lambda: isinstance(app.screen, NewRunScreen) and app.screen.form.given() == wanted)
        at_once(app, "shift+tab", "ctrl+u", *"34", "ctrl+u", *"56", "left", "7", "home", "delete")
        await until(pilot, lambda: app.screen.form.given().get("epochs") == "76")
        at_once(app, "escape", "slash", *"mean", "enter", "f3", *"good film", "escape", "f2", "slash")
        app.post_message(events.Paste("lstm"))
        at_once(app, "home", "x")
        await until(
            pilot, lambda: isinstance(app.screen, RunsScreen) and filtered_by(app) == "xlstm"
        )  # the field selects its text when it gets the focus
        await pilot.press("f3")
        assert written(app).endswith("good film")


async def test_a_long_text_typed_by_the_terminal_loses_nothing() -> None:
    app = TmeattnApp(saved=SavedState())
    text = "a_film_of_many_words_" * 40
    async with app.run_test(size=(80, 24)) as pilot:
        at_once(app, "f3")
        await until(pilot, lambda: isinstance(app.screen, ExplainScreen) and isinstance(app.focused, TextArea))
        at_once(app, *text, "enter", "#")  # in place of the sample, which is selected
        await until(pilot, lambda: written(app).endswith("#"))
        assert written(app) == f"{text}\n#"


async def test_a_text_pasted_beside_the_text_field_replaces_the_text() -> None:
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        at_once(app, "f3", *"bad", "tab")
        app.post_message(events.Paste("a good film"))
        await until(pilot, lambda: written(app) == "a good film")


async def test_a_key_does_not_wait_for_each_queue_that_is_busy(monkeypatch) -> None:
    """Queues that are busy for good delay each key once, not once for each of them."""
    waits = []

    async def passed(pump: object) -> None:
        waits.append(pump)
        await asyncio.Event().wait()  # until the time is over

    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f3")
        monkeypatch.setattr("tmeattn.tui.input_order._passed", passed)
        monkeypatch.setattr("tmeattn.tui.input_order.LONGEST", 0.1)
        at_once(app, "tab", "tab")
        await until(pilot, lambda: len(waits) == 2)
