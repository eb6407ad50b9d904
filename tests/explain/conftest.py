"""Trained classifiers of every family, made once a session."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator

import pytest
from conftest import QUICK

from tmeattn.inference.classifier import Classifier
from tmeattn.plugin import Plugin
from tmeattn.registry import registry
from tmeattn.training.session import start

from . import keywords

FAMILIES = {
    "mean": {"lr": 0.1},
    "simple-attn": {"lr": 0.05},
    "query-attn": {"lr": 0.03},
    "lstm": {"lr": 0.03, "hidden_size": 8},
    "lstm-attn": {"lr": 0.03, "hidden_size": 8},
    "transformer": {"lr": 0.01, "layers": 2, "heads": 2, "positions": "sinusoidal"},
    "transformer-cls": {"lr": 0.01, "layers": 2, "heads": 2, "pool": "cls"},
}


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Classifier]]:
    """A classifier a family, by name, trained on the dataset `keywords`; read it only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMEATTN_HOME", str(tmp_path_factory.mktemp("zoo")))
        patch.setitem(sys.modules, keywords.__name__, keywords)
        registry.cache_clear()
        registry().register(Plugin("keywords", "tmeattn-keywords", "1.0", keywords.__name__), keywords)
        found = {}
        for name, options in FAMILIES.items():
            run = start(name.removesuffix("-cls"), {**QUICK, "dataset": "keywords", "epochs": 15, **options})
            # The first epoch without an error on 30 texts counts as best; after the last, both words are well known.
            shutil.copy(run.checkpoints / "last.safetensors", run.checkpoints / "best.safetensors")
            found[name] = Classifier(run)
        registry.cache_clear()
        yield found
