"""Figures of one explanation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmeattn.faithfulness.metrics import (
    BINS,
    CURVE,
    average_precision,
    erase_by_rank,
    erasure_metrics,
    kendall_tau,
    ranking,
    rationale_agreement,
)

MARKS = st.lists(st.booleans(), min_size=1, max_size=40).filter(any).map(np.array)


def ids(length: int) -> np.ndarray:
    return np.arange(2, 2 + length, dtype=np.int32)


@given(MARKS)
def test_perfect_rationales_score_one(human: np.ndarray) -> None:
    found = rationale_agreement(human.astype(float), human, ids(len(human)))
    assert found == {"auprc": pytest.approx(1), "token_f1": 1, "iou_f1": 1}


@given(MARKS)
def test_equal_scores_are_right_as_often_as_people_marked(human: np.ndarray) -> None:
    assert average_precision(np.zeros(len(human)), human) == pytest.approx(human.mean())


def test_random_scores_are_at_chance() -> None:
    draw = np.random.default_rng(0)
    human = np.arange(200) % 5 == 0
    found = [rationale_agreement(draw.random(200), human, ids(200)) for _ in range(300)]
    assert np.mean([one["auprc"] for one in found]) == pytest.approx(0.2, abs=0.03)
    assert np.mean([one["token_f1"] for one in found]) == pytest.approx(0.2, abs=0.02)


def test_average_precision_by_hand() -> None:
    human = np.array([True, False, True, False])
    assert average_precision(np.array([0.9, 0.8, 0.7, 0.1]), human) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(np.array([0.1, 0.8, 0.7, 0.9]), human) == pytest.approx((1 / 3 + 2 / 4) / 2)


def test_stretches_match_from_one_half_on() -> None:
    human = np.array([False, True, True, True, False, False, False, True])
    half = np.array([0, 0.9, 0.8, 0, 0, 0, 0.7, 0.6])  # two of three words, and one of two
    assert rationale_agreement(half, human, ids(8))["iou_f1"] == 1
    assert rationale_agreement(half, human, ids(8))["token_f1"] == 0.75
    miss = np.array([0.9, 0.8, 0, 0, 0.7, 0.6, 0, 0])
    assert rationale_agreement(miss, human, ids(8))["iou_f1"] == 0


@given(st.lists(st.integers(-4, 4), min_size=2, max_size=20), st.integers(0, 999))
@settings(max_examples=30)
def test_kendalls_tau_is_scipys(first: list[int], seed: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    a, b = np.array(first, dtype=float), np.random.default_rng(seed).integers(-4, 4, len(first)).astype(float)
    theirs = stats.kendalltau(a, b).statistic
    assert kendall_tau(a, b) == pytest.approx(theirs, nan_ok=True)
    if len(set(first)) > 1:
        assert kendall_tau(a, a) == pytest.approx(1)
        assert kendall_tau(a, -a) == pytest.approx(-1)
    assert math.isnan(kendall_tau(a, np.zeros(len(a))))


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60))
def test_what_is_left_out_and_what_is_alone_make_up_the_text(scores: list[float]) -> None:
    words, scored = ids(len(scores)), np.array(scores)
    order = ranking(scored, words)
    assert sorted(order) == list(range(len(scores)))
    assert list(scored[order]) == sorted(scores, reverse=True)
    for share, without, alone in zip(CURVE[1:-1], *erase_by_rank(words, order), strict=True):
        assert len(alone) == math.ceil(share * len(words))
        assert sorted([*without, *alone]) == list(words)
        assert list(alone) == sorted(alone)  # in the text's order


def test_equal_scores_are_not_ranked_by_their_place() -> None:
    order = ranking(np.zeros(100), ids(100))
    assert abs(np.corrcoef(order, np.arange(100))[0, 1]) < 0.3
    assert np.array_equal(order, ranking(np.zeros(100), ids(100)))


def test_erasure_by_hand() -> None:
    without = np.array([0.8, 0.7, 0.6, 0.5, 0.4, 0.2])
    alone = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 0.9])
    found = erasure_metrics(0.9, 0.1, without, alone)
    assert len(BINS) == 5
    assert found["comprehensiveness"] == pytest.approx(0.9 - (0.8 + 0.7 + 0.6 + 0.5 + 0.4) / 5)
    assert found["sufficiency"] == pytest.approx(0.9 - (0.5 + 0.6 + 0.7 + 0.8 + 0.9) / 5)
    flat = erasure_metrics(0.9, 0.9, np.full(6, 0.9), np.full(6, 0.9))
    assert (flat["deletion"], flat["insertion"]) == (pytest.approx(0.9), pytest.approx(0.9))
    assert found["deletion"] < found["insertion"] < 0.9
