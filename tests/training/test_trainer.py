import math

import pytest
import torch
from torch import nn

from tmeattn.config import TrainOptions
from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.models.layers import WordEmbedding
from tmeattn.paths import runs_dir
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import ModelOutput, Space
from tmeattn.training import checkpoint, schedule, trainer
from tmeattn.training.objective import objective
from tmeattn.training.optimizer import make_optimizer
from tmeattn.training.session import start
from tmeattn.training.trainer import Diverged


def learn(planted, model="simple-attn", **more):
    events = []
    options = {**planted, "epochs": 12, "lr": 0.05, "dropout": 0.0, "input_dropout": 0.0, "patience": 0, **more}
    run = start(model, options, listeners=[events.append])
    return run, [event for event in events if event["kind"] == "epoch"]


@pytest.mark.parametrize("model", ["mean", "simple-attn", "lstm", "lstm-attn"])
def test_every_model_learns_the_planted_words(planted, model):
    run, epochs = learn(planted, model, epochs=30)
    assert max(epoch["validation"]["accuracy"] for epoch in epochs) == 1
    assert run.status()["state"] == "finished"


def test_the_entropy_penalty_lowers_entropy(planted):
    _, free = learn(planted)
    _, penalised = learn(planted, alpha=0.3)
    assert penalised[-1]["validation"]["entropy"] < 0.7 * free[-1]["validation"]["entropy"]


def test_an_epoch_event_accounts_for_every_text_and_real_tokens_only(planted):
    _, (epoch, *_) = learn(planted, epochs=1)
    for part, texts in (("train", 64), ("validation", 16)):
        histogram = epoch[part]["histogram"]
        assert sum(histogram["counts"]) == texts
        assert len(histogram["counts"]) <= 64
        assert histogram["high"] == pytest.approx(math.log(planted["max_length"]))
        assert 0 <= epoch[part]["normalized_entropy"] <= 1


def test_models_without_attention_have_no_entropy(planted):
    _, (epoch, *_) = learn(planted, "mean", epochs=1)
    assert epoch["validation"]["entropy"] is None
    assert epoch["validation"]["histogram"] is None


def test_loss_is_cross_entropy_plus_alpha_times_mean_entropy(planted):
    _, epochs = learn(planted, alpha=0.2, alpha_warmup=0.0, epochs=2)
    for epoch in epochs:
        part = epoch["validation"]
        assert part["loss"] == pytest.approx(part["cross_entropy"] + 0.2 * part["entropy"], rel=1e-5)


def test_best_is_chosen_only_after_the_warm_up_of_alpha(planted):
    _, epochs = learn(planted, alpha=0.1, alpha_warmup=3.0, epochs=5)
    assert not any(epoch["best"] for epoch in epochs[:2])
    assert epochs[2]["best"]


def test_early_stopping_waits_for_patience_and_keeps_the_best(planted):
    run, epochs = learn(planted, epochs=200, patience=2)
    best = [epoch["epoch"] for epoch in epochs if epoch["best"]][-1]
    assert len(epochs) == best + 2
    kept = checkpoint.load(run.checkpoints, "best")
    assert kept.progress.best_epoch == best
    assert run.events()[-1]["reason"] == "patience"


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_good_checkpoint(planted):
    with pytest.raises(Diverged, match="diverged"):
        start("mean", {**planted, "optimizer": "sgd", "lr": 1e30, "clip_norm": 0, "checkpoint_every": 1, "epochs": 9})
    (run,) = [RunDirectory(path) for path in runs_dir().iterdir()]
    kept = checkpoint.load(run.checkpoints, "last")
    assert run.status()["state"] == "failed"
    assert run.events()[-1]["kind"] == "failed"
    assert kept.progress.step >= 1


def test_what_fails_before_training_leaves_no_run_behind(planted):
    with pytest.raises(BadInput):
        start("mean", {**planted, "limit": 1})
    with pytest.raises(BadInput):
        start("mean", {**planted, "vectors": "nowhere.txt"})
    assert not runs_dir().exists() or not list(runs_dir().iterdir())


def test_a_full_disk_at_checkpoint_time_is_one_clear_error_and_keeps_what_was_there(planted, monkeypatch):
    real, calls = checkpoint.write_atomically, []

    def full_after_four(path, data, *, durable=False):
        calls.append(path)
        if len(calls) > 4:
            raise OSError(28, "No space left on device")
        real(path, data, durable=durable)

    monkeypatch.setattr(checkpoint, "write_atomically", full_after_four)
    with pytest.raises(EnvironmentProblem, match="No space left"):
        start("mean", {**planted, "epochs": 9})
    (run,) = [RunDirectory(path) for path in runs_dir().iterdir()]
    assert checkpoint.load(run.checkpoints, "last").damaged == ()
    assert not list(run.checkpoints.glob("*.tmp"))
    assert run.status()["state"] == "failed"


def test_checkpoints_hold_no_pickle(planted):
    run, _ = learn(planted, epochs=1)
    for path in run.checkpoints.iterdir():
        assert path.suffix == ".safetensors"
        assert path.read_bytes()[8:9] == b"{"  # safetensors: eight bytes of length, then JSON


def test_a_frozen_embedding_is_not_trained(planted):
    run, _ = learn(planted, tune_embeddings=False, epochs=1)
    torch.manual_seed(0)
    before = WordEmbedding(Space(len(checkpoint.load(run.checkpoints, "last").tensors["model.embedding.weight"]), 2, 8))
    after = checkpoint.load(run.checkpoints, "last").tensors["model.embedding.weight"]
    assert torch.equal(before.weight, after)


def test_schedules_are_functions_of_the_step():
    options = TrainOptions(lr=0.1, epochs=10, alpha=0.5, alpha_warmup=2.0)
    rates = [schedule.learning_rate(options, step, 100) for step in range(1000)]
    assert max(rates) == pytest.approx(0.1 * (1 - 49 / 1000))
    assert rates[49:] == sorted(rates[49:], reverse=True)
    assert 0 < rates[-1] < 0.001
    assert [schedule.alpha(options, step, 100) for step in (0, 100, 200, 999)] == [0, 0.25, 0.5, 0.5]
    constant = TrainOptions(lr=0.1, lr_schedule="constant")
    assert {schedule.learning_rate(constant, step, 100) for step in range(0, 500, 50)} == {0.1}


def test_word_vectors_get_no_weight_decay():
    model = nn.ModuleDict({"e": WordEmbedding(Space(5, 2, 3)), "l": nn.Linear(3, 2)})
    groups = make_optimizer(model, TrainOptions(weight_decay=0.1)).param_groups
    assert [(group["weight_decay"], len(group["params"])) for group in groups] == [(0.1, 2), (0.0, 1)]


def test_without_alpha_entropy_is_measured_but_takes_no_part_in_the_gradient():
    scores = torch.zeros(1, 2, requires_grad=True)
    output = ModelOutput(torch.zeros(1, 2, requires_grad=True), torch.softmax(scores, dim=1))
    mask, labels = torch.ones(1, 2, dtype=torch.bool), torch.tensor([0])
    free = objective(output, labels, mask, 0.0)
    assert free.entropy_B.item() == pytest.approx(math.log(2))
    assert not free.entropy_B.requires_grad
    assert objective(output, labels, mask, 0.1).total.item() == pytest.approx(1.1 * math.log(2))


def test_step_events_have_the_gradient_norm_before_clipping_and_what_the_process_uses(planted):
    events, norms = [], []
    options = {**planted, "epochs": 2, "batch_size": 4, "clip_norm": 0.01}
    with pytest.MonkeyPatch.context() as patch:
        clip = trainer.clip_gradients
        patch.setattr(trainer, "clip_gradients", lambda *arguments: norms.append(clip(*arguments)) or norms[-1])
        start("simple-attn", options, listeners=[events.append])
    steps = [event for event in events if event["kind"] == "step"]
    assert [event["step"] for event in steps] == [10, 20, 30]
    assert [event["gradient_norm"] for event in steps] == [sum(norms[at : at + 10]) / 10 for at in (0, 10, 20)]
    assert all(event["gradient_norm"] > 0.01 for event in steps)
    assert all(event["cpu"] > 0 and event["memory"] > 1e6 for event in steps)
