"""Measures that can be worked out by hand, and values that other implementations gave."""

import subprocess
import sys

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
    assert {name: each["a"][name] for name in ("precision", "recall", "f1", "texts")} == pytest.approx(
        {"precision": 1, "recall": 0.5, "f1": 2 / 3, "texts": 2}
    )
    assert {name: each["b"][name] for name in ("precision", "recall", "f1", "texts")} == pytest.approx(
        {"precision": 0.5, "recall": 1, "f1": 2 / 3, "texts": 2}
    )
    assert {name: each["c"][name] for name in ("precision", "recall", "f1", "texts")} == pytest.approx(
        {"precision": 0, "recall": 0, "f1": 0, "texts": 1}
    )
    assert found["macro_f1"] == pytest.approx(4 / 9)
    assert found["calibration_error"] == pytest.approx(0.8 - 0.6)  # always 0.8 sure, right in 3 of 5


def test_a_class_that_does_not_occur():
    probabilities = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    found = quality(probabilities, np.array([0, 1]), ("a", "b", "c"))
    assert found["macro_f1"] == pytest.approx(1)
    assert found["per_class"]["c"]["texts"] == 0


def test_values_of_torchmetrics():
    """What torchmetrics 1.9 gave: with a class that is never true, and two texts of confidence 1."""
    draw = np.random.default_rng(7)
    labels, probabilities = draw.integers(0, 4, 200), draw.dirichlet(np.ones(5) * 0.4, 200)
    probabilities[0], probabilities[1] = [1, 0, 0, 0, 0], [0, 1, 0, 0, 0]
    for given in (probabilities, probabilities.astype(np.float32)):
        found = quality(given, labels, list("abcde"))
        assert found["macro_f1"] == pytest.approx(0.1632836163, abs=1e-6)
        assert found["calibration_error"] == pytest.approx(0.3902788162, abs=1e-6)
        assert [each["texts"] for each in found["per_class"].values()] == [48, 47, 53, 52, 0]
        for measure, values in (
            ("precision", [0.2051282078, 0.2045454532, 0.2954545319, 0.21875, 0]),
            ("recall", [0.1666666716, 0.1914893687, 0.2452830225, 0.1346153915, 0]),
            ("f1", [0.1839080453, 0.1978022009, 0.2680412233, 0.1666666716, 0]),
        ):
            assert [each[measure] for each in found["per_class"].values()] == pytest.approx(values, abs=1e-6)


def test_many_classes_by_the_definition_of_the_measures():
    draw = np.random.default_rng(0)
    labels, probabilities = draw.integers(0, 20, 500), draw.dirichlet(np.ones(20), 500)
    found = quality(probabilities, labels, [str(i) for i in range(20)])
    predicted = probabilities.argmax(axis=1)
    hits = [np.sum((labels == at) & (predicted == at)) for at in range(20)]
    recalls = [hits[at] / np.sum(labels == at) for at in range(20)]
    f1s = [2 * hits[at] / (np.sum(labels == at) + np.sum(predicted == at)) for at in range(20)]
    assert found["macro_f1"] == pytest.approx(np.mean(f1s), abs=1e-6)
    assert [one["recall"] for one in found["per_class"].values()] == pytest.approx(recalls, abs=1e-6)


def test_no_library_is_imported_for_a_few_sums():
    code = "import sys, numpy; from tmeattn.evaluation.quality import quality; "
    code += "quality(numpy.array([[0.9, 0.1]]), numpy.array([0]), ('a', 'b')); "
    code += "print(sorted({'sklearn', 'scipy', 'torch', 'torchmetrics'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"
