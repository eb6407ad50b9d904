"""The queue from the screens: runs are added from the form, shown, and removed."""

import pytest

from tmeattn.runs.queue import add_to_queue, read_queue, settle, take_next
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.screens import queue as queue_screen
from tmeattn.tui.screens.queue import QueueScreen
from tmeattn.tui.screens.run import RunScreen
from tmeattn.tui.services.saved_state import SavedState


@pytest.fixture
def started(monkeypatch):
    found = []
    monkeypatch.setattr("tmeattn.tui.app.start_runner", lambda: found.append("form"))
    monkeypatch.setattr(queue_screen, "start_runner", lambda: found.append("screen"))
    return found


async def test_several_seeds_of_the_form_go_into_the_queue(write_run, planted, started):
    write_run("aaaa-mean", model="mean")
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        await pilot.pause()
        form = app.screen
        form.form.entries["seed"].value = "3,4"
        form.form.entries["dataset"].value = "planted"
        form.query_one("#name").value = "pair"
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert isinstance(app.screen, QueueScreen)
        assert started == ["form"]
        assert [item["arguments"][-4:] for item in read_queue()] == [
            ["--name", "pair-3", "--seed", "3"],
            ["--name", "pair-4", "--seed", "4"],
        ]
        assert "2 runs waiting · the process" in (said := str(app.screen.query_one("#summary").render())), said
        app.session.runner_started -= queue_screen.STARTING
        app.screen._look()
        assert "no process trains the queue: r starts one" in str(app.screen.query_one("#summary").render())
        await pilot.press("down", "d")
        assert [item["number"] for item in read_queue()] == [1]
        await pilot.press("r")
        assert started == ["form", "screen"]
        await pilot.press("escape")
        app.screen._tick()
        assert "1 queued" in str(app.screen.query_one("#summary").render())


async def test_the_queue_shows_what_failed_and_opens_what_runs(write_run, started):
    write_run("aaaa-mean", model="mean", state="running")
    add_to_queue([["train", "gru", "--name", "[red]x"], ["train", "mean"]])
    take_next(lambda item: "bbbb-gru", lambda: None)
    settle(1, "failed", "Error: no data.")
    take_next(lambda item: "aaaa-mean", lambda: None)
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("Q")
        await pilot.pause()
        why = str(app.screen.query_one("#why").render())
        assert "[red]x" in why
        assert "Error: no data." in why
        await pilot.press("enter")
        assert isinstance(app.screen, QueueScreen)  # it has not begun
        await pilot.press("down", "enter")
        await pilot.pause()
        assert isinstance(app.screen, RunScreen)
