"""What a training does on a GPU, tried on the CPU with stand-ins; tests/training/test_cuda.py tries it on a GPU."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import tmeattn
from tmeattn.data.encoding.batches import Batch, Share
from tmeattn.errors import Interrupted
from tmeattn.models.building import choose_device
from tmeattn.models.gpu import repeatable, unrepeatable_operation
from tmeattn.paths import runs_dir
from tmeattn.run_config import resolve_run
from tmeattn.runs.control import request
from tmeattn.runs.directory import RunDirectory
from tmeattn.training.batch_gradient import BatchGradient
from tmeattn.training.checkpoint import random_state, set_random_state
from tmeattn.training.session import resume, start

REFUSED = (
    "cumsum_cuda_kernel does not have a deterministic implementation, but you set "
    "'torch.use_deterministic_algorithms(True)'. You can turn off determinism just for this operation."
)


def test_a_process_that_uses_no_gpu_does_not_begin_to_for_a_checkpoint(monkeypatch):
    def refuse(*arguments):
        raise AssertionError("the GPU was used")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state", refuse)
    monkeypatch.setattr(torch.cuda, "set_rng_state", refuse)
    states = random_state()
    assert list(states) == ["cpu"]
    torch.rand(3)
    set_random_state(states | {"cuda": torch.zeros(16, dtype=torch.uint8)})
    assert torch.equal(torch.get_rng_state(), states["cpu"])


def test_a_process_that_uses_a_gpu_keeps_the_state_of_both(monkeypatch):
    state, given = torch.arange(16, dtype=torch.uint8), []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda: state)
    monkeypatch.setattr(torch.cuda, "set_rng_state", given.append)
    states = random_state()
    set_random_state(states)
    assert given == [state]
    assert states.keys() == {"cpu", "cuda"}


def test_a_chosen_gpu_computes_in_full_precision(monkeypatch):
    before = torch.backends.cudnn.allow_tf32
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    try:
        torch.backends.cudnn.allow_tf32 = True
        assert choose_device("cpu").type == "cpu"
        assert torch.backends.cudnn.allow_tf32
        assert choose_device("auto").type == "cuda"
        assert not torch.backends.cudnn.allow_tf32
    finally:
        torch.backends.cudnn.allow_tf32 = before


class Picky(nn.Module):
    """Raises what torch raises on a GPU for an operation without a repeatable algorithm, in the call number `at`."""

    def __init__(self, at, message=REFUSED):
        super().__init__()
        self.at, self.calls, self.message = at, 0, message
        self.weight = nn.Parameter(torch.arange(1.0, 5.0))

    def forward(self, tokens, mask, need_maps=False):
        self.calls += 1
        x = nn.functional.dropout(tokens[:, :4].float() * self.weight, 0.5, training=True)
        if self.calls >= self.at and torch.get_deterministic_debug_mode() == 2:
            raise RuntimeError(self.message)
        return tmeattn.ModelOutput(torch.stack([x.sum(dim=1), x.mean(dim=1)], dim=1))


def gradient_of(model, warn, *, on_gpu):
    options = resolve_run("mean", {"accumulate": 2, "batch_size": 4}).train
    corpus = SimpleNamespace(splits={"train": SimpleNamespace(labels=np.zeros(4, dtype=int))}, classes=("a", "b"))
    found = BatchGradient(model, options, corpus, torch.device("cpu"), maps=False, processes=1, warn=warn)
    found.is_repeatable = on_gpu
    return found


def share():
    tokens = torch.arange(1, 17).view(4, 4) % 5 + 1
    batch = Batch(tokens, torch.ones_like(tokens, dtype=torch.bool), torch.tensor([0, 1, 0, 1]), np.arange(4))
    return Share(batch, np.arange(4))


def test_without_a_repeatable_algorithm_the_step_is_begun_anew_and_the_user_is_told_once():
    """The gradient of the part before is not counted twice, and dropout draws the same numbers again."""
    warnings, models = [], (Picky(at=99), Picky(at=2))
    gradients = [gradient_of(model, warnings.append, on_gpu=model.at == 2) for model in models]
    for _ in range(2):
        for model in models:
            model.zero_grad()
        torch.manual_seed(5)
        measured = gradients[0].add(share(), 0.0)
        torch.manual_seed(5)
        again = gradients[1].add(share(), 0.0)
        assert torch.equal(models[0].weight.grad, models[1].weight.grad)
        assert (measured.meter.loss, measured.words) == (again.meter.loss, again.words)
    assert warnings == [
        "The GPU has no repeatable algorithm for cumsum_cuda_kernel: where this run is interrupted and resumed, it may "
        "differ from an uninterrupted one by rounding."
    ]
    assert torch.get_deterministic_debug_mode() == 0


def test_other_errors_of_a_step_on_a_gpu_are_raised():
    gradient = gradient_of(Picky(at=1, message="CUDA out of memory"), lambda message: None, on_gpu=True)
    with pytest.raises(RuntimeError, match="out of memory"):
        gradient.add(share(), 0.0)
    assert torch.get_deterministic_debug_mode() == 0


def test_the_operation_is_found_behind_the_error_that_names_the_plugin():
    error = ValueError("the model fails in forward")
    error.__cause__ = RuntimeError(REFUSED)
    assert unrepeatable_operation(error) == "cumsum_cuda_kernel"
    cublas = "Deterministic behavior was enabled with either `torch.use_deterministic_algorithms(True)` or ..."
    assert unrepeatable_operation(RuntimeError(cublas)) == "matrix products"
    assert unrepeatable_operation(RuntimeError("other")) is None


def test_the_switches_of_the_process_are_restored():
    with repeatable():
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.utils.deterministic.fill_uninitialized_memory
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.utils.deterministic.fill_uninitialized_memory


def test_a_run_that_was_begun_on_a_gpu_says_that_it_continues_without(planted):
    def ask_to_stop(event):
        if event["kind"] == "epoch":
            (run,) = runs_dir().iterdir()
            request(RunDirectory(run), "stop")

    with pytest.raises(Interrupted):
        start("mean", {**planted, "epochs": 2, "patience": 0}, listeners=[ask_to_stop])
    (path,) = runs_dir().iterdir()
    log = path / "events.jsonl"
    on_gpu = re.sub(r'"device": ?"cpu"', '"device": "cuda"', log.read_text())
    assert '"cuda"' in on_gpu
    log.write_text(on_gpu)
    run = resume(RunDirectory(path))
    (warning,) = run.events("warning")
    assert "begun on cuda and continues on cpu" in warning["message"]
    assert len(run.events("epoch")) == 2
