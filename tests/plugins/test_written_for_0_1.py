"""A plugin written for version 0.1, with its import paths and field names, still loads, trains, explains and tracks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tmeattn
from tmeattn.registry import _discovered, registry

LISTED = '''
from typing import ClassVar

from pydantic import Field

from tmeattn.config import ModelConfig, Recipes
from tmeattn.errors import BadInput
from tmeattn.hookspecs import hookimpl
from tmeattn.specs import Dataset, DatasetSpec, ExplainerSpec, ModelSpec, Split, TrackerSpec


class Config(ModelConfig):
    """Attention with a temperature."""

    recipes: ClassVar[Recipes] = {"modern": {"lr": 5e-3, "epochs": 4}, "report": {"dropout": 0.0}}

    temperature: float = Field(1.0, gt=0, description="Divides the scores.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Dropout.")

    def check(self, train):
        if self.temperature > 100:
            raise BadInput("--temperature is too high.")


def load():
    return Dataset(name="weather", classes=("cold", "warm"), fingerprint="weather-1", read=read)


def read():
    train = Split([f"{word} {number}" for number in range(20) for word in ("snow", "sun")], [0, 1] * 20)
    validation = Split([f"{word} again {number}" for number in range(5) for word in ("snow", "sun")], [0, 1] * 5)
    return {"train": train, "validation": validation}


@hookimpl
def tmeattn_models():
    return [
        ModelSpec(
            name="old-model",
            summary="A model of 0.1",
            config="old_plugin:Config",
            build="old_plugin_code:Old",
            attention="pool",
            prepare="old_plugin_code:prepare",
            reference="none",
            api=1,
        )
    ]


@hookimpl
def tmeattn_datasets():
    return [DatasetSpec("weather", "Snow and sun", "old_plugin:load")]


@hookimpl
def tmeattn_explainers():
    return [
        ExplainerSpec(
            name="old-gradient",
            summary="A method of 0.1",
            explain="old_plugin_code:explain",
            signed=True,
            needs_attention=True,
            needs_vectors=True,
            packages=("numpy",),
        )
    ]


@hookimpl
def tmeattn_trackers():
    return [TrackerSpec(name="old-tracker", summary="A tracker of 0.1", track="old_plugin_code:Track")]
'''
CODE = """
import numpy as np
import torch
from torch import nn

from tmeattn.models.layers import AttentionPooling, Classifier, WordEmbedding, masked_mean, masked_softmax
from tmeattn.specs import PADDING, UNKNOWN, Attribution, ModelOutput, Space


def prepare(config, corpus):
    split = corpus.splits["train"]
    assert len(split.offsets) == len(split.labels) + 1
    assert len(split.tokens) == split.offsets[-1]
    return {"words": np.array([len(corpus.vocabulary)]), "classes": list(corpus.classes)}


class Old(nn.Module):
    def __init__(self, config, space: Space):
        super().__init__()
        assert space.prepared["classes"] == ["cold", "warm"]
        assert int(space.prepared["words"][0]) == space.vocabulary_size
        self.embedding = WordEmbedding(space)
        self.query = nn.Parameter(torch.zeros(space.vector_size))
        self.classify = Classifier(space.vector_size, space.num_classes, config.dropout)
        self.temperature = config.temperature

    def forward(self, tokens_BT, mask_BT, need_maps=False):
        x_BTD = self.embedding(tokens_BT)
        attention_BT = masked_softmax(x_BTD @ self.query / self.temperature, mask_BT)
        pooled_BD = torch.einsum("bt,btd->bd", attention_BT, x_BTD)
        return ModelOutput(self.classify(pooled_BD), attention_BT)


def explain(classifier, texts, target):
    assert isinstance(classifier.model, Old)
    assert isinstance(classifier.embedding, nn.Embedding)
    found = []
    for text, reading in zip(texts, classifier.read([text.ids_T for text in texts]), strict=True):
        assert len(text.ids_T) == len(text.spans) == len(reading.weights_T)
        index = int(reading.logits_C.argmax()) if target is None else target
        whole = classifier.probabilities([text.ids_T])[0, index]
        without = np.where(np.eye(len(text.ids_T), dtype=bool), UNKNOWN, text.ids_T)
        found.append(Attribution(whole - classifier.probabilities(list(without))[:, index], "by a plugin of 0.1"))
    return found


class Track:
    def __init__(self, run):
        self.file = (run.path / "kinds.txt").open("w", encoding="utf-8")

    def __call__(self, event):
        print(event["kind"], file=self.file)

    def close(self):
        self.file.close()
"""


@pytest.fixture
def old_plugin(install: Any, tmp_path: Path) -> Iterator[None]:
    install("old", LISTED)
    (tmp_path / "site" / "old_plugin_code.py").write_text(CODE, encoding="utf-8")
    yield
    sys.modules.pop("old_plugin_code", None)


@pytest.mark.filterwarnings("ignore:ExplainerSpec:DeprecationWarning")
@pytest.mark.usefixtures("old_plugin")
def test_it_loads_trains_explains_and_tracks(planted: dict[str, Any], isolated: Path) -> None:
    _discovered.cache_clear()
    options = {**planted, "dataset": "weather", "temperature": 0.5, "lr": 0.1, "epochs": 2}
    model = tmeattn.train("old-model", trackers=["old-tracker"], **options)
    (plugin,) = [plugin for plugin in registry().plugins if plugin.distribution == "old"]
    assert plugin.provides == ["old-model", "weather", "old-gradient", "old-tracker"]
    assert plugin.problems == plugin.warnings == []
    assert model.classes == ("cold", "warm")
    explanation = model.explain("snow again", method="old-gradient")
    assert explanation.note == "by a plugin of 0.1"
    assert [word.token for word in explanation.words] == ["snow", "again"]
    (kinds,) = [path.read_text(encoding="utf-8").split() for path in isolated.rglob("kinds.txt")]
    assert kinds[0] == "started"
    assert kinds[-1] == "finished"


def test_the_older_name_of_needs_embedding_gradient_is_accepted() -> None:
    with pytest.deprecated_call(match="needs_embedding_gradient"):
        spec = tmeattn.ExplainerSpec("name", "summary", "module:function", True, needs_vectors=True)
    assert spec.needs_embedding_gradient
    assert spec == tmeattn.ExplainerSpec("name", "summary", "module:function", True, needs_embedding_gradient=True)
