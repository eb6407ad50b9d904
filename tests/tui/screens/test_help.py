"""Keys: shown, found in the palette, changed for good."""

import pytest
from support.scripted_reader import seen
from support.waiting import until

from tmeattn.tui import keys
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.commands import actions
from tmeattn.tui.key_table import KEYS
from tmeattn.tui.screens.help import HelpScreen, PressKey
from tmeattn.tui.services.saved_state import SavedState


@pytest.mark.parametrize("key", ["f1", "question_mark"])
async def test_help_lists_every_key_of_the_screen(key):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f5", key)
        await until(pilot, lambda: isinstance(app.screen, HelpScreen) and app.screen.query_one("DataTable").row_count)
        shown = {app.screen.query_one("DataTable").get_row_at(at)[1].plain for at in range(len(app.screen.rows))}
        for one in KEYS:
            if one.place in ("models", "app"):
                assert any(text.startswith(one.description) for text in shown), one.id
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_no_description_is_cut(size):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=size) as pilot:
        await pilot.press("f5", "f1")
        await pilot.pause(0.1)
        table = app.screen.query_one("DataTable")
        await pilot.press("end")
        assert sum(column.get_render_width(table) for column in table.ordered_columns) <= table.size.width
        if size == (60, 16):
            assert any(row.height > 1 for row in table.rows.values())
        else:
            assert await seen(pilot, "ctrl+q Quit, also from a field or a form. (everywhere)")


async def test_an_action_gets_another_key_that_is_remembered(write_run, isolated):
    write_run("aaaa-mean", model="mean")
    app = TmeattnApp()
    async with app.run_test() as pilot:
        await pilot.press("f1")
        row = [key.id for key in app.screen.rows].index("runs.new")
        await pilot.press(*["down"] * row, "enter")
        assert isinstance(app.screen, PressKey)
        await pilot.press("K")
        assert app.session.saved.keys == {"runs.new": "K"}
        await pilot.press("escape", "K")
        assert app.screen.__class__.__name__ == "NewRunScreen"
    assert SavedState.load().keys == {"runs.new": "K"}


async def test_a_taken_key_is_refused_and_escape_keeps_the_old_one():
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        await pilot.press("f1", "enter", "q")
        assert app.session.saved.keys == {}
        assert "is taken" in list(app._notifications)[-1].message
        await pilot.press("enter", "escape")
        assert app.session.saved.keys == {}


async def test_delete_gives_the_default_back(isolated):
    app = TmeattnApp(saved=SavedState(keys={"runs.open": "w"}))
    async with app.run_test() as pilot:
        await pilot.press("f1", "delete")
        assert app.session.saved.keys == {}


async def test_the_palette_has_every_action_with_its_key_and_every_run(write_run, tmp_path, monkeypatch):
    write_run("aaaa-mean", model="mean", name="[b]mine")
    monkeypatch.chdir(tmp_path)
    app = TmeattnApp(saved=SavedState(keys={"runs.new": "K"}))
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.screen.selected)
        commands = {words: call for words, _, call in actions(app, app.screen)}
        assert "Save a checkpoint and stop the selected run  [s]" not in commands  # it has ended
        for key in KEYS:
            if key.place == "app" and key.verb != "palette":
                assert any(words.startswith(key.description.rstrip(".")) for words in commands), key.id
        commands["Save a picture of the screen (SVG) in this folder"]()
        await until(pilot, lambda: any(path.stat().st_size for path in tmp_path.glob("tmeattn-*.svg")))
        (saved,) = tmp_path.glob("*.svg")
        assert "Fira Code" not in saved.read_text(encoding="utf-8")  # a font that a viewer would load
        commands["Fill in the form of a new run  [K]"]()
        await pilot.pause()
        assert app.screen.__class__.__name__ == "NewRunScreen"
        await pilot.press("ctrl+p", *"run mine")
        assert await seen(pilot, "Open the run [b]mine (aaaa-mean)")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.__class__.__name__ == "RunScreen")


def test_keys_are_shown_as_people_read_them():
    assert keys.display("f1,question_mark") == "F1 ?"
    assert keys.display("ctrl+q") == "ctrl+q"
    assert keys.display("left_square_bracket") == "["


async def test_the_palette_of_every_screen_opens_what_needs_no_run(write_run):
    write_run("aaaa-mean", model="mean")
    opens = {"NewRunScreen": "Fill in", "QueueScreen": "Show the runs that wait", "ReproduceScreen": "Reproduce the"}
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(100, 30)) as pilot:
        for keys in (["f2"], ["f3"], ["f4"], ["f5"], ["f2", "enter"]):
            for name, words in opens.items():
                await pilot.press(*keys)
                call = next(call for said, _, call in actions(app, app.screen) if said.startswith(words))
                call()
                await until(pilot, lambda wanted=name: type(app.screen).__name__ == wanted)
