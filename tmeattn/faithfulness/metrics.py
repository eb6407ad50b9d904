"""Faithfulness metrics of one explanation, computed from the scores of its words. A word of several tokens is erased as
a whole.

Shapes: N words, K points of a curve.
"""

from __future__ import annotations

import math
import zlib

import numpy as np

from tmeattn.data.encoding.words import Units

BINS = (0.01, 0.05, 0.1, 0.2, 0.5)
"""Shares of the words that are erased; comprehensiveness and sufficiency are means over them (DeYoung et al. 2020)."""
CURVE = (0.0, *BINS, 0.75, 1.0)
"""Shares of the words at the points of the deletion and insertion curves."""


def ranking(scores_N: np.ndarray, ids_N: Units) -> np.ndarray:
    """(N,) positions from the highest to the lowest score. The order of equal scores is random, with a seed from the
    token ids, so it does not depend on their positions in the text."""
    shuffled_N = np.random.default_rng(zlib.crc32(ids_N.tobytes()) ^ 0x5EED).permutation(len(scores_N))
    return shuffled_N[np.argsort(-scores_N[shuffled_N], kind="stable")]


def erase_by_rank(ids_N: Units, order_N: np.ndarray) -> tuple[list[Units], list[Units]]:
    """For each inner share of `CURVE`: the token ids without the words of highest score, and of these words alone, in
    text order. A share is rounded up to whole words."""
    without: list[Units] = []
    alone: list[Units] = []
    for share in CURVE[1:-1]:
        chosen_N = np.zeros(len(ids_N), dtype=bool)
        chosen_N[order_N[: math.ceil(share * len(ids_N))]] = True
        without.append(ids_N[~chosen_N])
        alone.append(ids_N[chosen_N])
    return without, alone


def erasure_metrics(whole: float, empty: float, without: np.ndarray, alone: np.ndarray) -> dict[str, float]:
    """Comprehensiveness, sufficiency, and the areas under the deletion and insertion curves.

    The arguments are probabilities of the predicted class: for the whole text, for the empty text, and for the inner
    shares of `CURVE` without the words of highest score and with these words alone.
    """
    bins = len(BINS)
    return {
        "comprehensiveness": float(whole - without[:bins].mean()),
        "sufficiency": float(whole - alone[:bins].mean()),
        "deletion": _area([whole, *without, empty]),
        "insertion": _area([empty, *alone, whole]),
    }


def _area(heights: list[float]) -> float:
    """The area under the curve through points at the shares of `CURVE`, by the trapezoidal rule."""
    heights_K = np.array(heights)
    return float((np.diff(CURVE) * (heights_K[1:] + heights_K[:-1]) / 2).sum())


def kendall_tau(a_N: np.ndarray, b_N: np.ndarray) -> float:
    """Rank correlation with ties (tau-b, Kendall 1945); NaN where all values of either are equal."""
    pairs_a, pairs_b = (np.sign(x_N[:, None] - x_N[None, :]) for x_N in (a_N, b_N))
    untied = float(np.count_nonzero(pairs_a)) * float(np.count_nonzero(pairs_b))
    return float((pairs_a * pairs_b).sum() / math.sqrt(untied)) if untied else math.nan


def average_precision(scores_N: np.ndarray, human_N: np.ndarray) -> float:
    """Area under the precision-recall curve of the scores as a detector of the annotated words (`human_N`). Words of
    equal score pass the threshold together."""
    order_N = np.argsort(-scores_N, kind="stable")
    last_N = np.append(np.diff(scores_N[order_N]) != 0, True)  # the last of each group of equal scores
    found_K = np.cumsum(human_N[order_N])[last_N]
    precision_K = found_K / (np.flatnonzero(last_N) + 1)
    return float((np.diff(found_K, prepend=0) * precision_K).sum() / human_N.sum())


def rationale_agreement(scores_N: np.ndarray, human_N: np.ndarray, ids_N: Units) -> dict[str, float]:
    """AUPRC, token F1 and IOU F1 (DeYoung et al. 2020) against the annotated words (`human_N`). As many words of
    highest score are chosen as are annotated, so the precision of words is equal to their recall."""
    chosen_N = np.zeros(len(scores_N), dtype=bool)
    chosen_N[ranking(scores_N, ids_N)[: int(human_N.sum())]] = True
    return {
        "auprc": average_precision(scores_N, human_N),
        "token_f1": float((chosen_N & human_N).sum() / human_N.sum()),
        "iou_f1": _iou_f1(_spans(chosen_N), _spans(human_N)),
    }


def _spans(marked_N: np.ndarray) -> list[tuple[int, int]]:
    """Start and end of each contiguous span of marked words."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked_N, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _iou_f1(chosen: list[tuple[int, int]], annotated: list[tuple[int, int]]) -> float:
    """F1 of spans. Two spans match if their intersection is at least half of their union."""

    def match(one: tuple[int, int], other: tuple[int, int]) -> bool:
        shared = min(one[1], other[1]) - max(one[0], other[0])
        return shared > 0 and 2 * shared >= max(one[1], other[1]) - min(one[0], other[0])

    precision = sum(any(match(one, other) for other in annotated) for one in chosen) / max(len(chosen), 1)
    recall = sum(any(match(one, other) for one in chosen) for other in annotated) / max(len(annotated), 1)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
