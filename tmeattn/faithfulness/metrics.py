"""Figures of one explanation, from its scores alone. N words; `human_N` marks those that people chose."""

from __future__ import annotations

import math
import zlib

import numpy as np

BINS = (0.01, 0.05, 0.1, 0.2, 0.5)
"""Shares of a text's words over which ERASER averages (DeYoung et al. 2020)."""
CURVE = (0.0, *BINS, 0.75, 1.0)
"""Where deletion and insertion curves are measured."""


def ranking(scores_N: np.ndarray, ids_N: np.ndarray) -> np.ndarray:
    """(N,) positions from the highest score to the lowest. Equal ones are in an order drawn from the words, so that
    position in the text decides nothing."""
    shuffled_N = np.random.default_rng(zlib.crc32(ids_N.tobytes()) ^ 0x5EED).permutation(len(scores_N))
    return shuffled_N[np.argsort(-scores_N[shuffled_N], kind="stable")]


def without_and_alone(ids_N: np.ndarray, order_N: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """For each share strictly within `CURVE`: the text without its highest words, and those words alone, in the text's
    order. A share is rounded up to whole words."""
    without, alone = [], []
    for share in CURVE[1:-1]:
        chosen_N = np.zeros(len(ids_N), dtype=bool)
        chosen_N[order_N[: math.ceil(share * len(ids_N))]] = True
        without.append(ids_N[~chosen_N])
        alone.append(ids_N[chosen_N])
    return without, alone


def erased(whole: float, empty: float, without: np.ndarray, alone: np.ndarray) -> dict[str, float]:
    """Comprehensiveness, sufficiency and the areas, from the probabilities of the predicted class: of the whole text,
    of none of it, and at the shares within `CURVE` without the highest words and with them alone."""
    bins = len(BINS)
    return {
        "comprehensiveness": float(whole - without[:bins].mean()),
        "sufficiency": float(whole - alone[:bins].mean()),
        "deletion": _area([whole, *without, empty]),
        "insertion": _area([empty, *alone, whole]),
    }


def _area(heights: list[float]) -> float:
    """Under straight lines between points at the shares of `CURVE`."""
    heights_K = np.array(heights)
    return float((np.diff(CURVE) * (heights_K[1:] + heights_K[:-1]) / 2).sum())


def kendall_tau(a_N: np.ndarray, b_N: np.ndarray) -> float:
    """Rank correlation with ties (tau-b, Kendall 1945); NaN where either has but one value."""
    pairs_a, pairs_b = (np.sign(x_N[:, None] - x_N[None, :]) for x_N in (a_N, b_N))
    untied = float(np.count_nonzero(pairs_a)) * float(np.count_nonzero(pairs_b))
    return float((pairs_a * pairs_b).sum() / math.sqrt(untied)) if untied else math.nan


def average_precision(scores_N: np.ndarray, human_N: np.ndarray) -> float:
    """Area under precision and recall as the threshold falls; words of equal score pass it together."""
    order_N = np.argsort(-scores_N, kind="stable")
    last_N = np.append(np.diff(scores_N[order_N]) != 0, True)  # where a group of equal scores ends
    found_K = np.cumsum(human_N[order_N])[last_N]
    precision_K = found_K / (np.flatnonzero(last_N) + 1)
    return float((np.diff(found_K, prepend=0) * precision_K).sum() / human_N.sum())


def agreement(scores_N: np.ndarray, human_N: np.ndarray, ids_N: np.ndarray) -> dict[str, float]:
    """AUPRC, token F1 and IOU F1 (DeYoung et al. 2020). The scores choose as many words as people did, so precision
    and recall of words are one."""
    chosen_N = np.zeros(len(scores_N), dtype=bool)
    chosen_N[ranking(scores_N, ids_N)[: int(human_N.sum())]] = True
    return {
        "auprc": average_precision(scores_N, human_N),
        "token_f1": float((chosen_N & human_N).sum() / human_N.sum()),
        "iou_f1": _iou_f1(_stretches(chosen_N), _stretches(human_N)),
    }


def _stretches(marked_N: np.ndarray) -> list[tuple[int, int]]:
    """Start and end of each run of marked words."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked_N, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _iou_f1(found: list[tuple[int, int]], human: list[tuple[int, int]]) -> float:
    """Stretches match where they share at least half of what they cover together."""

    def match(one: tuple[int, int], other: tuple[int, int]) -> bool:
        shared = min(one[1], other[1]) - max(one[0], other[0])
        return shared > 0 and 2 * shared >= max(one[1], other[1]) - min(one[0], other[0])

    precision = sum(any(match(one, other) for other in human) for one in found) / max(len(found), 1)
    recall = sum(any(match(one, other) for one in found) for other in human) / max(len(human), 1)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
