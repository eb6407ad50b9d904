"""How much a model depends on the order of words: its evaluation on the same texts with shuffled words. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from tmeattn.evaluation.intervals import accuracy_interval, paired_interval

if TYPE_CHECKING:
    from tmeattn.evaluation.evaluate import Evaluation


class ShuffledWords(TypedDict):
    """The evaluation on texts with shuffled words, beside that in order.

    seed:                       of the permutations.
    accuracy:                   with shuffled words, in [0, 1].
    accuracy_interval:          its 95 % interval (Wilson 1927).
    cross_entropy:              with shuffled words, in nats.
    difference:                 accuracy with shuffled words minus accuracy in order.
    difference_interval:        its 95 % interval (paired bootstrap over the texts).
    changed_predictions:        the number of texts whose predicted class is another one.
    largest_probability_change: the largest change of the probability of a class; only rounding, about 1e-6, for a model
                                that reads a bag of words.
    """

    seed: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    cross_entropy: float
    difference: float
    difference_interval: tuple[float, float]
    changed_predictions: int
    largest_probability_change: float


def compare_orders(in_order: Evaluation, shuffled: Evaluation, seed: int) -> ShuffledWords:
    """Compare two evaluations of the same texts in the same batches."""
    correct_N, shuffled_N = (each.predicted() == each.labels_N for each in (in_order, shuffled))
    accuracy = shuffled.means["accuracy"]
    return {
        "seed": seed,
        "accuracy": accuracy,
        "accuracy_interval": accuracy_interval(accuracy, len(shuffled_N)),
        "cross_entropy": shuffled.means["cross_entropy"],
        "difference": accuracy - in_order.means["accuracy"],
        "difference_interval": paired_interval(shuffled_N, correct_N),
        "changed_predictions": int(np.count_nonzero(shuffled.predicted() != in_order.predicted())),
        "largest_probability_change": float(np.abs(shuffled.probabilities_NC - in_order.probabilities_NC).max()),
    }
