"""How sure an accuracy is, and a difference between two of them."""

from __future__ import annotations

import numpy as np

RESAMPLES = 10_000


def paired_bootstrap(
    correct_N: np.ndarray, other_N: np.ndarray, *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float, float]:
    """How much higher the accuracy in `correct_N` is than in `other_N`, and the 95 % percentile interval of that
    (Efron and Tibshirani 1993): texts are drawn with replacement, both classifiers always judged on the same ones.

    Both are (N,) shares in [0, 1]: whether each text was classified correctly, or how often over several seeds.
    """
    differences_N = np.asarray(correct_N, dtype=np.float64) - np.asarray(other_N, dtype=np.float64)
    values, counts = np.unique(differences_N, return_counts=True)
    texts = len(differences_N)
    # Few values occur, so drawing how often each does is drawing the texts themselves.
    drawn = np.random.default_rng(seed).multinomial(texts, counts / texts, size=resamples)
    means = drawn @ values / texts
    low, high = np.quantile(means, (0.025, 0.975))
    return float(differences_N.mean()), float(low), float(high)


def accuracy_interval(accuracy: float, texts: int) -> tuple[float, float]:
    """The 95 % interval of an accuracy measured on so many texts (Wilson 1927)."""
    z2 = 1.959963984540054**2 / texts
    centre = (accuracy + z2 / 2) / (1 + z2)
    half = (z2 * (accuracy * (1 - accuracy) + z2 / 4)) ** 0.5 / (1 + z2)
    return centre - half, centre + half
