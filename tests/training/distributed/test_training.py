"""A training by several processes equals that of one, up to the order of sums. The processes are threads here."""

import pytest
import torch
from safetensors.torch import load_file
from support.ranks import ThreadFollower

from tmeattn.config import TrainOptions
from tmeattn.errors import BadInput, EnvironmentProblem, Interrupted
from tmeattn.models.configs import NbLogregConfig
from tmeattn.registry import registry
from tmeattn.run_config import config_class, resolve_run
from tmeattn.runs.control import request
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import ModelSpec
from tmeattn.training import prepared as prepared_module
from tmeattn.training.session import resume, start
from tmeattn.training.trainer import Diverged, Trainer

MODELS = ["mean", "simple-attn", "query-attn", "lstm", "lstm-attn", "transformer", "nb-logreg"]


@pytest.fixture(autouse=True)
def threads(monkeypatch):
    monkeypatch.setattr("tmeattn.training.distributed.launch.Follower", ThreadFollower)


def options_of(model, planted, **more):
    """Batches of 10, 10, ..., 4 texts; no dropout, because threads share torch's random state."""
    own = config_class(registry().get(ModelSpec, model)).model_fields
    without = {name: 0.0 for name in own if name.endswith("dropout")}
    if model == "transformer":  # AdamW scales up the gradient of the keys' bias, which is zero but for rounding
        more = {"optimizer": "sgd", "momentum": 0.9, **more}
    return {**planted, "epochs": 2, "batch_size": 10, "lr": 0.02, **without, **more}


def weights(run, name="last"):
    return {
        key: value
        for key, value in load_file(run.checkpoints / f"{name}.safetensors").items()
        if not key.startswith("random")
    }


def events(run, *kinds):
    clock = {"time", "seconds", "tokens_per_second", "cpu", "memory", "run", "processes"}
    return [{key: value for key, value in event.items() if key not in clock} for event in run.events(*kinds)]


def assert_alike(run, other):
    one, two = weights(run), weights(other)
    assert one.keys() == two.keys()
    for name, value in one.items():
        torch.testing.assert_close(value, two[name], rtol=1e-3, atol=1e-5, msg=name)
    for kind in ("started", "entropy", "step", "epoch", "watched", "watched_step", "finished"):
        found, wanted = events(run, kind), events(other, kind)
        assert len(found) == len(wanted), kind
        for event, expected in zip(found, wanted, strict=True):
            assert_close(event, expected)


def assert_close(found, expected):
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name in expected.keys() - {"counts"}:  # of a histogram: a value at the edge of a bin
            assert_close(found[name], expected[name])
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=2e-3, abs=1e-4)
    else:
        assert found == expected


@pytest.mark.parametrize("model", MODELS)
def test_three_processes_train_every_model_as_one(planted, model):
    options = options_of(model, planted)
    alone, together = start(model, options), start(model, {**options, "processes": 3})
    assert together.config["train"]["processes"] == 3
    assert together.status()["state"] == "finished"
    assert_alike(together, alone)


@pytest.mark.parametrize(
    "more",
    [
        {"balance": "weights", "alpha": 0.1, "alpha_warmup": 0.0},
        {"balance": "sampling", "batch_entropy": True},
        {"tune_embeddings": False, "optimizer": "sgd", "momentum": 0.9},
        {"uniform_attention": True, "clip_norm": 0.1},
        {"word_dropout_erasure": True, "batch_size": 9},
        {"batch_size": 63},  # the last batch has one text, fewer than there are processes
    ],
    ids=lambda more: "-".join(more),
)
def test_options_mean_the_same(planted, more):
    options = options_of("simple-attn", planted, **more)
    assert_alike(start("simple-attn", {**options, "processes": 2}), start("simple-attn", options))


def test_self_attention_with_a_penalty(planted):
    options = options_of("transformer", planted, alpha=0.05, alpha_warmup=0.0)
    assert_alike(start("transformer", {**options, "processes": 2}), start("transformer", options))


def test_prepare_runs_once(planted, monkeypatch):
    calls = []
    real = prepared_module.prepare
    monkeypatch.setattr(
        "tmeattn.training.build_trainer.prepare", lambda *arguments: calls.append(1) or real(*arguments)
    )
    start("nb-logreg", {**planted, "processes": 3})
    assert calls == [1]
    assert NbLogregConfig  # its prepared arrays reached the others, whose evaluation needs them


def test_a_resumed_run_equals_an_undisturbed_one(planted):
    options = options_of("lstm-attn", planted, processes=2, checkpoint_every=3)
    undisturbed = start("lstm-attn", options)

    def stop(event):
        if event["kind"] == "step":
            request(stopped_run(), "stop")

    with pytest.raises(Interrupted):
        start("lstm-attn", options, listeners=[stop])
    run = stopped_run(exclude=undisturbed)
    assert run.status()["state"] == "stopped"
    assert run.events("stopped")[0]["reason"] == "request"
    assert resume(run).events("resumed")[0]["processes"] == 2
    assert weights(run).keys() == weights(undisturbed).keys()
    assert all(torch.equal(value, weights(undisturbed)[name]) for name, value in weights(run).items())
    assert events(run, "epoch", "watched") == events(undisturbed, "epoch", "watched")


def stopped_run(exclude=None):
    from tmeattn.paths import runs_dir

    runs = [path for path in runs_dir().iterdir() if path.is_dir() and (exclude is None or path != exclude.path)]
    return RunDirectory(max(runs, key=lambda path: path.stat().st_ctime_ns))


def test_another_number_of_processes_continues_with_a_note(planted):
    options = options_of("simple-attn", planted, processes=3, checkpoint_every=3)

    def stop(event):
        if event["kind"] == "checkpoint":
            request(stopped_run(), "stop")

    with pytest.raises(Interrupted):
        start("simple-attn", options, listeners=[stop])
    run = resume(stopped_run(), processes=2)
    (warning,) = run.events("warning")
    assert "was trained by 3 processes and continues with 2" in warning["message"]
    assert_alike_weights(run, start("simple-attn", {**options, "processes": 1}))


def assert_alike_weights(run, other):
    for name, value in weights(run).items():
        torch.testing.assert_close(value, weights(other)[name], rtol=1e-3, atol=1e-5)


def test_a_divergence_ends_all(planted):
    options = {**planted, "optimizer": "sgd", "lr": 1e30, "clip_norm": 0, "epochs": 9, "processes": 2}
    with pytest.raises(Diverged, match="diverged"):
        start("mean", options)


def test_a_process_without_the_data_is_named_and_nothing_is_left(planted, monkeypatch, isolated):
    def fail(*_):
        raise EnvironmentProblem("The dataset is not installed.", hint="Fetch it.")

    monkeypatch.setattr("tmeattn.training.distributed.job.dataset_of", fail)
    with pytest.raises(EnvironmentProblem, match=r"^Rank 1 on \S+: The dataset is not installed. Fetch it.$"):
        start("mean", {**planted, "processes": 2})
    assert not list((isolated / "runs").glob("*-mean"))


def test_other_data_are_told(planted, monkeypatch):
    from tmeattn.training.distributed.job import Job

    real = Job.of
    monkeypatch.setattr(Job, "of", staticmethod(lambda *parts: Job(**{**vars(real(*parts)), "corpus": "other"})))
    with pytest.raises(BadInput, match=r"Rank 1 on \S+: The data planted on \S+ differ from those of rank 0"):
        start("mean", {**planted, "processes": 2})


def test_an_error_of_another_process_in_a_step_is_told(planted, monkeypatch):
    step = Trainer._step

    def fail(self, share):
        if self.group.rank == 1 and self.progress.step == 2:
            raise ValueError("broken")
        step(self, share)

    monkeypatch.setattr(Trainer, "_step", fail)
    with pytest.raises(Exception, match=r"Rank 1 on \S+: ValueError: broken"):
        start("mean", {**planted, "processes": 2})
    run = stopped_run()
    assert run.state() == "failed"
    assert "broken" in run.status()["message"]


@pytest.mark.parametrize("processes", [0, -1, 5000, "many"])
def test_wrong_numbers(planted, processes):
    with pytest.raises(BadInput, match="--processes"):
        resolve_run("mean", {**planted, "processes": processes})


def test_more_processes_than_texts_in_a_batch(planted):
    with pytest.raises(BadInput, match="--processes 17 is more than the 16 texts of a batch"):
        start("mean", {**planted, "processes": 17})
    assert TrainOptions().processes == 1


def test_more_processes_than_cores_are_noted(planted, monkeypatch):
    monkeypatch.setattr("tmeattn.training.distributed.sizes.available_cores", lambda: 1)
    said = []
    start("mean", {**planted, "processes": 2}, narrate=said.append)
    assert "2 processes share 1 core: fewer are faster." in said
