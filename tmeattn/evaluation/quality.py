"""The quality of predictions: precision, recall and F1 by class, macro-F1 and the calibration error. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from tmeattn.evaluation.ranking import THRESHOLDS, RankCurves, ThresholdQuality, rank

CALIBRATION_BINS = 15
MOST_CURVES = 6
"""Classes whose curves are drawn, where there are more than two."""


class ClassQuality(TypedDict):
    """Precision, recall and F1 of a class, each in [0, 1], and its number of texts.

    roc_auc, average_precision: of the probability of the class, against all others; None where they are not defined.
    """

    precision: float
    recall: float
    f1: float
    texts: int
    roc_auc: float | None
    average_precision: float | None


class ReliabilityBin(TypedDict):
    """The texts whose confidence is from `low` to `high`: their number, mean confidence and accuracy, in [0, 1]."""

    low: float
    high: float
    texts: int
    confidence: float
    accuracy: float


class Quality(TypedDict):
    """The quality of predictions on a set of texts.

    macro_f1:          mean of the F1 of the classes that occur or are predicted, so that rare classes count as much as
                       common ones.
    calibration_error: expected calibration error, in [0, 1] (see `calibration_error`).
    reliability:       the bins of confidence that have texts.
    roc_auc:           of two classes that of `positive`, of more the mean over the classes that have it.
    average_precision: the same.
    positive:          of two classes, the one that thresholds are about: the second; None of more classes.
    thresholds:        what each threshold of the probability of `positive` gives; empty for more than two classes.
    best_f1:           the threshold with the highest F1, chosen on these same texts: on new ones it gives less.
    rank_curves:       by class, points of the ROC and precision-recall curves: of `positive`, or of the
                       `MOST_CURVES` largest classes.
    per_class:         the quality by the name of the class.
    """

    macro_f1: float
    calibration_error: float
    reliability: list[ReliabilityBin]
    roc_auc: float | None
    average_precision: float | None
    positive: str | None
    thresholds: list[ThresholdQuality]
    best_f1: ThresholdQuality | None
    rank_curves: dict[str, RankCurves]
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
    binary = len(classes) == 2
    drawn = [1] if binary else sorted(np.argsort(-true_C, kind="stable")[:MOST_CURVES].tolist())
    areas, precisions, curves = [], [], {}
    for label, name in enumerate(classes):
        ranking = rank(probabilities_NC[:, label], labels_N == label)
        areas.append(ranking.roc_auc())
        precisions.append(ranking.average_precision())
        if label in drawn:
            curves[name] = ranking.curves()
    thresholds = [ranking.at(threshold) for threshold in THRESHOLDS] if binary else []
    return {
        "macro_f1": float(np.mean(f1_C, where=occurs_C)),
        "calibration_error": calibration_error(probabilities_NC, labels_N),
        "reliability": reliability(probabilities_NC, labels_N),
        "roc_auc": areas[1] if binary else _mean(areas),
        "average_precision": precisions[1] if binary else _mean(precisions),
        "positive": classes[1] if binary else None,
        "thresholds": thresholds,
        "best_f1": ranking.best_f1() if binary else None,
        "rank_curves": curves,
        "per_class": {
            name: {
                "precision": precision,
                "recall": recall,
                "f1": f1,
                "texts": texts,
                "roc_auc": area,
                "average_precision": average,
            }
            for name, precision, recall, f1, texts, area, average in zip(
                classes, precision_C, recall_C, f1_C, true_C.tolist(), areas, precisions, strict=True
            )
        },
    }


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean of the values that are defined; None where none is."""
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else None


def calibration_error(probabilities_NC: np.ndarray, labels_N: np.ndarray) -> float:
    """Expected calibration error (Guo et al. 2017): the mean distance between confidence and accuracy over 15 bins of
    confidence of equal width, weighted by their numbers of texts. Texts with a confidence of exactly 1 have a bin of
    their own.
    """
    bins = reliability(probabilities_NC, labels_N)
    return sum(each["texts"] * abs(each["confidence"] - each["accuracy"]) for each in bins) / len(labels_N)


def reliability(probabilities_NC: np.ndarray, labels_N: np.ndarray) -> list[ReliabilityBin]:
    """The bins of `calibration_error` that have texts, by rising confidence."""
    confidence_N = probabilities_NC.max(axis=1).astype(np.float64)
    correct_N = (probabilities_NC.argmax(axis=1) == labels_N).astype(np.float64)
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    bins_N = np.digitize(confidence_N, edges)
    texts_B = np.bincount(bins_N, minlength=CALIBRATION_BINS + 2)
    confidence_B = np.bincount(bins_N, weights=confidence_N, minlength=len(texts_B))
    correct_B = np.bincount(bins_N, weights=correct_N, minlength=len(texts_B))
    return [
        {
            "low": float(edges[at - 1]),
            "high": float(edges[min(at, CALIBRATION_BINS)]),
            "texts": int(texts_B[at]),
            "confidence": float(confidence_B[at] / texts_B[at]),
            "accuracy": float(correct_B[at] / texts_B[at]),
        }
        for at in np.flatnonzero(texts_B).tolist()
    ]
