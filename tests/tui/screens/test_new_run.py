"""The form, key by key, and what it makes of options."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from support.scripted_reader import seen
from support.waiting import until
from textual.geometry import Region

from tmeattn.paths import runs_dir
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.screens.new_run import NewRunScreen
from tmeattn.tui.services import processes
from tmeattn.tui.services import run_form as form
from tmeattn.tui.services.processes import TrainingProcess
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.widgets.choice import Choice


@pytest.fixture(autouse=True)
def data_is_there(monkeypatch):
    monkeypatch.setattr(form, "open_dataset", lambda name: None)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # as the runs had, whatever this machine has


@pytest.fixture
def started(monkeypatch):
    """The arguments of the training processes, none of which is really started."""
    found = []

    def start(self, arguments, model):
        found.append(arguments)
        return TrainingProcess(RunDirectory(runs_dir() / f"zzzz-{model}"), SimpleNamespace(poll=lambda: None), Path())

    monkeypatch.setattr(processes.TrainingProcesses, "start", start)
    return found


async def test_every_name_is_beside_its_field(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        names, top = screen.query_one("#names"), screen.query_one("#inputs").region.y
        shown = [strip.text.strip() for strip in names.render_lines(Region(0, 0, *names.size))]
        for name, widget in screen.form.widgets.items():
            assert shown[widget.region.y - top] == name.replace("_", "-")


async def opened(pilot) -> NewRunScreen:
    await pilot.press("n")
    await pilot.pause()
    assert isinstance(pilot.app.screen, NewRunScreen)
    return pilot.app.screen


def told(screen) -> str:
    return str(screen.query_one("#result").render())


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_fill_in_and_start(started, size):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=size) as pilot:
        screen = await opened(pilot)
        await pilot.press("up", "up")
        assert screen.focused.id == "model"
        await pilot.press("down", "down", *"0.05", "down", *"2", "down", *"1000", "ctrl+s")
        assert started == [["train", "lstm-attn", "--alpha", "0.05", "--epochs", "2", "--limit", "1000"]]
        assert screen not in app.screen_stack


async def test_what_is_wrong_is_said_while_typing_and_nothing_starts(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        screen = await opened(pilot)
        await pilot.press(*"-1")
        await until(pilot, lambda: "--alpha" in told(screen))
        assert screen.form.widgets["alpha"].has_class("wrong")
        assert screen.query_one("#start").disabled
        await pilot.press("ctrl+s")
        assert started == []
        await pilot.press("backspace", "backspace", *"0.1")
        await until(pilot, lambda: told(screen).endswith("$ tmeattn train lstm-attn --alpha 0.1"))
        assert not screen.form.widgets["alpha"].has_class("wrong")


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_the_help_of_a_field_is_not_cut(started, size):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=size) as pilot:
        screen = await opened(pilot)
        screen.form.widgets["alpha_warmup"].focus()
        assert await seen(pilot, "Unless given, at most half the epochs.")


async def test_another_model_has_other_options_and_keeps_what_it_shares(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        screen = await opened(pilot)
        await pilot.press("down", *"3")
        choice = screen.query_one("#model", Choice)
        screen.post_message(Choice.Changed(choice, "mean"))
        await until(pilot, lambda: "hidden_size" not in screen.form.widgets)
        assert "alpha" not in screen.form.widgets  # a model without attention has no entropy to penalise
        assert screen.form.given() == {"epochs": "3"}


async def test_choices_turn_with_the_arrows_and_skip_the_default(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await opened(pilot)
        recipe = screen.form.widgets["recipe"]
        recipe.focus()
        await pilot.press("right")
        assert recipe.value == "report"
        await until(pilot, lambda: screen.form.widgets["epochs"].placeholder == "200")  # the recipe's own
        await pilot.press("space")
        assert recipe.value == ""


async def test_a_switch_becomes_its_flag(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        screen = await opened(pilot)
        screen.form.widgets["tune_embeddings"].focus()
        await pilot.press("right", "ctrl+s")
        assert started == [["train", "lstm-attn", "--freeze-embeddings"]]


async def test_copy_defaults_and_back(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        screen = await opened(pilot)
        await pilot.press(*"0.2", "ctrl+y")
        assert app.clipboard == "tmeattn train lstm-attn --alpha 0.2"
        await pilot.press("ctrl+r")
        assert screen.form.given() == {}
        await pilot.press("escape")
        assert started == []
        assert screen not in app.screen_stack


async def test_a_taken_name_is_refused(started, write_run):
    write_run("aaaa-mean", model="mean", name="mine")
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        screen = await opened(pilot)
        screen.query_one("#name").focus()
        await pilot.press(*"mine", "ctrl+s")
        assert "named 'mine' already" in told(screen)
        assert started == []


async def test_a_model_whose_plugin_is_broken_says_so(install, started):
    install(
        "halved",
        "from tmeattn.hookspecs import hookimpl\nfrom tmeattn.specs import ModelSpec\n"
        "@hookimpl\ndef tmeattn_models():\n"
        "    return [ModelSpec('halved', 'a half', 'gone:Config', 'gone:build', 'pool')]\n",
    )
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        screen = await opened(pilot)
        screen.post_message(Choice.Changed(screen.query_one("#model", Choice), "halved"))
        await until(pilot, lambda: "gone:Config cannot be loaded" in told(screen))
        assert screen.query_one("#start").disabled


async def test_a_run_that_does_not_start_leads_back_to_the_entries_and_the_reason(monkeypatch, tmp_path):
    ended = []

    def start(self, arguments, model):
        run = RunDirectory(runs_dir() / "zzzz-mean")
        log = runs_dir().parent / "logs" / f"{run.id}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("reading\nError: --limit 3 is too small: the disk is read-only.\n")
        self.last_start = TrainingProcess(run, SimpleNamespace(poll=lambda: 3 if ended else None), log, arguments)
        return self.last_start

    monkeypatch.setattr(processes.TrainingProcesses, "start", start)
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        screen.query_one("#name").value = "mine"
        screen.form.widgets["limit"].value = "3"
        await pilot.press("ctrl+s")
        ended.append(True)
        app.screen.refresh_run()
        assert await seen(pilot, "Press esc to go back to the form")
        await pilot.press("escape")
        again = app.screen
        assert isinstance(again, NewRunScreen)
        assert again is not screen
        await until(pilot, lambda: "the disk is read-only" in told(again))
        await pilot.pause(0.3)  # the check that follows the filling of the fields
        assert "The run did not start" in told(again)
        assert (again.form.given(), again.query_one("#name").value) == ({"limit": "3"}, "mine")
        assert again.form.widgets["limit"].has_class("wrong")
        await pilot.press(*"0.1")  # in the field with the focus
        await until(pilot, lambda: "read-only" not in told(again))
        assert not again.query_one("#start").disabled


async def test_why_no_process_could_be_started_stays_in_the_form(isolated):
    isolated.mkdir()
    (isolated / "logs").write_text("a file where the folder belongs")
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await pilot.press(*"0.1", "ctrl+s")
        await until(pilot, lambda: "Cannot write the log of a training process" in told(screen))
        assert "Free some space" not in told(screen)
        assert screen.form.given() == {"alpha": "0.1"}
