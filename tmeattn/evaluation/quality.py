"""The quality of predictions: precision, recall and F1 by class, macro-F1 and the calibration error. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

CALIBRATION_BINS = 15


class ClassQuality(TypedDict):
    """Precision, recall and F1 of a class, each in [0, 1], and its number of texts."""

    precision: float
    recall: float
    f1: float
    texts: int


class Quality(TypedDict):
    """The quality of predictions on a set of texts.

    macro_f1:          mean of the F1 of the classes that occur or are predicted, so that rare classes count as much as
                       common ones.
    calibration_error: expected calibration error, in [0, 1] (see `calibration_error`).
    per_class:         the quality by the name of the class.
    """

    macro_f1: float
    calibration_error: float
    per_class: dict[str, ClassQuality]


def quality(probabilities_NC: np.ndarray, labels_N: np.ndarray, classes: Sequence[str]) -> Quality:
    """The quality of the most probable classes of N texts, from their class probabilities and their true classes."""
    from sklearn.metrics import f1_score, precision_recall_fscore_support  # takes a second, and training needs neither

    predicted_N = probabilities_NC.argmax(axis=1)
    columns = precision_recall_fscore_support(labels_N, predicted_N, labels=range(len(classes)), zero_division=0)
    return {
        "macro_f1": float(f1_score(labels_N, predicted_N, average="macro", zero_division=0)),
        "calibration_error": calibration_error(probabilities_NC, labels_N),
        "per_class": {
            name: {"precision": float(precision), "recall": float(recall), "f1": float(f1), "texts": int(texts)}
            for name, precision, recall, f1, texts in zip(classes, *columns, strict=True)
        },
    }


def calibration_error(probabilities_NC: np.ndarray, labels_N: np.ndarray) -> float:
    """Expected calibration error (Guo et al. 2017): the mean distance between confidence and accuracy over 15 bins of
    confidence of equal width, weighted by their numbers of texts. Texts with a confidence of exactly 1 have a bin of
    their own.
    """
    confidence_N = probabilities_NC.max(axis=1).astype(np.float64)
    correct_N = (probabilities_NC.argmax(axis=1) == labels_N).astype(np.float64)
    bins_N = np.digitize(confidence_N, np.linspace(0, 1, CALIBRATION_BINS + 1))
    # In a bin with n texts: n |mean confidence - mean accuracy| is the absolute value of the sum of the differences.
    return float(np.abs(np.bincount(bins_N, weights=confidence_N - correct_N)).sum() / len(labels_N))
