"""A CUDA GPU trains and resumes like the CPU. On a computer without one, all of it is skipped."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import QUICK
from safetensors.torch import load_file
from support.gpu_models import CUDA, MODELS, UNTRAINED, batch, built, on_gpu, spec_name
from torch import nn

import tmeattn
from tmeattn.data.encoding.batches import Batch, Share
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.errors import EnvironmentProblem, Interrupted
from tmeattn.evaluation.evaluate import attention_of_split
from tmeattn.models.gpu import kept_random_state, repeatable, unrepeatable_operation
from tmeattn.paths import runs_dir
from tmeattn.run_config import resolve_run
from tmeattn.runs.control import request
from tmeattn.runs.directory import RunDirectory
from tmeattn.training.batch_gradient import BatchGradient
from tmeattn.training.distributed.devices import device_of
from tmeattn.training.session import resume, start

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU")

PACE = {"time", "seconds", "tokens_per_second", "cpu", "memory"}


def options(name, planted, **more):
    of_model = {**MODELS[name]}
    if name not in UNTRAINED:
        of_model |= {"dropout": 0.3, "input_dropout": 0.2, "lr": 0.01}
    return {
        **planted,
        **of_model,
        "device": CUDA,
        "epochs": 3,
        "patience": 0,
        "batch_size": 4,
        "max_length": 12,
        **more,
    }


def tensors(run, name="last"):
    found = load_file(run.checkpoints / f"{name}.safetensors")
    return {key: value for key, value in found.items() if key.split(".")[0] in ("model", "optimizer", "random")}


def happened(run):
    """The events without the clock and without fixed checkpoints."""
    kinds = ("step", "epoch", "entropy", "watched", "watched_step", "finished")
    return [{key: value for key, value in event.items() if key not in PACE} for event in run.events(*kinds)]


def differences(run, other):
    """The names of tensors, and the events, that differ between two runs."""
    found = []
    for name in ("last", "best"):
        one, two = tensors(run, name), tensors(other, name)
        assert one.keys() == two.keys()
        found += [f"{name}: {key}" for key in one if not torch.equal(one[key], two[key])]
    events, others = happened(run), happened(other)
    assert len(events) == len(others)
    return found + [str(one)[:200] for one, two in zip(events, others, strict=True) if one != two]


def interrupted(name, wanted, at):
    """A run that was stopped in the step `at` and resumed."""
    return resume(stopped(name, wanted, at))


def stopped(name, wanted, at):
    """A run that was stopped in the step `at`, of which there is an event `step`."""
    runs = []

    def ask_to_stop(event):
        if event["kind"] == "started":
            runs.append(RunDirectory(runs_dir() / event["run"]))
        if event["kind"] == "step" and event["step"] == at:
            request(runs[0], "stop")

    with pytest.raises(Interrupted):
        start(spec_name(name), wanted, listeners=[ask_to_stop])
    assert [event["step"] for event in runs[0].events("stopped")] == [at]
    return runs[0]


def pools(name):
    return name.endswith("-attn")


@pytest.mark.parametrize(
    ("name", "alpha"),
    [(name, 0.0) for name in MODELS if name not in UNTRAINED]
    + [(name, 0.02) for name in MODELS if pools(name) or name.startswith("transformer")],
)
def test_a_resumed_run_equals_an_uninterrupted_one(name, alpha, planted):
    """Bit for bit, with dropout: a GPU computes a step of a training the same each time (`models.gpu.repeatable`)."""
    wanted = options(name, planted, alpha=alpha, batch_entropy=pools(name))
    whole = start(spec_name(name), wanted)
    assert "random.cuda" in tensors(whole)
    assert whole.events("warning") == []
    assert whole.events("started")[0]["device"] == CUDA
    entropies = [event["entropy"] for event in whole.events("entropy") if event["split"] == "train"]
    assert len(entropies) == (3 * 16 if pools(name) else 0)
    assert all(np.isfinite(entropies))
    epochs = whole.events("epoch")
    assert [event["validation"]["entropy"] is None for event in epochs] == [name in ("mean", "lstm")] * 3
    assert len(whole.events("watched")) == 3
    assert differences(interrupted(name, wanted, 20), whole) == []


@pytest.mark.parametrize("name", ["lstm-attn", "transformer", "transformer-cls"])
def test_bf16_trains_and_resumes_exactly(name, planted):
    wanted = options(name, planted, precision="bf16", epochs=4)
    whole = start(spec_name(name), wanted)
    assert whole.events("warning") == []
    losses = [event["train"]["loss"] for event in whole.events("epoch")]
    assert losses[-1] < losses[0]
    assert all(value.dtype == torch.float32 for key, value in tensors(whole).items() if key.startswith("model"))
    assert differences(interrupted(name, wanted, 20), whole) == []


def test_nb_logreg_on_the_gpu_is_that_of_the_cpu(planted):
    here = start("nb-logreg", {**options("nb-logreg", planted), "device": "cpu"})
    there = start("nb-logreg", options("nb-logreg", planted))
    (own,), (reference,) = there.events("epoch"), here.events("epoch")
    assert own["validation"]["accuracy"] == reference["validation"]["accuracy"]
    assert own["validation"]["loss"] == pytest.approx(reference["validation"]["loss"], abs=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_a_run_of_one_device_predicts_and_continues_on_the_other(name, planted):
    """Without dropout the devices also learn the same, apart from rounding."""
    still = {} if name in UNTRAINED else {"dropout": 0.0, "input_dropout": 0.0}
    wanted = options(name, planted, **still)
    texts = ["the film was good", "a bad story", "xyzzy", "good good plot of the film and a very long rest of it all"]
    found = {}
    for device in (CUDA, "cpu"):
        run = start(spec_name(name), {**wanted, "device": device})
        both = {on: tmeattn.load(run.id, device=on).predict_proba(texts) for on in (CUDA, "cpu")}
        assert np.abs(both[CUDA] - both["cpu"]).max() < 1e-4
        found[device] = run.events("epoch")[-1]["train"]["loss"]
    assert found[CUDA] == pytest.approx(found["cpu"], abs=0.02)


@pytest.mark.parametrize("first", [CUDA, "cpu"])
def test_a_run_continues_on_the_other_device_and_says_so(first, planted, monkeypatch):
    """`--device auto` on a computer with a GPU and on one without."""
    wanted = options("transformer", planted, device="auto")
    with monkeypatch.context() as patch:
        if first == "cpu":
            patch.setattr(torch.cuda, "is_available", lambda: False)
        run = stopped("transformer", wanted, 20)
    if first == CUDA:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    then = "cpu" if first == CUDA else CUDA
    resume(run)
    (warning,) = run.events("warning")
    assert f"begun on {first} and continues on {then}" in warning["message"]
    assert len(run.events("epoch")) == 3
    assert np.isfinite(run.events("epoch")[-1]["train"]["loss"])


def test_measuring_the_attention_draws_nothing(planted):
    _, model, _ = built("transformer-cls")
    before = torch.cuda.get_rng_state()
    split = EncodedSplit(np.arange(2, 32, dtype=np.int32), np.arange(0, 31, 5), np.arange(6) % 3, np.arange(6))
    attention_of_split(on_gpu(model), split, max_length=20, device=torch.device(CUDA), attention="sample")
    with kept_random_state(torch.device(CUDA)):
        torch.rand(3, device=CUDA)
    assert torch.equal(torch.cuda.get_rng_state(), before)


def test_two_processes_on_one_gpu_are_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(EnvironmentProblem) as caught:
        device_of(CUDA, 0, 2)
    assert caught.value.message == "--processes: 2 processes need a GPU each, and this computer has 1 GPU."
    assert caught.value.hint == "Use --processes 1, or --device cpu."


@pytest.mark.slow
def test_the_command_refuses_two_processes_on_one_gpu(environment):
    command = [sys.executable, "-m", "tmeattn", "train", "mean", "--dataset", "planted", "--vectors", "random",
               "--device", CUDA, "--processes", str(torch.cuda.device_count() + 1), "--quiet"]  # fmt: skip
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 3, done.stderr
    assert "processes need a GPU each" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_training_on_the_cpu_does_not_begin_to_use_the_gpu(environment):
    code = (
        "import torch, tmeattn; from safetensors.torch import load_file; from tmeattn.training.session import start; "
        f"run = start('mean', {QUICK!r}); tmeattn.load(run.id).predict('good'); "
        "print(torch.cuda.is_initialized(), 'random.cuda' in load_file(run.checkpoints / 'last.safetensors'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split()[-2:] == ["False", "False"], done.stderr


def test_an_operation_without_a_repeatable_algorithm_is_said_once_and_the_training_goes_on():
    class Summed(nn.Module):
        """Its gradient adds numbers in any order on a GPU."""

        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(8))

        def forward(self, tokens, mask, need_maps=False):
            x = (tokens[:, None, None, :4].float() * self.weight.mean()).expand(-1, 1, 4, -1)
            pooled = nn.functional.interpolate(x, scale_factor=2.0, mode="bicubic").flatten(1)
            return tmeattn.ModelOutput(torch.stack([pooled.mean(dim=1), -pooled.std(dim=1)], dim=1))

    model, (tokens, mask) = Summed().cuda(), batch((4, 4))
    with pytest.raises(RuntimeError) as caught, repeatable():
        model(tokens.cuda(), mask.cuda()).logits_BC.sum().backward()
    assert "bicubic" in unrepeatable_operation(caught.value)
    warnings = []
    gradient = gradient_of(model, warnings.append)
    share = Share(Batch(tokens, mask, torch.tensor([0, 1]), np.arange(2)), np.arange(2))
    for _ in range(2):
        gradient.add(share, 0.0)
    assert len(warnings) == 1
    assert "bicubic" in warnings[0]
    assert model.weight.grad is not None
    assert torch.get_deterministic_debug_mode() == 0


def gradient_of(model, warn):
    train = SimpleNamespace(labels=np.array([0, 1]))
    corpus = SimpleNamespace(splits={"train": train}, classes=("a", "b"))
    run = resolve_run("mean", {})
    return BatchGradient(model, run.train, corpus, torch.device(CUDA), maps=False, processes=1, warn=warn)


def test_threads_share_one_model_on_the_gpu(planted):
    run = start("lstm-attn", options("lstm-attn", planted))
    model = tmeattn.load(run.id, device=CUDA)
    texts = ["the film was good", "a bad story"]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: model.predict_proba(texts), range(16)))
    reference = tmeattn.load(run.id).predict_proba(texts)
    assert all(np.abs(one - reference).max() < 1e-4 for one in found)
