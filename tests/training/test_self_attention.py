"""Training self-attention: which path runs, what is said of its attention, and bfloat16."""

import pytest
import torch
from safetensors.torch import load_file

from tmeattn.errors import Interrupted
from tmeattn.models.transformer import SelfAttention
from tmeattn.runs.index import all_runs
from tmeattn.specs import ModelOutput
from tmeattn.training import precision
from tmeattn.training.precision import autocast, full_precision, supports_bf16
from tmeattn.training.session import resume, start

SMALL = {"layers": 2, "heads": 2, "dropout": 0.0, "input_dropout": 0.0, "lr": 0.01, "epochs": 2, "patience": 0}


def learn(planted, **options):
    events = []
    run = start("transformer", {**planted, **SMALL, **options}, listeners=[events.append])
    return run, [event for event in events if event["kind"] == "epoch"], events


@pytest.fixture
def paths(monkeypatch):
    """Which path every training step took: True where maps were made."""
    taken = []
    forward = SelfAttention.forward

    def spy(self, x_BSD, key_mask_BS, need_map):
        if self.training:
            taken.append(need_map)
        return forward(self, x_BSD, key_mask_BS, need_map)

    monkeypatch.setattr(SelfAttention, "forward", spy)
    return taken


def test_it_learns_the_planted_words(planted):
    _, epochs, _ = learn(planted, epochs=30, positions="sinusoidal", pool="cls")
    assert max(epoch["validation"]["accuracy"] for epoch in epochs) == 1


def test_without_alpha_it_trains_on_the_fused_path_and_samples_its_entropy(planted, paths):
    _, (epoch, _), _ = learn(planted)
    assert set(paths) == {False}
    assert epoch["train"]["entropy"] is None
    assert sum(epoch["validation"]["histogram"]["counts"]) == 16  # fewer than 512: all of them
    heads = epoch["validation"]["heads"]
    assert [len(layer) for layer in heads] == [2, 2]
    assert epoch["validation"]["entropy"] == pytest.approx(sum(map(sum, heads)) / 4, abs=1e-5)


def test_with_alpha_every_step_makes_maps_and_the_entropy_falls(planted, paths):
    _, free, _ = learn(planted, epochs=8)
    paths.clear()
    _, penalised, _ = learn(planted, epochs=8, alpha=1.0, alpha_warmup=0.0)
    assert set(paths) == {True}
    assert penalised[-1]["train"]["entropy"] is not None
    assert penalised[-1]["validation"]["entropy"] < 0.8 * free[-1]["validation"]["entropy"]
    part = penalised[-1]["validation"]
    assert part["loss"] == pytest.approx(part["cross_entropy"] + part["entropy"], rel=1e-4)


def test_cls_counts_among_the_words_that_share_attention(planted):
    _, epochs, _ = learn(planted, pool="cls", epochs=1)
    assert epochs[0]["validation"]["normalized_entropy"] <= 1  # ln(n + 1), not ln n


def test_a_resumed_transformer_ends_as_one_that_never_stopped(planted):
    options = {**planted, **SMALL, "epochs": 3, "pool": "cls", "positions": "sinusoidal", "dropout": 0.2}
    expected = start("transformer", options).events()[-1]

    def stop(event):
        if event["kind"] == "epoch":
            (all_runs()[0].path / "control" / "stop").touch()

    with pytest.raises(Interrupted):
        start("transformer", options, listeners=[stop])
    (stopped,) = [run for run in all_runs() if run.state() == "stopped"]
    found = resume(stopped).events()[-1]
    assert (found["step"], found["best_accuracy"]) == (expected["step"], expected["best_accuracy"])


# precision


def test_bf16_products_and_full_precision_outputs():
    linear, x = torch.nn.Linear(4, 3), torch.randn(2, 4)
    with autocast("bf16", torch.device("cpu")):
        assert linear(x).dtype == torch.bfloat16
        output = full_precision(ModelOutput(linear(x), linear(x), (linear(x),)))
    assert {output.logits_BC.dtype, output.attention_BT.dtype, output.maps[0].dtype} == {torch.float32}
    with autocast("float32", torch.device("cpu")):
        assert linear(x).dtype == torch.float32


HAS_BF16 = supports_bf16(torch.device("cpu"))
"""Elsewhere torch still multiplies bfloat16 matrices, slowly; its LSTM refuses."""


@pytest.mark.parametrize(
    "model",
    [
        "simple-attn",
        pytest.param("lstm-attn", marks=pytest.mark.skipif(not HAS_BF16, reason="this CPU has no bfloat16 LSTM")),
        "transformer",
    ],
)
def test_every_kind_of_model_trains_in_bf16_with_weights_in_float32(planted, model, monkeypatch):
    monkeypatch.setattr("tmeattn.training.build_trainer.supports_bf16", lambda device: True)
    run = start(model, {**planted, "precision": "bf16", "alpha": 0.01, "alpha_warmup": 0.0})
    kinds = [event["kind"] for event in run.events()]
    assert (kinds[-1], "warning" in kinds) == ("finished", False)
    weights = load_file(run.checkpoints / "last.safetensors")
    assert {value.dtype for name, value in weights.items() if name.startswith("model.")} == {torch.float32}


def test_without_bf16_it_warns_and_trains_in_float32(planted, monkeypatch):
    monkeypatch.setattr("tmeattn.training.build_trainer.supports_bf16", lambda device: False)
    seen = []
    monkeypatch.setattr(
        "tmeattn.training.batch_gradient.autocast",
        lambda kind, device: seen.append(kind) or precision.autocast(kind, device),
    )
    run, _, _ = learn(planted, precision="bf16", epochs=1)
    (warning,) = [event["message"] for event in run.events() if event["kind"] == "warning"]
    assert warning == "The cpu device does not support bfloat16: the run is trained in float32."
    assert seen == ["float32"]


def test_whether_a_device_has_bf16_is_asked_of_it(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: not including_emulation)
    assert supports_bf16(torch.device("cuda"))
    assert not supports_bf16(torch.device("mps"))
    assert isinstance(supports_bf16(torch.device("cpu")), bool)
