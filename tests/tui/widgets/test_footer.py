"""The keys at the foot of a screen: which are shown at which width, and in which state of a run."""

import pytest
from support.explain_screen import REVIEW, open_screen
from support.scripted_reader import seen
from support.waiting import until

from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.screens.run import RunScreen
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.widgets.footer import FooterKey, KeyFooter, fitting


def a_key(action: str, description: str) -> FooterKey:
    return FooterKey("x", "x", description, action)


def test_what_fits_is_shown_and_what_holds_everywhere_stays_at_the_right_end():
    common = [a_key(action, "1") for action in ("back", "help", "command_palette", "next_theme", "leave")]
    found = [a_key("open", "123"), a_key("mark", "12345678"), a_key("sort", "1"), *common]
    shown = {width: [[key.action for key in part] for part in fitting(found, width)] for width in (16, 30, 60)}
    assert shown == {
        16: [["sort"], ["back", "help"]],
        30: [["open", "sort"], ["back", "help", "command_palette"]],
        60: [["open", "mark", "sort"], ["back", "help", "command_palette", "next_theme", "leave"]],
    }


def keys_shown(app: TmeattnApp) -> list[str]:
    return [key.action for key in app.screen.query_one(KeyFooter).keys]


async def waited_for(pilot, action: str) -> list[str]:
    for _ in range(50):
        await pilot.pause(0.02)
        if action in keys_shown(pilot.app):
            break
    return keys_shown(pilot.app)


@pytest.mark.parametrize("key", ["", "f3", "n"])
async def test_on_the_smallest_screen_the_keys_are_seen_whole(write_run, key):
    write_run("aaaa-lstm-attn")
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(60, 16)) as pilot:
        await pilot.press(*([key] if key else []))
        assert await seen(pilot, "F1 Help")
        assert {"help"} < set(keys_shown(app))
        assert sum(found.width for found in app.screen.query_one(KeyFooter).keys) <= 60


@pytest.mark.usefixtures("quick_and_coloured")
async def test_the_map_and_the_export_of_an_explanation_are_seen_in_80_columns(runs):
    async with open_screen((80, 24)) as driver:
        await driver.explain(REVIEW)
        await driver.press("escape")
        footer = driver.screen.query_one(KeyFooter)
        await until(driver.pilot, lambda: footer.keys[0].action == "text")
        assert [key.action for key in footer.keys][:4] == ["text", "delete", "attention", "export"]


@pytest.mark.parametrize(
    ("state", "there", "gone"),
    [
        ("finished", set(), {"stop", "checkpoint", "resume"}),
        ("running", {"stop", "checkpoint"}, {"resume"}),
        ("stopped", {"resume"}, {"stop", "checkpoint"}),
    ],
)
async def test_what_a_run_cannot_do_is_left_out(write_run, state, there, gone):
    app = TmeattnApp(write_run("aaaa-lstm-attn", state=state), saved=SavedState())
    async with app.run_test(size=(140, 45)) as pilot:
        for _ in range(50):
            await pilot.pause(0.02)
            shown = set(keys_shown(app))
            if isinstance(app.screen, RunScreen) and there <= shown and shown and not gone & shown:
                break
        assert there <= shown
        assert not gone & shown
        await pilot.press("escape")
        listed = set(await waited_for(pilot, "new"))
        assert there - {"checkpoint"} <= listed
        assert not gone & listed


async def test_a_click_presses_the_key_and_equal_keys_are_not_drawn_again(write_run):
    write_run("aaaa-lstm-attn")
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(140, 45)) as pilot:
        await waited_for(pilot, "new")
        footer = app.screen.query_one(KeyFooter)
        drawn, mounted = footer.drawn, len(footer.children)
        app.screen.refresh_bindings()
        await pilot.pause()
        assert (footer.drawn, mounted) == (drawn, 0)
        await pilot.press("slash")
        await pilot.pause()
        assert footer.drawn == drawn + 1
        await pilot.press("escape")
        await waited_for(pilot, "new")
        order = app.screen.order
        await pilot.click(KeyFooter, offset=(footer.start_of("order") + 1, 0))
        assert app.screen.order != order
        theme = app.theme
        await pilot.click(KeyFooter, offset=(footer.start_of("next_theme") + 1, 0))
        assert app.theme != theme
