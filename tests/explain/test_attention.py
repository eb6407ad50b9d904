"""One meaning of attention: watch list, `explain --method attention` and the screen Explain show the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.zoo import FAMILIES

from tmeattn.builtin import tmeattn_models
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.training.watch_list import watched
from tmeattn.tui.services.reader import TextReader

WITH_ATTENTION = [*(spec.name for spec in tmeattn_models() if spec.attention != "none"), "transformer-cls"]
TEXTS = ["the film was good and the plot of this story", "a bad film", "good"]


def split_of(classifier: TrainedClassifier, texts: list[str]) -> EncodedSplit:
    sequences = [classifier.token_ids(text) for text in texts]
    offsets = np.cumsum([0, *map(len, sequences)])
    return EncodedSplit(np.concatenate(sequences), offsets, np.zeros(len(texts), np.int64), np.arange(len(texts)))


def test_every_model_with_attention_is_in_the_zoo() -> None:
    assert set(WITH_ATTENTION) <= FAMILIES.keys()


@pytest.mark.parametrize("family", WITH_ATTENTION)
async def test_watch_list_command_and_screen_show_the_same_attention(zoo: dict[str, Any], family: str) -> None:
    classifier = zoo[family]
    logged = watched(
        classifier.model,
        split_of(classifier, TEXTS),
        max_length=classifier.max_length,
        device=classifier.device,
        attention="sample" if classifier.spec.attention == "self" else "none",
    )
    reader = TextReader()
    try:
        for text, event in zip(TEXTS, logged, strict=True):
            request = ExplainRequest(text, "attention")
            weights = [word.score for word in explain(classifier, request).words]
            on_screen = await reader.explain(classifier.run, request)
            assert sum(weights) == pytest.approx(1, abs=1e-5)
            assert [word.score for word in on_screen.words] == pytest.approx(weights, abs=1e-6)
            assert event["scores"] == pytest.approx(weights, abs=2e-5)  # rounded to five places
            assert event["probabilities"] == pytest.approx(on_screen.probabilities, abs=1e-5)
    finally:
        reader.close()
