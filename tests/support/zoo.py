"""Trained classifiers of every family, on the dataset `keywords`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support import keywords
from tmeattn.plugin import Plugin
from tmeattn.registry import _discovered, registry

if TYPE_CHECKING:
    from tmeattn.inference.classifier import TrainedClassifier

FAMILIES: dict[str, dict[str, Any]] = {
    "mean": {"lr": 0.1},
    "simple-attn": {"lr": 0.05},
    "query-attn": {"lr": 0.03},
    "lstm": {"lr": 0.03, "hidden_size": 8},
    "lstm-attn": {"lr": 0.03, "hidden_size": 8},
    "transformer": {"lr": 0.01, "layers": 2, "heads": 2, "positions": "sinusoidal"},
    "transformer-cls": {"lr": 0.01, "layers": 2, "heads": 2, "pool": "cls"},
}


def train_zoo(home: Path, quick: dict[str, Any]) -> dict[str, TrainedClassifier]:
    """A classifier of each family, by name, trained with the options `quick` in an own home."""
    from tmeattn.inference.classifier import TrainedClassifier
    from tmeattn.training.session import start

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMEATTN_HOME", str(home))
        _discovered.cache_clear()
        registry().register(Plugin("keywords", "tmeattn-keywords", "1.0", keywords.__name__), keywords)
        found = {}
        for name, options in FAMILIES.items():
            run = start(name.removesuffix("-cls"), {**quick, "dataset": "keywords", "epochs": 15, **options})
            # The first epoch without an error on 30 texts counts as best; after the last, both words are well known.
            shutil.copy(run.checkpoints / "last.safetensors", run.checkpoints / "best.safetensors")
            found[name] = TrainedClassifier(run)
        _discovered.cache_clear()
    return found
