"""Trained classifiers of every family, on the dataset `planted`, made once a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import QUICK, register_planted

from tmeattn.explain.classifier import Classifier
from tmeattn.registry import registry
from tmeattn.training.session import start

FAMILIES = {
    "mean": {"epochs": 20, "lr": 0.05},
    "simple-attn": {"epochs": 20, "lr": 0.05},
    "query-attn": {"epochs": 20, "lr": 0.05},
    "lstm": {"epochs": 20, "lr": 0.02, "hidden_size": 8},
    "lstm-attn": {"epochs": 20, "lr": 0.02, "hidden_size": 8},
    "transformer": {"epochs": 20, "lr": 0.01, "layers": 2, "heads": 2, "positions": "sinusoidal"},
    "transformer-cls": {"epochs": 20, "lr": 0.01, "layers": 2, "heads": 2, "pool": "cls"},
}


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Classifier]]:
    """A classifier a family, by name; read it only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMEATTN_HOME", str(tmp_path_factory.mktemp("zoo")))
        registry.cache_clear()
        register_planted(registry())
        found = {}
        for name, options in FAMILIES.items():
            run = start(name.removesuffix("-cls"), {**QUICK, "patience": 0, **options})
            found[name] = Classifier(run)
        registry.cache_clear()
        yield found
