"""Measures that can be worked out by hand, and beside scikit-learn where it is installed."""

import numpy as np
import pytest

from tmeattn.evaluation.quality import quality


def test_by_hand():
    labels = np.array([0, 0, 1, 1, 2])
    predicted = np.array([0, 1, 1, 1, 1])
    probabilities = np.full((5, 3), 0.1)
    probabilities[np.arange(5), predicted] = 0.8
    found = quality(probabilities, labels, ("a", "b", "c"))
    each = found["per_class"]
    assert each["a"] == pytest.approx({"precision": 1, "recall": 0.5, "f1": 2 / 3, "texts": 2})
    assert each["b"] == pytest.approx({"precision": 0.5, "recall": 1, "f1": 2 / 3, "texts": 2})
    assert each["c"] == pytest.approx({"precision": 0, "recall": 0, "f1": 0, "texts": 1})
    assert found["macro_f1"] == pytest.approx(4 / 9)
    assert found["calibration_error"] == pytest.approx(0.8 - 0.6)  # always 0.8 sure, right in 3 of 5


def test_a_class_that_does_not_occur():
    probabilities = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    found = quality(probabilities, np.array([0, 1]), ("a", "b", "c"))
    assert found["macro_f1"] == pytest.approx(1)
    assert found["per_class"]["c"]["texts"] == 0


def test_many_classes_beside_another_library():
    metrics = pytest.importorskip("sklearn.metrics")
    draw = np.random.default_rng(0)
    labels, probabilities = draw.integers(0, 20, 500), draw.dirichlet(np.ones(20), 500)
    found = quality(probabilities, labels, [str(i) for i in range(20)])
    predicted = probabilities.argmax(axis=1)
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(labels, predicted, average="macro"), abs=1e-6)
    recalls = metrics.recall_score(labels, predicted, average=None)
    assert [one["recall"] for one in found["per_class"].values()] == pytest.approx(recalls, abs=1e-6)
