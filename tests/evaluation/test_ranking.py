"""ROC-AUC, average precision and thresholds, against plain definitions and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmeattn.evaluation.quality import calibration_error, quality, reliability
from tmeattn.evaluation.ranking import MOST_POINTS, rank

SCORED = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=40)


def arrays(scored: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([score / 8 for score, _ in scored]), np.array([positive for _, positive in scored])


@given(SCORED)
def test_roc_auc_is_the_share_of_pairs_in_order(scored: list[tuple[int, bool]]) -> None:
    high = [score for score, positive in scored if positive]
    low = [score for score, positive in scored if not positive]
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in high for b in low]
    found = rank(*arrays(scored)).roc_auc()
    assert found == (pytest.approx(sum(pairs) / len(pairs)) if pairs else None)


@given(SCORED)
def test_average_precision_sums_over_thresholds(scored: list[tuple[int, bool]]) -> None:
    scores_N, positive_N = arrays(scored)
    total, before = 0.0, 0.0
    for threshold in sorted(set(scores_N.tolist()), reverse=True):
        chosen = positive_N[scores_N >= threshold]
        recall = chosen.sum() / max(positive_N.sum(), 1)
        total, before = total + (recall - before) * chosen.mean(), recall
    found = rank(scores_N, positive_N).average_precision()
    assert found == (pytest.approx(total) if positive_N.any() else None)


@given(SCORED, st.floats(0, 1))
def test_a_threshold_counts_the_texts_at_or_above_it(scored: list[tuple[int, bool]], threshold: float) -> None:
    scores_N, positive_N = arrays(scored)
    ranking = rank(scores_N, positive_N)
    found, predicted_N = ranking.at(threshold), scores_N >= threshold
    hits = int((predicted_N & positive_N).sum())
    assert found["predicted"] == predicted_N.sum()
    assert found["precision"] == pytest.approx(hits / max(predicted_N.sum(), 1))
    assert found["recall"] == pytest.approx(hits / max(positive_N.sum(), 1))
    assert found["accuracy"] == pytest.approx((predicted_N == positive_N).mean())
    best = ranking.best_f1()
    assert (best is None) == (not positive_N.any())
    if best is not None:
        assert best == ranking.at(best["threshold"])
        assert best["f1"] >= max(ranking.at(score)["f1"] for score in scores_N.tolist()) - 1e-12


@given(SCORED)
def test_a_monotone_change_of_the_scores_changes_no_rank_measure(scored: list[tuple[int, bool]]) -> None:
    scores_N, positive_N = arrays(scored)
    one, other = rank(scores_N, positive_N), rank(scores_N**3, positive_N)
    assert one.roc_auc() == other.roc_auc()
    assert one.average_precision() == other.average_precision()


def test_the_measures_are_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(0)
    probabilities_NC = random.dirichlet(np.ones(3), size=400)
    labels_N = np.where(random.random(400) < 0.5, probabilities_NC.argmax(axis=1), random.integers(0, 3, 400))
    found = quality(probabilities_NC, labels_N, ["a", "b", "c"])
    assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(labels_N, probabilities_NC, multi_class="ovr"))
    one_hot = np.eye(3)[labels_N]
    assert found["average_precision"] == pytest.approx(metrics.average_precision_score(one_hot, probabilities_NC))
    assert (found["positive"], found["thresholds"], found["best_f1"]) == (None, [], None)
    binary_NC = np.stack([1 - probabilities_NC[:, 0], probabilities_NC[:, 0]], axis=1)
    two = quality(binary_NC, (labels_N == 0).astype(int), ["no", "yes"])
    assert two["positive"] == "yes"
    assert two["roc_auc"] == pytest.approx(metrics.roc_auc_score(labels_N == 0, binary_NC[:, 1]))
    assert two["average_precision"] == pytest.approx(metrics.average_precision_score(labels_N == 0, binary_NC[:, 1]))


def test_a_class_without_texts_is_left_out_of_the_means() -> None:
    found = quality(np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]]), np.array([0, 1]), ["a", "b", "c"])
    assert found["per_class"]["c"]["roc_auc"] is None
    assert found["roc_auc"] == 1.0
    assert quality(np.array([[0.7, 0.3]]), np.array([0]), ["a", "b"])["roc_auc"] is None


def test_curves_begin_and_end_at_the_corners_and_are_short() -> None:
    random = np.random.default_rng(1)
    curves = rank(random.random(5000), random.random(5000) < 0.3).curves()
    assert curves["roc"][0] == (0.0, 0.0)
    assert curves["roc"][-1] == (1.0, 1.0)
    assert curves["precision_recall"][-1][0] == 1.0
    assert max(map(len, curves.values())) <= MOST_POINTS


def test_the_bins_of_confidence_hold_every_text_and_give_the_calibration_error() -> None:
    random = np.random.default_rng(2)
    probabilities_NC = random.dirichlet(np.ones(2), size=300)
    labels_N = random.integers(0, 2, 300)
    bins = reliability(probabilities_NC, labels_N)
    assert sum(each["texts"] for each in bins) == 300
    assert all(each["low"] <= each["confidence"] <= each["high"] for each in bins)
    error = sum(each["texts"] * abs(each["confidence"] - each["accuracy"]) for each in bins) / 300
    assert calibration_error(probabilities_NC, labels_N) == pytest.approx(error)
