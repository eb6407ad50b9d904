"""Soft erasure, against loops over the elements of word vectors."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support import keywords

from tmeattn.faithfulness.soft import DRAWS, shares, soft_erasure, soft_metrics, uniforms

SCORES = st.lists(st.floats(-2, 2).map(lambda x: round(x, 3)), min_size=1, max_size=30).map(np.array)
MEANS = st.sampled_from([0.2, 0.5, 0.8])


def naive_shares(scores: np.ndarray, mean: float) -> list[float]:
    """min(1, c * score), with c found by bisection."""
    positive = [max(score, 0.0) for score in scores]
    wanted = mean * len(positive)
    if sum(1 for score in positive if score > 0) <= wanted:
        zeros = [score for score in positive if score == 0]
        rest = (wanted - (len(positive) - len(zeros))) / max(len(zeros), 1)
        return [1.0 if score > 0 else rest for score in positive]
    low, high = 0.0, 1e9
    for _ in range(200):
        middle = (low + high) / 2
        too_much = sum(min(1.0, middle * score) for score in positive) > wanted
        low, high = (low, middle) if too_much else (middle, high)
    return [min(1.0, low * score) for score in positive]


@given(SCORES, MEANS)
def test_shares_are_in_proportion_to_the_scores_and_have_the_fixed_mean(scores: np.ndarray, mean: float) -> None:
    found = shares(scores, mean)
    assert found == pytest.approx(naive_shares(scores, mean), abs=1e-5)
    assert found.mean() == pytest.approx(mean)
    assert ((found >= 0) & (found <= 1 + 1e-9)).all()
    assert (np.diff(found[np.argsort(scores)]) >= -1e-9).all()  # a higher score has no smaller share


@given(SCORES, MEANS)
def test_larger_scores_are_no_advantage(scores: np.ndarray, mean: float) -> None:
    assert shares(scores, mean) == pytest.approx(shares(16 * scores, mean), abs=1e-9)


def test_measures_by_hand() -> None:
    found = soft_metrics(0.9, 0.5, kept=0.8, masked=0.6)
    assert found == {"soft_comprehensiveness": pytest.approx(0.75), "soft_sufficiency": pytest.approx(0.75)}
    best = soft_metrics(0.9, 0.5, kept=0.95, masked=0.3)
    assert best == {"soft_comprehensiveness": 1, "soft_sufficiency": 1}  # cut to [0, 1]
    assert all(math.isnan(one) for one in soft_metrics(0.5, 0.6, 0.5, 0.5).values())


@pytest.mark.parametrize("family", ["simple-attn", "lstm-attn", "transformer-cls"])
def test_soft_erasure_is_that_of_masks_written_out(zoo, family: str) -> None:
    classifier = zoo[family]
    texts = [classifier.encode(text).ids_T for text in keywords.texts(3, 4).texts]
    scores = [[np.linspace(-0.5, 1, len(ids)) for ids in texts], [np.ones(len(ids)) for ids in texts]]
    found = soft_erasure(classifier, texts, scores, 0.4)

    def probability(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Of one text alone, whose vectors are written into a copy of the embedding."""
        weight = classifier.embedding.weight
        kept = weight.clone()
        try:
            with torch.no_grad():
                places = torch.arange(len(ids)) + 2
                weight[places] = kept[torch.from_numpy(ids.astype(np.int64))] * torch.from_numpy(mask).float()
            return classifier.probabilities([places.numpy()])[0]
        finally:
            with torch.no_grad():
                weight.copy_(kept)

    for at, ids in enumerate(texts):
        size = classifier.embedding.embedding_dim
        drawn = uniforms(ids, size)
        whole = classifier.probabilities([ids])[0]
        zero = probability(ids, np.zeros((len(ids), size)))[whole.argmax()]
        for method, values in enumerate(scores):
            kept = masked = 0.0
            for draw in range(DRAWS):
                keep, drop = np.zeros((len(ids), size)), np.zeros((len(ids), size))
                for word in range(len(ids)):
                    for element in range(size):
                        number = drawn[draw, word, element]
                        keep[word, element] = number < shares(values[at], 0.4)[word]
                        drop[word, element] = not number < shares(values[at], 0.6)[word]
                kept += probability(ids, keep)[whole.argmax()] / DRAWS
                masked += probability(ids, drop)[whole.argmax()] / DRAWS
            expected = soft_metrics(float(whole.max()), float(zero), float(kept), float(masked))
            assert found[method][at] == pytest.approx(expected, abs=1e-4, nan_ok=True)


def test_a_mask_of_ones_changes_nothing(zoo) -> None:
    classifier = zoo["transformer"]
    texts = [classifier.encode(text).ids_T for text in keywords.texts(4, 4).texts]
    ones = [np.ones((len(ids), classifier.embedding.embedding_dim), dtype=bool) for ids in texts]
    assert classifier.masked_probabilities(texts, ones) == pytest.approx(classifier.probabilities(texts), abs=1e-6)
