"""The page of an evaluation: everything in reach of 80 columns."""

import pytest
from support.explanations import draw

from tmeattn.render.evaluation import evaluation_page


def result(classes):
    names = [f"class {number}" for number in range(classes)]
    return {
        "run": "abcd-mean", "model": "mean", "dataset": "reviews.csv", "split": "test", "texts": 1234,
        "accuracy": 0.5, "accuracy_interval": (0.4, 0.6), "macro_f1": 0.41, "cross_entropy": 1.2,
        "calibration_error": 0.0321, "entropy": None, "normalized_entropy": None,
        "per_class": {
            name: {"precision": 0.5, "recall": 0.25, "f1": 1 / 3, "texts": 7, "roc_auc": 0.9, "average_precision": 0.8}
            for name in names
        },
        "roc_auc": 0.91, "average_precision": 0.82, "positive": names[1] if classes == 2 else None,
        "reliability": [
            {"low": 0.4, "high": 0.5, "texts": 600, "confidence": 0.45, "accuracy": 0.4},
            {"low": 0.9, "high": 1.0, "texts": 634, "confidence": 0.95, "accuracy": 0.8},
        ],
        "thresholds": [
            {"threshold": step / 20, "precision": 0.6, "recall": 0.7, "f1": 0.65, "accuracy": 0.62, "predicted": 500}
            for step in range(1, 20)
        ] if classes == 2 else [],
        "best_f1": {
            "threshold": 0.4321, "precision": 0.6, "recall": 0.9, "f1": 0.72, "accuracy": 0.66, "predicted": 700
        } if classes == 2 else None,
        "rank_curves": {
            name: {"roc": [(0.0, 0.0), (0.1, 0.7), (1.0, 1.0)], "precision_recall": [(0.5, 0.9), (1.0, 0.5)]}
            for name in names[-6:]
        },
        "confusion": {
            true: {name: 10 * at + other for other, name in enumerate(names)} for at, true in enumerate(names)
        },
    }  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 140])
@pytest.mark.parametrize("classes", [2, 5, 12, 40])
def test_everything_fits(width, classes):
    text = draw(evaluation_page(result(classes)), width)
    assert max(map(len, text.splitlines())) <= width
    for part in ("50.00 %", "41.00 %", "3.21 %", f"class {classes - 1}", "33.3 %"):
        assert part in text
    assert ("0.432 *" in text) == (classes == 2)
    assert "Reliability: calibration error 3.21 %" in text
    assert "ROC: area 91.00 %" in text
    assert "…" not in text[: text.index("Reliability")]


@pytest.mark.parametrize("width", [60, 80, 140])
def test_shuffled_words_are_beside_the_accuracy(width):
    shuffled = {
        "seed": 7, "accuracy": 0.4375, "accuracy_interval": (0.41, 0.464), "cross_entropy": 1.3, "difference": -0.0625,
        "difference_interval": (-0.081, -0.043), "changed_predictions": 1034, "largest_probability_change": 3.2e-7,
    }  # fmt: skip
    text = draw(evaluation_page({**result(2), "shuffled_words": shuffled}), width)
    assert max(map(len, text.splitlines())) <= width
    words = " ".join(text.split())
    for part in ("43.75 %", "seed 7", "-6.25 points", "-8.10 to -4.30", "1,034 of 1,234", "3.2e-07"):
        assert part in words
    assert "shuffled" not in draw(evaluation_page(result(2)), width)


def test_few_classes_show_the_matrix_and_many_the_worst_of_it():
    few, many = draw(evaluation_page(result(2)), 80), draw(evaluation_page(result(40)), 80)
    assert "predicted:" in few
    assert "true class 1" in few
    assert "predicted" in many
    assert "The 10 most frequent of 1,560 confusions." in many
    assert many.index("class 39") < many.index("predicted") < many.index("428")
