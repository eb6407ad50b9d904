"""The home screen, key by key."""

import json

import pytest
from support.logged_runs import epoch_event, write
from support.run_screen import an_app, rows

from tmeattn.errors import EnvironmentProblem
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.messages import OpenRun
from tmeattn.tui.screens.dialogs import AskText, Confirm
from tmeattn.tui.screens.new_run import NewRunScreen
from tmeattn.tui.screens.run import RunScreen
from tmeattn.tui.screens.runs import RunsScreen
from tmeattn.tui.services import processes
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.widgets.run_table import RunTable

SIZES = [(80, 24), (140, 45)]


@pytest.mark.parametrize("size", SIZES)
async def test_focus_starts_in_the_table_and_enter_opens_the_run(three, size):
    app = an_app()
    async with app.run_test(size=size) as pilot:
        assert isinstance(app.focused, RunTable)
        assert [row[0] for row in rows(app)] == ["aaaa-lstm-attn", "baseline", "cccc-lstm-attn"]
        await pilot.press("down", "enter")
        assert isinstance(app.screen, RunScreen)
        assert app.screen.run.id == "bbbb-mean"
        await pilot.press("escape")
        assert isinstance(app.screen, RunsScreen)


async def test_a_row_says_state_epoch_accuracy_and_time_left(three):
    app = an_app()
    async with app.run_test(size=(80, 24)):
        running, finished, stopped = rows(app)
        assert running[1:6] == ["● running", "0.05", "2/5", "75.6 %", "30s"]
        assert finished[1] == "✓ finished"
        assert stopped[1:5] == ["■ stopped", "0.05", "1/5", "66.0 %"]


async def test_every_column_fits_80(three):
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        table = app.screen.query_one(RunTable)
        assert table.virtual_size.width <= table.size.width
        assert [field.name for field in table.fields] == [
            "run", "state", "alpha", "epoch", "best", "ETA", "trend",
        ]  # fmt: skip


async def test_rows_change_in_place_when_a_run_goes_on(three, isolated):
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down")
        run = RunDirectory(isolated / "runs" / "aaaa-lstm-attn")
        write(run.path, {**epoch_event(3), "validation": {**epoch_event(3)["validation"], "accuracy": 0.91}})
        app.screen.refresh_runs()
        await pilot.pause()
        assert rows(app)[0][3:5] == ["3/5", "91.0 %"]
        assert app.screen.table.selected == "bbbb-mean"


async def test_a_new_run_appears_and_a_deleted_one_goes(three, write_run, isolated):
    app = an_app()
    async with app.run_test() as pilot:
        write_run("dddd-mean", model="mean", created=9.0)
        RunDirectory(isolated / "runs" / "bbbb-mean").delete()
        app.screen.refresh_runs()
        await pilot.pause()
        assert [row[0] for row in rows(app)] == ["dddd-mean", "aaaa-lstm-attn", "cccc-lstm-attn"]


async def test_filter_as_you_type_and_escape_takes_it_away(three):
    app = an_app()
    async with app.run_test() as pilot:
        await pilot.press("slash", *"mean q")
        assert rows(app) == []
        assert "No run matches; esc clears the filter." in app.screen.query_one(RunTable).render_line(1).text
        await pilot.press("backspace", "backspace")
        assert [row[0] for row in rows(app)] == ["baseline"]
        await pilot.press("enter")
        assert isinstance(app.focused, RunTable)
        await pilot.press("escape")
        assert len(rows(app)) == 3


async def test_order_by_key_and_by_header(three):
    app = an_app()
    async with app.run_test() as pilot:
        await pilot.press("o")
        assert [row[0] for row in rows(app)] == ["baseline", "aaaa-lstm-attn", "cccc-lstm-attn"]
        await pilot.click(RunTable, offset=(3, 0))
        assert app.screen.order == "name"


async def test_marked_runs_are_laid_over_the_one_that_is_opened(three):
    app = an_app()
    async with app.run_test() as pilot:
        await pilot.press("space", "space")
        assert [row[0] for row in rows(app)][:2] == ["◆ aaaa-lstm-attn", "◆ baseline"]
        await pilot.press("up", "up", "enter")
        assert app.screen.run.id == "aaaa-lstm-attn"
        assert [other.run.id for other in app.screen.others] == ["bbbb-mean"]


async def test_stop_asks_the_run_and_says_so_where_it_does_not_run(three, isolated):
    app = an_app()
    async with app.run_test() as pilot:
        await pilot.press("s")
        assert (isolated / "runs" / "aaaa-lstm-attn" / "control" / "stop").exists()
        await pilot.press("down", "s")
        assert not (isolated / "runs" / "bbbb-mean" / "control" / "stop").exists()
        assert "is not running" in last_toast(app)


def last_toast(app: TmeattnApp) -> str:
    return list(app._notifications)[-1].message


async def test_resume_starts_a_process_where_there_is_something_to_resume(three, monkeypatch):
    resumed = []
    monkeypatch.setattr(processes.TrainingProcesses, "resume", lambda self, run: resumed.append(run.id))
    app = an_app()
    async with app.run_test() as pilot:
        await pilot.press("r")
        assert "it is running" in last_toast(app)
        await pilot.press("down", "r")
        assert "it is finished" in last_toast(app)
        await pilot.press("down", "r")
        assert resumed == ["cccc-lstm-attn"]


async def test_a_process_that_cannot_be_started_is_one_line(three, monkeypatch):
    def fail(self, run):
        raise EnvironmentProblem("Cannot write the log: No space left on device.")

    monkeypatch.setattr(processes.TrainingProcesses, "resume", fail)
    app = an_app()
    async with app.run_test() as pilot:
        await pilot.press("down", "down", "r")
        assert "No space left" in last_toast(app)


async def test_delete_asks_and_no_keeps_everything(three, isolated):
    app = an_app()
    async with app.run_test() as pilot:
        await pilot.press("down", "d")
        assert isinstance(app.screen, Confirm)
        assert app.screen.question.startswith("Delete baseline (bbbb-mean) with all checkpoints?")
        await pilot.press("enter")  # the button with the focus says no
        assert (isolated / "runs" / "bbbb-mean").exists()
        await pilot.press("d", "y")
        assert not (isolated / "runs" / "bbbb-mean").exists()
        assert [row[0] for row in rows(app)] == ["aaaa-lstm-attn", "cccc-lstm-attn"]


async def test_a_running_run_is_not_deleted(three, isolated):
    app = an_app()
    async with app.run_test() as pilot:
        await pilot.press("d")
        assert isinstance(app.screen, RunsScreen)
        assert "stop it first" in last_toast(app)
        assert (isolated / "runs" / "aaaa-lstm-attn").exists()


async def test_rename_refuses_what_the_command_line_would_not_find(three, isolated):
    app = an_app()
    async with app.run_test() as pilot:
        await pilot.press("R")
        assert isinstance(app.screen, AskText)
        await pilot.press(*"baseline", "enter")
        assert isinstance(app.screen, AskText)
        await pilot.press(*"-2", "enter")
        assert isinstance(app.screen, RunsScreen)
        assert RunDirectory(isolated / "runs" / "aaaa-lstm-attn").name == "baseline-2"
        assert rows(app)[0][0] == "baseline-2"


async def test_copy_gives_the_command(three):
    app = an_app()
    async with app.run_test() as pilot:
        await pilot.press("y")
        assert app.clipboard == "tmeattn train lstm-attn --alpha 0.05"


async def test_the_run_under_the_cursor_is_the_one_that_other_screens_read_with(three):
    app = an_app()
    async with app.run_test() as pilot:
        await pilot.press("down")
        assert app.session.selected_run.id == "bbbb-mean"
        await pilot.press("x")
        assert app.current_mode == "explain"


async def test_the_cursor_is_on_the_run_that_was_opened_last_from_elsewhere(three):
    app = an_app()
    async with app.run_test() as pilot:
        await pilot.press("down", "down")
        run = app.screen.runs.runs["bbbb-mean"].run
        app.screen.post_message(OpenRun(run))  # as after a run was started
        await pilot.pause()
        await pilot.press("escape")
        assert app.screen.table.selected == "bbbb-mean"
        await pilot.press("up", "f3", "f2")
        assert app.screen.table.selected == "aaaa-lstm-attn"  # what was chosen since is kept


async def test_a_new_run_like_the_one_under_the_cursor(three):
    app = an_app()
    async with app.run_test() as pilot:
        await pilot.press("N")
        assert isinstance(app.screen, NewRunScreen)
        await pilot.pause()
        assert app.screen.arguments == ["train", "lstm-attn", "--alpha", "0.05", "--alpha-warmup", "1"]


async def test_a_damaged_run_is_listed_explained_and_can_be_deleted(write_run, isolated):
    run = write_run("aaaa-mean", model="mean")
    (run.path / "run.json").write_text("{")
    app = an_app()
    async with app.run_test() as pilot:
        assert rows(app)[0][:2] == ["aaaa-mean", "! damaged"]
        assert "no readable run.json" in app.screen.details.plain
        await pilot.press("enter")
        assert isinstance(app.screen, RunsScreen)
        await pilot.press("d", "y")
        assert not run.path.exists()


async def test_names_are_data_not_markup(write_run):
    write_run("aaaa-mean", model="mean", name="[red]x[/] \x1b[31m")
    app = an_app()
    async with app.run_test(size=(140, 45)):
        assert rows(app)[0][0].startswith("[red]x[/] ␛[31m")


async def test_columns_are_chosen_and_remembered(three, isolated):
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("C", *["down"] * 4, "space", "escape")  # the seed
        names = [field.name for field in app.screen.table.fields]
        assert names == ["run", "state", "seed", "alpha", "epoch", "best", "ETA", "trend"]
        await pilot.press("O", "o")
        assert (app.screen.order, app.screen.reverse) == ("best accuracy", False)
    assert SavedState.load().columns == [name for name in names if name != "run"]
    app = TmeattnApp(saved=SavedState.load())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert [field.name for field in app.screen.table.fields] == names
        await pilot.press("C", "U")
        assert app.session.saved.columns == []


async def test_tags_and_the_filter_by_fields(three, isolated):
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "T", *"+paper", "enter")
        assert RunDirectory(isolated / "runs" / "bbbb-mean").meta()["tags"] == ["paper"]
        await pilot.press("slash", *"tag:paper acc>")
        assert [row[0] for row in rows(app)] == ["baseline"]
        assert "Character 15 of the filter: acc> has no value." in str(app.screen.query_one("#summary").render())
        await pilot.press(*"99")
        assert rows(app) == []
        assert "Character" not in str(app.screen.query_one("#summary").render())


async def test_a_foreign_format_says_who_made_it(write_run):
    run = write_run("aaaa-mean", model="mean")
    info = json.loads((run.path / "run.json").read_text())
    (run.path / "run.json").write_text(json.dumps({**info, "format": 9}))
    app = an_app()
    async with app.run_test():
        assert "reads format 1" in app.screen.details.plain
