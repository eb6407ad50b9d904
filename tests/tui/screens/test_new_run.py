"""The form, key by key, and what it makes of options."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from support.scripted_reader import seen

from tmeattn.errors import BadInput
from tmeattn.paths import runs_dir
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.screens.new_run import NewRunScreen
from tmeattn.tui.services import processes
from tmeattn.tui.services import run_form as form
from tmeattn.tui.services.processes import TrainingProcess
from tmeattn.tui.services.run_state import RunState
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
        await pilot.press(*"0.05", "down", *"2", "down", *"1000", "ctrl+s")
        assert started == [["train", "lstm-attn", "--alpha", "0.05", "--epochs", "2", "--limit", "1000"]]
        assert screen not in app.screen_stack


async def test_what_is_wrong_is_said_while_typing_and_nothing_starts(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test() as pilot:
        screen = await opened(pilot)
        await pilot.press(*"-1")
        await pilot.pause(0.3)
        assert "--alpha" in told(screen)
        assert screen.form.widgets["alpha"].has_class("wrong")
        assert screen.query_one("#start").disabled
        await pilot.press("ctrl+s")
        assert started == []
        await pilot.press("backspace", "backspace", *"0.1")
        await pilot.pause(0.3)
        assert told(screen).endswith("$ tmeattn train lstm-attn --alpha 0.1")
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
        await pilot.pause(0.3)
        assert "hidden_size" not in screen.form.widgets
        assert "alpha" not in screen.form.widgets  # a model without attention has no entropy to penalise
        assert screen.form.given() == {"epochs": "3"}


async def test_choices_turn_with_the_arrows_and_skip_the_default(started):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await opened(pilot)
        recipe = screen.form.widgets["recipe"]
        recipe.focus()
        await pilot.press("right")
        await pilot.pause(0.3)
        assert recipe.value == "report"
        assert screen.form.widgets["epochs"].placeholder == "50"  # the recipe's own
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
        await pilot.pause(0.3)
        assert "gone:Config cannot be loaded" in told(screen)
        assert screen.query_one("#start").disabled


def test_every_option_of_the_command_line_is_in_the_form():
    own, common = form.fields_of("transformer")
    names = {field.name for field in (*own, *common)}
    assert {"heads", "pool", "narrow_heads", "alpha", "threads", "checkpoint_every", "patience"} <= names
    assert next(field for field in own if field.name == "pool").choices == ("mean", "cls")
    assert next(field for field in own if field.name == "narrow_heads").off == "--no-narrow-heads"
    assert next(field for field in common if field.name == "tune_embeddings").off == "--freeze-embeddings"


def test_the_command_line_means_the_same_as_the_form(planted):
    import click

    from tmeattn.cli.train import train_command
    from tmeattn.registry import registry
    from tmeattn.specs import ModelSpec

    given = {"alpha": "0.1", "narrow_heads": "true", "tune_embeddings": "false", "heads": "2", "pool": "cls"}
    own, common = form.fields_of("transformer")
    switches = {field.name: field.off for field in (*own, *common) if field.off}
    arguments = processes.train_arguments("transformer", given, switches=switches, name="x")
    command = train_command(registry().get(ModelSpec, "transformer"))
    with click.Context(command) as context:
        command.parse_args(context, arguments[2:])
    values = {key: value for key, value in context.params.items() if value not in (None, False, ()) and key != "name"}
    values["tune_embeddings"] = context.params["tune_embeddings"]
    assert form.resolve_run("transformer", values) == form.resolve_run("transformer", given)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "About 16 s per epoch, 1 min 18 s for 5 epochs (from aaaa-lstm-attn on 1,280 texts)."),
        ({"limit": 640, "epochs": 1}, "About 5.0 s per epoch, 5.0 s for 1 epoch (from aaaa-lstm-attn on 1,280 texts)."),
        ({"hidden_size": 50, "limit": 640, "epochs": 1}, "which differs in hidden-size"),
    ],
)
def test_time_is_that_of_the_most_similar_run_scaled_by_texts(write_run, options, said):
    runs = [write_run("aaaa-lstm-attn", limit=1280), write_run("bbbb-lstm-attn", limit=1280, max_length=100)]
    whole = write_run("cccc-mean", model="mean", done=1)
    (whole.events_path).write_text(whole.events_path.read_text().replace('"train_texts":1280', '"train_texts":2000'))
    found = [RunState(run) for run in (*runs, whole)]
    for one in found:
        one.refresh()
    assert said in form.estimate(form.resolve_run("lstm-attn", options), found)


def test_time_is_that_of_a_run_with_as_many_threads_or_says_that_it_is_not(write_run, monkeypatch):
    runs = [write_run("aaaa-lstm-attn", limit=1280, max_length=100), write_run("bbbb-lstm-attn", limit=1280)]
    runs[1].events_path.write_text(runs[1].events_path.read_text().replace('"threads":2', '"threads":1'))
    found = [RunState(run) for run in runs]
    for one in found:
        one.refresh()
    config = form.resolve_run("lstm-attn", {"limit": 1280, "threads": 2})
    assert "(from aaaa-lstm-attn on 1,280 texts, which differs in max-length)" in form.estimate(config, found)
    assert "(from bbbb-lstm-attn on 1,280 texts, which differs in threads (1, not 2))" in form.estimate(
        config, found[1:]
    )
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # what training takes where none are asked for
    assert "(from bbbb-lstm-attn on 1,280 texts)" in form.estimate(
        form.resolve_run("lstm-attn", {"limit": 1280}), found
    )


def test_time_is_unknown_where_nothing_is_known(write_run):
    assert "unknown" in form.estimate(form.resolve_run("lstm-attn", {}), [])
    one = RunState(write_run("aaaa-lstm-attn", limit=1280))
    one.refresh()
    assert "no run on all texts" in form.estimate(form.resolve_run("lstm-attn", {}), [one])


def test_a_run_gives_back_the_options_that_made_it(write_run):
    run: RunDirectory = write_run("aaaa-lstm-attn", hidden_size=30, recipe="report", epochs=7)
    given = form.given_by(run.config)
    assert given == {"recipe": "report", "alpha": "0.05", "alpha_warmup": "1", "hidden_size": "30", "epochs": "7"}


def test_an_error_points_at_its_option():
    fields = [form.FormField("alpha", ""), form.FormField("alpha_warmup", "")]
    assert form.at_fault(BadInput("--alpha-warmup 3 is longer than the run."), fields) == "alpha_warmup"
    assert form.at_fault(BadInput("No such thing."), fields) is None
