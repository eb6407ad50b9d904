"""Integrated gradients and LIME against those of captum."""

from __future__ import annotations

import re
import zlib

import numpy as np
import pytest
import torch

from tmeattn.explain import integrated_gradients as integrated
from tmeattn.explain.gradients import differentiable, word_batches
from tmeattn.explain.integrated_gradients import integrated_gradients
from tmeattn.explain.lime import lime
from tmeattn.explain.methods import log_odds
from tmeattn.inference.classifier import TrainedClassifier

attr = pytest.importorskip("captum.attr")
TEXTS = ("the film was good and the plot of this story", "bad", "a bad film with light")


@pytest.mark.parametrize("family", ["query-attn", "lstm-attn", "transformer"])
def test_integrated_gradients_are_those_of_captum(zoo: dict[str, TrainedClassifier], family: str) -> None:
    classifier = zoo[family]
    found = integrated_gradients(classifier, [classifier.encode(text) for text in TEXTS], 1)
    for text, one in zip(TEXTS, found, strict=True):
        ((_, batch),) = word_batches(classifier, [classifier.encode(text)], 1)

        def odds(x_BTD: torch.Tensor, batch: object = batch) -> torch.Tensor:
            return batch.part(np.zeros(len(x_BTD), dtype=np.int64)).log_odds(x_BTD)

        with differentiable():
            parts = attr.IntegratedGradients(odds).attribute(batch.x_BTD, torch.zeros_like(batch.x_BTD), n_steps=200)
        assert one.scores_T == pytest.approx(parts.sum(dim=-1)[0].numpy(), abs=0.02 * max(abs(one.scores_T)))


def test_hard_paths_get_more_steps_and_a_bound_is_said(
    zoo: dict[str, TrainedClassifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = TrainedClassifier(zoo["lstm-attn"].run)
    classifier.model.attend.query_D.mul_(200)
    text = classifier.encode(TEXTS[0])
    (sharp,) = integrated_gradients(classifier, [text], None)
    assert int(re.search(r"\((\d+) steps\)", sharp.note)[1]) > 16
    monkeypatch.setattr(integrated, "MOST_STEPS", 9)
    (bounded,) = integrated_gradients(classifier, [text], None)
    assert "after 9 steps, so the scores are not reliable" in bounded.note


def test_lime_is_that_of_captum(zoo: dict[str, TrainedClassifier]) -> None:
    classifier = zoo["simple-attn"]
    text = classifier.encode(TEXTS[0])

    def odds(kept_NT: torch.Tensor) -> torch.Tensor:
        sequences = [text.ids_T[kept_T] for kept_T in kept_NT.bool().numpy()]
        return torch.from_numpy(log_odds(classifier.logits(sequences), 1)).float()

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(zlib.crc32(text.ids_T.tobytes()))
        expected = attr.Lime(odds).attribute(
            torch.ones(1, 10), baselines=torch.zeros(1, 10), n_samples=200, perturbations_per_eval=64
        )
    assert lime(classifier, [text], 1)[0] == pytest.approx(expected[0].numpy(), abs=1e-4)
