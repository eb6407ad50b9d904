"""Erasing attention weights until the decision flips (Serrano and Smith 2019, "Is Attention Interpretable?").

The weights are erased in the model and the others renormalised; the words stay. If few of the highest weights suffice,
attention points at what the decision depends on. If weights in another order flip it sooner, it does not.

Shapes: T tokens, C classes, K numbers of erased weights.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

import numpy as np

from tmeattn.faithfulness.attention_results import ORDERS, OrderResults, WeightErasure
from tmeattn.faithfulness.estimates import estimate
from tmeattn.faithfulness.metrics import ranking
from tmeattn.faithfulness.results import Estimate
from tmeattn.faithfulness.weights import AttendedText, LinearText
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.read_texts import EncodedText

STEPS = 20
"""Shares of the weights that are tried where every number of them would take a call of the model."""
DRAWS = 5
"""Random orders of a text, whose mean is the control, where they take no call of the model; else one."""
CONTROL = "random"


def erase_weights(classifier: TrainedClassifier, texts: Sequence[EncodedText]) -> WeightErasure | None:
    """Erase the weights of texts of two words or more in every order; None without such a text."""
    values: dict[str, list[tuple[float, float, float]]] = {order: [] for order in ORDERS}
    all_linear = True
    weights = classifier.word_attention([text.ids_T for text in texts]) or []
    for text, weights_T in zip(texts, weights, strict=True):
        if len(text.ids_T) < 2:
            continue
        attended = AttendedText(classifier, text.ids_T)
        linear = attended.linear() if classifier.spec.attention == "pool" else None
        all_linear &= linear is not None
        gradient_T = attended.gradient()
        scores = {"attention": weights_T, "gradient": gradient_T, "attention x gradient": weights_T * gradient_T}
        for order, scores_T in scores.items():
            values[order].append(_flips(attended, linear, ranking(np.asarray(scores_T), text.ids_T)))
        generator = np.random.default_rng(zlib.crc32(text.ids_T.tobytes()))
        drawn = [generator.permutation(len(text.ids_T)) for _ in range(DRAWS if linear is not None else 1)]
        means = np.mean([_flips(attended, linear, order_T) for order_T in drawn], axis=0)
        values[CONTROL].append((float(means[0]), float(means[1]), float(means[2])))
    if not values[CONTROL]:
        return None
    rows = tuple(OrderResults(order, *_estimates(of, values[CONTROL], order)) for order, of in values.items())
    return WeightErasure(len(values[CONTROL]), None if all_linear else STEPS, rows)


def _estimates(
    values: list[tuple[float, float, float]], control: list[tuple[float, float, float]], order: str
) -> list[Estimate]:
    found = []
    for own_N, control_N in zip(zip(*values, strict=True), zip(*control, strict=True), strict=True):
        one = estimate(own_N, None if order == CONTROL else control_N)
        assert one is not None  # every text has a value
        found.append(one)
    return found


def _flips(attended: AttendedText, linear: LinearText | None, order_T: np.ndarray) -> tuple[float, float, float]:
    """Whether the decision flips without the first weight, whether it flips at all, and the share of the weights that
    are then erased (1 where it never flips)."""
    words = len(order_T)
    if linear is not None:
        erased_K, logits_KC = np.arange(1, words), _linear_logits(linear, order_T)
    else:
        shares = (math.ceil(share * words / STEPS) for share in range(1, STEPS))
        erased_K = np.array(sorted({1, *(count for count in shares if count < words)}))
        keep_KT = np.ones((len(erased_K), words), dtype=bool)
        for row, count in enumerate(erased_K):
            keep_KT[row, order_T[:count]] = False
        logits_KC = attended.logits_without(keep_KT)
    flipped_K = logits_KC.argmax(axis=1) != attended.predicted
    if not flipped_K.any():
        return 0.0, 0.0, 1.0
    return float(flipped_K[0]), 1.0, float(erased_K[flipped_K.argmax()]) / words


def _linear_logits(text: LinearText, order_T: np.ndarray) -> np.ndarray:
    """(T - 1, C) logits without the first 1 to T - 1 weights of an order. Where no weight is left, as sparse attention
    may have it, the logits of the step before are repeated, because the others cannot be renormalised."""
    weights_T = text.weights_T[order_T]
    left_K = np.cumsum(weights_T[::-1])[::-1][1:]
    sums_KC = np.cumsum((weights_T[:, None] * text.effect_TC[order_T])[::-1], axis=0)[::-1][1:]
    usable_K = left_K > np.finfo(np.float64).tiny
    shares_KC = np.divide(sums_KC, left_K[:, None], out=np.zeros_like(sums_KC), where=usable_K[:, None])
    logits_KC = text.base_C + shares_KC
    usable = int(usable_K.sum())  # what is left only decreases
    before_C = logits_KC[usable - 1] if usable else text.logits(text.weights_T)
    logits_KC[usable:] = before_C
    return np.asarray(logits_KC)
