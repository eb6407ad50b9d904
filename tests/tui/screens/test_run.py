"""The screen of one run, key by key, at both sizes."""

import io

import pytest
from rich.console import Console
from support.logged_runs import BEGAN, step_event, write
from support.run_screen import an_app, head, settled
from support.waiting import until

from tmeattn.runs.watched_texts import added_texts
from tmeattn.tui.screens.run import RunScreen
from tmeattn.tui.widgets.chart import Chart
from tmeattn.tui.widgets.panes import Pane
from tmeattn.tui.widgets.run_header import RunHeader
from tmeattn.tui.widgets.tab_line import TabLine
from tmeattn.tui.widgets.watch_list import WatchedTextView
from tmeattn.tui.wording import runs as run_wording
from tmeattn.watching.run_state import CHUNK

pytestmark = pytest.mark.usefixtures("watched_texts")


def visible(screen) -> list[str]:
    return [pane.name_ for pane in screen.query(Pane) if pane.display and pane.region]


async def test_a_narrow_screen_shows_one_pane_and_keys_go_through_all(write_run):
    app = an_app(write_run("aaaa-lstm-attn"))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        assert visible(screen) == ["curves"]
        for key, pane in zip("2345", ("attention", "watch", "log", "about"), strict=True):
            await pilot.press(key)
            assert visible(screen) == [pane]
        await pilot.press("tab")
        assert visible(screen) == ["curves"]
        await pilot.press("shift+tab")
        assert visible(screen) == ["about"]
        tabs = screen.query_one("#tabs", TabLine)
        await pilot.click(tabs, offset=(tabs.start_of("log") + 1, 0))
        assert visible(screen) == ["log"]


async def test_a_wide_screen_shows_all_and_a_key_one_alone(write_run):
    app = an_app(write_run("aaaa-lstm-attn"))
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await settled(pilot)
        assert visible(screen) == ["curves", "attention", "watch", "log"]
        await pilot.press("2")
        assert visible(screen) == ["attention"]
        await pilot.press("2")
        assert visible(screen) == ["curves", "attention", "watch", "log"]


async def test_after_a_resize_the_screen_is_that_of_a_terminal_of_this_size(write_run):
    run = write_run("aaaa-lstm-attn")
    fresh = {}
    for size, keys in (((200, 60), ["f13"]), ((80, 24), "245")):
        app = an_app(run)
        async with app.run_test(size=size) as pilot:
            await settled(pilot)
            for key in keys:
                await pilot.press(key)
                await settled(pilot)
                fresh[key] = lines(app)
    app = an_app(run)
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await settled(pilot)
        assert len(visible(screen)) == 4
        await pilot.resize_terminal(200, 60)
        await until(pilot, lambda: lines(app) == fresh["f13"])
        await pilot.resize_terminal(80, 24)
        assert visible(screen) == ["curves"]
        for key in "245":
            await pilot.press(key)
            await until(pilot, lambda key=key: lines(app) == fresh[key])


def lines(app) -> list[str]:
    """What is on the screen."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


async def test_the_head_says_how_far_how_fast_and_how_much_is_penalty(write_run):
    run = write_run("aaaa-lstm-attn", done=3, state="running")
    app = an_app(run)
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await settled(pilot)
        assert "● running  aaaa-lstm-attn  lstm-attn · imdb-25k · alpha 0.05 · seed 0" in head(screen)
        assert "epoch 4/5 · ETA 20s · step 60/100 · 18,400 tokens/s · entropy penalty: 31 % of the loss" in head(screen)
        assert "best 81.36 %" in head(screen)


async def test_the_log_wraps_long_lines(write_run):
    run = write_run("aaaa-lstm-attn")
    write(run.path, {"kind": "warning", "message": "word " * 16 + "the end", "time": BEGAN})
    app = an_app(run)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        await pilot.press("4")
        await pilot.pause(0.2)
        text = "\n".join(strip.text for strip in screen._compositor.render_strips())
        assert "the end" in text


async def test_the_watch_list_follows_the_epochs_and_opens_in_explain(write_run):
    app = an_app(write_run("aaaa-lstm-attn", done=3))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        await pilot.press("3")
        for _ in range(50):
            await pilot.pause(0.02)
            if screen.query(WatchedTextView):
                break
        pane = screen.query_one("#watch", Pane)
        assert "epoch 3" in pane.border_title
        assert len(screen.query(WatchedTextView)) == 3
        await pilot.press("left_square_bracket")
        assert "epoch 2" in pane.border_title
        await pilot.press("right_square_bracket", "right_square_bracket")
        assert "epoch 3" in pane.border_title
        screen.query(WatchedTextView).first().focus()
        await pilot.press("enter")
        assert app.current_mode == "explain"
        assert app.session.selected_run.id == "aaaa-lstm-attn"


async def test_texts_that_cannot_be_read_are_explained(write_run, monkeypatch):
    monkeypatch.undo()  # the real reader: the run's fingerprint is none of an installed dataset
    app = an_app(write_run("aaaa-lstm-attn", done=3))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        await pilot.press("3")
        for _ in range(100):
            await pilot.pause(0.02)
            if screen.query_one("#watch").problem:
                break
        await pilot.pause(0.1)
        assert "Cannot read the texts" in str(screen.query_one("#note").render())


@pytest.mark.parametrize("model", ["mean", "transformer"])
async def test_every_pane_of_models_with_none_or_with_heads(write_run, model):
    app = an_app(write_run(f"aaaa-{model}", model=model, heads=model == "transformer"))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        await pilot.press("2")
        await pilot.pause()
        text = "\n".join(strip.text for strip in screen._compositor.render_strips())
        assert ("This model has no attention" in text) == (model == "mean")
        await pilot.press("end")
        console = Console(record=True, width=80, file=io.StringIO())
        console.print(screen.query_one("#attention").picture(screen.run_state))
        assert ("by layer and head" in console.export_text()) == (model == "transformer")


async def test_a_log_of_20000_steps_opens_with_bounded_work(write_run):
    run = write_run("aaaa-lstm-attn", done=0, state="stopped")
    write(run.path, *({**step_event(step, 1), "time": BEGAN} for step in range(1, 20_001)))
    chunks = run.events_path.stat().st_size // CHUNK + 2
    app = an_app(run)
    async with app.run_test(size=(140, 45)) as pilot:
        for _ in range(400):
            await pilot.pause(0.01)
            if isinstance(app.screen, RunScreen) and app.screen.query_one(RunHeader)._drawn:
                break
        screen = app.screen
        loss = screen.query_one("#loss", Chart)
        await pilot.pause(0.6)
        assert screen.run_state.reads <= chunks
        assert loss.redraws <= 4  # empty, laid out, read
        columns = loss.size.width
        assert 0 < loss.query_one("Plot").points <= 2 * columns
        assert screen.run_state.step == 20_000


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_without_colour_words_stand_in_brackets(write_run, monkeypatch, size):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "truecolor")
    app = an_app(write_run("aaaa-lstm-attn", done=3))
    async with app.run_test(size=size) as pilot:
        screen = await settled(pilot)
        if size == (80, 24):
            await pilot.press("3")
        for _ in range(50):
            await pilot.pause(0.02)
            if screen.query(WatchedTextView):
                break
        await pilot.pause(0.1)
        text = "\n".join(strip.text for strip in screen._compositor.render_strips())
        assert "[dull]" in text


async def test_a_damaged_list_of_watched_texts_is_told_when_its_dialog_opens(write_run):
    run = write_run("aaaa-lstm-attn", done=1, state="running")
    (run.path / "watch.json").write_text("{")
    app = an_app(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("w")
        assert "watch.json is damaged" in str(app.screen.query_one("#problem").render())


async def test_texts_are_put_on_the_watch_list_of_a_run_that_is_trained(write_run):
    run = write_run("aaaa-lstm-attn", done=1, state="running")
    (run.path / "vocabulary.json").write_text('["<pad>", "<unk>", "a", "dull", "film"]')
    app = an_app(run)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        await pilot.press("w", *"dull", "enter", *"a film", "enter", "down", "delete", "escape")
        assert [each["text"] for each in added_texts(run)] == ["a film"]
        await pilot.press("3")
        await pilot.pause(0.1)
        measured = {"index": None, "label": None, "probabilities": [0.2, 0.8], "scores": [0.4, 0.6], "text": "a film"}
        write(run.path, {"kind": "watched_step", "step": 30, "epoch": 1, "texts": [measured], "time": BEGAN})
        screen.refresh_run()
        for _ in range(100):
            await pilot.pause(0.02)
            if screen.query_one("#watch").sources:
                break
        await pilot.pause(0.1)
        text = "\n".join(strip.text for strip in screen._compositor.render_strips())
        assert "in epoch 2 of 5, step 30" in text
        assert "positive 80.0 %" in text
        assert "probability of the label" in text


async def test_a_run_that_ends_behind_the_dialog_refuses_texts(write_run):
    run = write_run("aaaa-lstm-attn", done=1, state="running")
    app = an_app(run)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        await pilot.press("w", *"dull")
        run.write_status({**run.status(), "state": "finished"})
        screen._tick()  # the screen behind the dialog is drawn on
        await pilot.press("enter")
        assert str(app.screen.query_one("#problem").render()) == run_wording.NOT_WATCHED
        assert added_texts(run) == []
        await pilot.press("escape")
