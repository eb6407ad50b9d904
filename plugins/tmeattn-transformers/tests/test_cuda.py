"""On a CUDA GPU the encoder reads texts and trains as on the CPU. Without a GPU, all of it is skipped."""

import copy

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tmeattn_transformers import Config
from tmeattn_transformers.model import build

import tmeattn
from tmeattn.data.encoding.batches import collate
from tmeattn.errors import Interrupted
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.models.building import choose_device
from tmeattn.paths import runs_dir
from tmeattn.runs.control import request
from tmeattn.runs.directory import RunDirectory
from tmeattn.testing import sandbox
from tmeattn.testing.toy import QUICK, dataset_name
from tmeattn.training.session import resume, start

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU")

CUDA = "cuda"
PACE = {"time", "seconds", "tokens_per_second", "cpu", "memory"}
KINDS = {
    "all": {},
    "all, mean": {"pool": "mean"},
    "one layer, cls": {"tune_layers": 1, "pool": "cls"},
    "frozen": {"freeze_encoder": True},
    "frozen, mean": {"freeze_encoder": True, "pool": "mean"},
}


@pytest.mark.parametrize("pool", ["attention", "mean", "cls"])
@torch.inference_mode()
def test_what_the_encoder_reads_is_what_it_reads_on_the_cpu(checkpoint, pool):
    torch.manual_seed(0)
    model = build(Config(checkpoint=str(checkpoint), pool=pool), tmeattn.Space(80, 2, 4)).eval()
    other = copy.deepcopy(model).to(choose_device(CUDA))
    tokens, mask = collate([np.array([7, 8, 9, 10, 11, 12]), np.array([9, 1]), np.array([20, 21, 22])], 40)
    for need_maps in (False, True):
        here, there = model(tokens, mask, need_maps=need_maps), other(tokens.cuda(), mask.cuda(), need_maps=need_maps)
        pairs = [(here.logits_BC, there.logits_BC)]
        if pool == "attention":
            pairs.append((here.attention_BT, there.attention_BT))
        pairs += zip(here.maps or (), there.maps or (), strict=True)
        pairs += zip(here.values or (), there.values or (), strict=True)
        for one, two in pairs:
            assert two.device.type == CUDA
            torch.testing.assert_close(two.cpu(), one, atol=1e-4, rtol=1e-4)
    assert len(there.maps) > 0


def options(checkpoint, **more):
    rates = {"lr": 0.01, "encoder_lr": 0.01, "dropout": 0.2}
    return {
        **QUICK,
        "dataset": dataset_name(2),
        "checkpoint": str(checkpoint),
        "device": CUDA,
        "epochs": 4,
        **rates,
        **more,
    }


def interrupted(wanted):
    """A run that was stopped after a step within an epoch and resumed."""
    runs = []

    def ask_to_stop(event):
        if event["kind"] == "started":
            runs.append(RunDirectory(runs_dir() / event["run"]))
        if event["kind"] == "step" and event["step"] == 10:
            request(runs[0], "stop")

    with pytest.raises(Interrupted):
        start("encoder", wanted, listeners=[ask_to_stop])
    return resume(runs[0])


def content(run):
    """The weights, the states of the optimiser and of the random numbers, and the events without the clock."""
    kinds = ("step", "epoch", "watched", "watched_step", "finished")
    events = [{key: value for key, value in event.items() if key not in PACE} for event in run.events(*kinds)]
    return load_file(run.checkpoints / "last.safetensors"), events


@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_resumed_run_equals_an_uninterrupted_one(checkpoint, kind, precision):
    with sandbox():
        wanted = options(checkpoint, precision=precision, **KINDS[kind])
        whole = start("encoder", wanted)
        assert whole.events("started")[0]["device"] == CUDA
        assert whole.events("warning") == []
        (tensors, events), (others, other_events) = content(whole), content(interrupted(wanted))
        assert "random.cuda" in tensors
        assert [name for name in tensors if not torch.equal(tensors[name], others[name])] == []
        assert events == other_events
        assert [event["kind"] for event in events].count("epoch") == 4
        texts = ["good film", "a bad film of the kind"]
        here, there = (TrainedClassifier(whole, device=device).probabilities(texts) for device in ("cpu", CUDA))
        assert np.abs(here - there).max() < 1e-3


def test_states_of_the_gpu_are_read_by_a_training_on_the_cpu_and_the_other_way(checkpoint):
    for first, second in ((CUDA, "cpu"), ("cpu", CUDA)):
        with sandbox():
            frozen = {"freeze_encoder": True, "dropout": 0.0}
            said = []
            start("encoder", options(checkpoint, **frozen, device=first))
            run = start("encoder", options(checkpoint, **frozen, device=second), narrate=said.append)
            assert any("are read from the cache" in line for line in said)
            uncached = start("encoder", options(checkpoint, **frozen, device=second, cache_states=False))
            losses = [one.events("epoch")[-1]["train"]["loss"] for one in (run, uncached)]
            assert losses[0] == pytest.approx(losses[1], abs=5e-3)


def test_an_entropy_penalty_on_the_maps_trains(checkpoint):
    with sandbox():
        run = start("encoder", options(checkpoint, pool="cls", alpha=0.05))
        entropies = [event["validation"]["entropy"] for event in run.events("epoch")]
        assert all(np.isfinite(entropies))
        assert run.events("epoch")[-1]["train"]["loss"] < run.events("epoch")[0]["train"]["loss"]
        assert run.events("warning") == []
