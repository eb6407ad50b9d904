"""How well the probability of a class ranks the texts: ROC-AUC, average precision, and what each threshold gives. No
torch.

Shapes: N texts, K different scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""The probabilities from which on a text counts as positive, in the threshold table."""
MOST_POINTS = 101
"""Points of a curve in the document."""


class ThresholdQuality(TypedDict):
    """What the threshold gives: a text is positive if its probability of the positive class is `threshold` or more.

    precision, recall, f1, accuracy: in [0, 1]; a ratio whose denominator is zero is 0.   predicted: positive texts.
    """

    threshold: float
    precision: float
    recall: float
    f1: float
    accuracy: float
    predicted: int


class RankCurves(TypedDict):
    """Points of the curves of a class, at most `MOST_POINTS`.

    roc: share of the other texts above a threshold, share of the texts of the class above it.
    precision_recall: recall, precision.
    """

    roc: list[tuple[float, float]]
    precision_recall: list[tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Texts ordered by their score, the highest first.

    scores_K: the different scores, falling.
    hits_K, false_K: positive and negative texts with that score or a higher one.
    """

    scores_K: np.ndarray
    hits_K: np.ndarray
    false_K: np.ndarray

    @property
    def positives(self) -> int:
        return int(self.hits_K[-1]) if len(self.hits_K) else 0

    @property
    def negatives(self) -> int:
        return int(self.false_K[-1]) if len(self.false_K) else 0

    def roc_auc(self) -> float | None:
        """The probability that a positive text has a higher score than a negative one, ties counted half (the area
        under the ROC curve, Fawcett 2006); None without texts of both kinds."""
        if not self.positives or not self.negatives:
            return None
        hits_K, false_K = (np.concatenate([[0], each_K]).astype(np.float64) for each_K in (self.hits_K, self.false_K))
        area = float((np.diff(false_K) * (hits_K[1:] + hits_K[:-1]) / 2).sum())
        return area / (self.positives * self.negatives)

    def average_precision(self) -> float | None:
        """The mean of the precision at each threshold, weighted by the rise of recall; None without positive texts."""
        if not self.positives:
            return None
        rise_K = np.diff(np.concatenate([[0], self.hits_K]))
        return float((rise_K * self.hits_K / (self.hits_K + self.false_K)).sum() / self.positives)

    def at(self, threshold: float) -> ThresholdQuality:
        """What a threshold gives."""
        above = int(np.searchsorted(-self.scores_K, -threshold, side="right"))  # the scores at or above it
        hits, false = (int(self.hits_K[above - 1]), int(self.false_K[above - 1])) if above else (0, 0)
        return self._quality(threshold, hits, false)

    def best_f1(self) -> ThresholdQuality | None:
        """The score that gives the highest F1 as a threshold, the highest of equals; None without positive texts."""
        if not self.positives:
            return None
        f1_K = 2 * self.hits_K / (self.positives + self.hits_K + self.false_K)
        at = int(f1_K.argmax())
        return self._quality(float(self.scores_K[at]), int(self.hits_K[at]), int(self.false_K[at]))

    def curves(self) -> RankCurves:
        """The ROC curve and the curve of precision over recall."""
        chosen = np.unique(np.linspace(0, len(self.scores_K) - 1, min(len(self.scores_K), MOST_POINTS - 1)).astype(int))
        hits, false = self.hits_K[chosen], self.false_K[chosen]
        recall = hits / max(self.positives, 1)
        roc = [(0.0, 0.0), *zip((false / max(self.negatives, 1)).tolist(), recall.tolist(), strict=True)]
        return {
            "roc": roc,
            "precision_recall": list(zip(recall.tolist(), (hits / (hits + false)).tolist(), strict=True)),
        }

    def _quality(self, threshold: float, hits: int, false: int) -> ThresholdQuality:
        positives, negatives = self.positives, self.negatives
        return {
            "threshold": threshold,
            "precision": hits / max(hits + false, 1),
            "recall": hits / max(positives, 1),
            "f1": 2 * hits / max(positives + hits + false, 1),
            "accuracy": (hits + negatives - false) / max(positives + negatives, 1),
            "predicted": hits + false,
        }


def rank(scores_N: np.ndarray, positive_N: np.ndarray) -> Ranking:
    """Order N texts by their scores. positive_N: (N,) bool, the texts of the class."""
    order_N = np.argsort(-scores_N, kind="stable")
    sorted_N = scores_N[order_N].astype(np.float64)
    hits_N = np.cumsum(positive_N[order_N])
    ends_K = np.flatnonzero(np.append(np.diff(sorted_N) != 0, True)) if len(sorted_N) else np.zeros(0, dtype=np.int64)
    hits_K = hits_N[ends_K].astype(np.int64)
    return Ranking(sorted_N[ends_K], hits_K, ends_K + 1 - hits_K)
