"""The form, key by key, and what it makes of options."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from support.scripted_reader import seen
from support.waiting import until

from tmeattn.paths import runs_dir
from tmeattn.registry import registry
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import ModelSpec
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.screens.new_run import NewRunScreen
from tmeattn.tui.services import processes
from tmeattn.tui.services import run_form as form
from tmeattn.tui.services.processes import TrainingProcess
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.widgets.choice import Choice
from tmeattn.tui.widgets.fields import VALUE_AT, FieldLines, Fields


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


async def test_every_editor_is_beside_its_name(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await pilot.press("tab", "tab")
        lines, fields = screen.query_one(FieldLines), screen.query_one(Fields)
        for name in screen.form.entries:
            await pilot.pause()
            place = screen.focused.region
            assert fields.region.contains_region(place)
            assert lines.render_line(place.y - lines.region.y).text[:VALUE_AT].strip() == name.replace("_", "-")
            await pilot.press("tab")
        assert screen.focused.id == "start"
        await pilot.press("shift+tab", *"bf16")
        assert list(screen.form.given()) == [name]
        await pilot.press("tab", "tab")
        assert screen.focused.id == "model"
        await pilot.press("shift+tab")
        assert screen.focused.id == "model"  # not the button, where enter starts a run


@pytest.mark.parametrize("width", [60, 80, 109, 110])
async def test_the_name_can_be_read(started, width):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(width, 20)) as pilot:
        name = (await opened(pilot)).query_one("#name").region
        assert name.width >= 15
        assert name.right <= width


async def test_a_click_goes_to_a_field_and_turns_a_choice(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await opened(pilot)
        recipe, epochs = screen.form.entries["recipe"], screen.form.entries["epochs"]
        await pilot.click(FieldLines, offset=(VALUE_AT + 1, recipe.line))
        assert (screen.form.at, recipe.value) == (recipe, "report")
        await pilot.click(FieldLines, offset=(3, epochs.line))
        await pilot.press(*"12")
        assert screen.form.given() == {"recipe": "report", "epochs": "12"}


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
        assert screen.focused.id == "model"
        assert await seen(pilot, registry().get(ModelSpec, "lstm-attn").summary[:30])
        await pilot.press("down", "down", *"0.05", "down", *"2", "down", *"1000", "ctrl+s")
        assert started == [["train", "lstm-attn", "--alpha", "0.05", "--epochs", "2", "--limit", "1000"]]
        assert screen not in app.screen_stack


async def test_what_is_wrong_is_said_while_typing_and_nothing_starts(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        screen = await opened(pilot)
        await pilot.press("down", "down", *"-1")
        await until(pilot, lambda: "--alpha" in told(screen))
        assert screen.form.entries["alpha"].wrong
        assert screen.query_one("#start").disabled
        await pilot.press("ctrl+s")
        assert started == []
        await pilot.press("backspace", "backspace", *"0.1")
        await until(pilot, lambda: told(screen).endswith("$ tmeattn train lstm-attn --alpha 0.1"))
        assert not screen.form.entries["alpha"].wrong


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_the_help_of_a_field_is_not_cut(started, size):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=size) as pilot:
        screen = await opened(pilot)
        screen.form.go_to(screen.form.entries["alpha_warmup"])
        assert await seen(pilot, "Unless given, at most half the epochs.")


async def test_another_model_has_other_options_and_keeps_what_it_shares(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        screen = await opened(pilot)
        await pilot.press("down", "down", "down", *"3")
        choice = screen.query_one("#model", Choice)
        screen.post_message(Choice.Changed(choice, "mean"))
        await until(pilot, lambda: "hidden_size" not in screen.form.entries)
        assert "alpha" not in screen.form.entries  # a model without attention has no entropy to penalise
        assert screen.form.given() == {"epochs": "3"}


async def test_choices_turn_with_the_arrows_and_skip_the_default(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await opened(pilot)
        recipe = screen.form.entries["recipe"]
        screen.form.go_to(recipe)
        await pilot.press("right")
        assert recipe.value == "report"
        await until(pilot, lambda: screen.form.entries["epochs"].default == "200")  # the recipe's own
        await pilot.press("space")
        assert recipe.value == ""


async def test_the_epochs_of_few_texts_are_shown_while_the_limit_is_typed(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        screen.form.entries["dataset"].value = "rotten-tomatoes"
        screen.form.go_to(screen.form.entries["limit"])
        await pilot.press(*"900")
        assert await seen(pilot, "40 for 900 texts")
        await pilot.press("up", *"2")
        await until(pilot, lambda: told(screen).endswith("--epochs 2 --limit 900 --dataset rotten-tomatoes"))
        assert screen.form.entries["patience"].default == "3"


async def test_a_switch_becomes_its_flag(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        screen = await opened(pilot)
        screen.form.go_to(screen.form.entries["tune_embeddings"])
        await pilot.press("right", "ctrl+s")
        assert started == [["train", "lstm-attn", "--freeze-embeddings"]]


async def test_texts_of_the_watch_list_are_fields(started, tmp_path):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        screen = await opened(pilot)
        screen.form.entries["watch_file"].value = str(tmp_path / "none.txt")
        screen.form.entries["watch_text"].value = "a dull film"
        await pilot.press("ctrl+s")
        assert "--watch-file" in told(screen)
        assert screen.form.entries["watch_file"].wrong
        screen.form.entries["watch_file"].value = ""
        await pilot.press("ctrl+s")
        assert started == [["train", "lstm-attn", "--watch-text", "a dull film"]]


async def test_copy_defaults_and_back(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        screen = await opened(pilot)
        await pilot.press("down", "down", *"0.2", "ctrl+y")
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
        screen.form.entries["limit"].value = "3"
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
        assert again.form.entries["limit"].wrong
        assert again.form.at is again.form.entries["limit"]  # has the focus
        await pilot.press("backspace", *"900")
        await until(pilot, lambda: "read-only" not in told(again))
        assert not again.query_one("#start").disabled


async def test_why_no_process_could_be_started_stays_in_the_form(isolated):
    isolated.mkdir()
    (isolated / "logs").write_text("a file where the folder belongs")
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await pilot.press("down", "down", *"0.1", "ctrl+s")
        await until(pilot, lambda: "Cannot write the log of a training process" in told(screen))
        assert "Free some space" not in told(screen)
        assert screen.form.given() == {"alpha": "0.1"}
