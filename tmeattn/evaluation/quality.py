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
    """The quality of the most probable classes of N texts, from their class probabilities and their true classes.

    A ratio whose denominator is zero is 0: the precision of a class that is never predicted, for example. These few
    sums need no scikit-learn, whose import takes seconds.
    """
    predicted_N = probabilities_NC.argmax(axis=1)
    true_C = np.bincount(labels_N, minlength=len(classes))
    predicted_C = np.bincount(predicted_N, minlength=len(classes))
    hits_C = np.bincount(labels_N[labels_N == predicted_N], minlength=len(classes))
    precision_C, recall_C, f1_C = (
        each.tolist()
        for each in (
            hits_C / np.maximum(predicted_C, 1),
            hits_C / np.maximum(true_C, 1),
            2 * hits_C / np.maximum(true_C + predicted_C, 1),
        )
    )
    occurs_C = (true_C + predicted_C) > 0
    return {
        "macro_f1": float(np.mean(f1_C, where=occurs_C)),
        "calibration_error": calibration_error(probabilities_NC, labels_N),
        "per_class": {
            name: {"precision": precision, "recall": recall, "f1": f1, "texts": texts}
            for name, precision, recall, f1, texts in zip(
                classes, precision_C, recall_C, f1_C, true_C.tolist(), strict=True
            )
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
