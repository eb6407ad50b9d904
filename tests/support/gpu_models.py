"""The built-in models, on the CPU and on a CUDA GPU, and a batch for them."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import numpy as np
import torch

from tmeattn.data.encoding.batches import collate
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.models.building import build_model, choose_device
from tmeattn.registry import registry, resolve
from tmeattn.run_config import model_config, resolve_run
from tmeattn.specs import ModelSpec, Space

CUDA = "cuda"
WORDS, CLASSES, WIDTH = 200, 3, 64
MODELS = {
    "mean": {},
    "simple-attn": {},
    "query-attn": {"query_hidden": [32], "value_hidden": 16, "scaled": True},
    "lstm": {},
    "lstm-attn": {},
    "transformer": {"layers": 2, "heads": 2, "positions": "learned"},
    "transformer-cls": {"layers": 2, "heads": 4, "narrow_heads": True, "pool": "cls", "positions": "sinusoidal"},
    "nb-logreg": {},
}
"""Options of every built-in model."""
UNTRAINED = ("nb-logreg",)


def spec_name(name):
    return name.removesuffix("-cls")


def corpus():
    """For `prepare`: 60 texts of 20 words in three classes."""
    tokens = np.random.default_rng(0).integers(2, WORDS, 1200, dtype=np.int32)
    split = EncodedSplit(tokens, np.arange(0, 1201, 20), np.arange(60) % CLASSES, np.arange(60))
    return SimpleNamespace(splits={"train": split}, classes=("a", "b", "c"), vocabulary=range(WORDS))


def built(name, **more):
    """A model and its space; the word vectors are large enough that roundings would show."""
    run = resolve_run(spec_name(name), {**MODELS[name], **more})
    spec = registry().get(ModelSpec, run.model)
    prepared = None if spec.prepare is None else resolve(spec.prepare, wanted_by=name)(model_config(run), corpus())
    torch.manual_seed(0)
    vectors = torch.randn(WORDS, WIDTH)
    vectors[0] = 0
    space = Space(WORDS, CLASSES, WIDTH, vectors=vectors, tune=True, prepared=prepared)
    return spec, build_model(run, space), space


def batch(lengths):
    drawn = np.random.default_rng(1)
    return collate([drawn.integers(1, WORDS, length) for length in lengths], 300)


def on_gpu(model):
    return copy.deepcopy(model).to(choose_device(CUDA))


def assert_close(on_cuda, on_cpu, **limits):
    assert on_cuda.device.type == CUDA
    torch.testing.assert_close(on_cuda.cpu(), on_cpu, **(limits or {"atol": 1e-4, "rtol": 1e-4}))
