"""Trained classifiers of every family, on the dataset `keywords`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support import keywords
from tmeattn.plugin import Plugin
from tmeattn.registry import _discovered, registry
from tmeattn.runs.index import find_run

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


@contextmanager
def keywords_known(home: Path) -> Iterator[None]:
    """Inside the block, `home` is the home, and the dataset `keywords` is registered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMEATTN_HOME", str(home))
        _discovered.cache_clear()
        registry().register(Plugin("keywords", "tmeattn-keywords", "1.0", keywords.__name__), keywords)
        yield
        _discovered.cache_clear()


def train_zoo(home: Path, quick: dict[str, Any]) -> None:
    """Train a run of each family, whose name it has, with the options `quick`."""
    from tmeattn.training.session import start

    with keywords_known(home):
        for name, options in FAMILIES.items():
            chosen = {**quick, "dataset": "keywords", "epochs": 15, **options}
            run = start(name.removesuffix("-cls"), chosen, name=name)
            # The first epoch without an error on 30 texts counts as best; after the last, both words are well known.
            shutil.copy(run.checkpoints / "last.safetensors", run.checkpoints / "best.safetensors")


def open_zoo(home: Path) -> dict[str, TrainedClassifier]:
    """The classifiers of `train_zoo`, by the name of their family."""
    from tmeattn.inference.classifier import TrainedClassifier

    with keywords_known(home):
        return {name: TrainedClassifier(find_run(name)) for name in FAMILIES}
