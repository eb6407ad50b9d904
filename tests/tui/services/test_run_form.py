"""The form of a new run without its widgets: its fields, its checks, and the expected time per epoch."""

import pytest

from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.services import processes
from tmeattn.tui.services import run_form as form
from tmeattn.tui.services.run_list import RunList


@pytest.fixture(autouse=True)
def data_is_there(monkeypatch):
    monkeypatch.setattr(form, "open_dataset", lambda name: None)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # as the runs had, whatever this machine has


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


def listed(*runs):
    """These runs as the list of runs has them."""
    listing = RunList()
    while not listing.caught_up:
        listing.refresh()
    return [listing.runs[run.id] for run in runs]


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
    found = listed(*runs, whole)
    assert said in form.estimate(form.resolve_run("lstm-attn", options), found)


def test_time_is_that_of_the_epochs_that_few_texts_have(write_run):
    run = write_run("aaaa-lstm-attn", limit=1280)
    path = run.path / "run.json"
    path.write_text(path.read_text().replace('"imdb-25k"', '"rotten-tomatoes"'))
    config, found = form.resolve_run("lstm-attn", {"dataset": "rotten-tomatoes", "limit": 640}), listed(run)
    assert "5.0 s per epoch, 25 s for 5 epochs (" in form.estimate(config, found)
    assert "5.0 s per epoch, 5 min 00 s for at most 60 epochs (" in form.estimate(config, found, fits=True)


def test_the_defaults_of_few_texts_are_those_that_training_chooses(write_run):
    run = write_run("aaaa-mean", model="mean")
    for path in (run.path / "run.json", run.events_path):
        path.write_text(path.read_text().replace('"imdb-25k"', '"rotten-tomatoes"'))
    found = listed(run)
    of = {"dataset": "rotten-tomatoes"}

    def shown(given, runs=()):
        defaults = form.shown_defaults("lstm-attn", given, runs)
        return defaults["epochs"], defaults["patience"]

    assert shown({"limit": "640"}) == ("5", "3")  # the recipes were tuned on imdb-25k
    assert shown(of) == ("5 or more", "3 or more")
    assert shown({**of, "limit": "900"}) == ("40 for 900 texts", "7 for 900 texts")
    assert shown({**of, "limit": "5000"}, found) == ("30 for 1,280 texts", "5 for 1,280 texts")  # it has no more
    assert shown({**of, "limit": "640", "batch_size": "16"}, found) == ("15 for 640 texts", "3")
    assert shown({**of, "limit": "900", "epochs": "2"}) == ("5", "3")
    assert shown({**of, "limit": "many"}) == ("5", "3")
    assert shown({**of, "limit": "900", "recipe": "report"}) == ("200", "15")


def test_time_is_that_of_a_run_with_as_many_threads_or_says_that_it_is_not(write_run, monkeypatch):
    runs = [write_run("aaaa-lstm-attn", limit=1280, max_length=100), write_run("bbbb-lstm-attn", limit=1280)]
    runs[1].events_path.write_text(runs[1].events_path.read_text().replace('"threads":2', '"threads":1'))
    found = listed(*runs)
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
    found = listed(write_run("aaaa-lstm-attn", limit=1280))
    assert "no run on all texts" in form.estimate(form.resolve_run("lstm-attn", {}), found)


def test_a_run_gives_back_the_options_that_made_it(write_run):
    run: RunDirectory = write_run("aaaa-lstm-attn", hidden_size=30, recipe="report", epochs=7)
    given = form.given_by(run.config)
    assert given == {"recipe": "report", "alpha": "0.05", "alpha_warmup": "1", "hidden_size": "30", "epochs": "7"}


def test_an_error_points_at_its_option():
    fields = [form.FormField("alpha", ""), form.FormField("alpha_warmup", "")]
    assert form.named_in("--alpha-warmup 3 is longer than the run.", fields) == "alpha_warmup"
    assert form.named_in("No such thing.", fields) is None
