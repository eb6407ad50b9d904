"""Confidence intervals of accuracies and of their differences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RESAMPLES = 2000


def resampled_accuracies(
    correct: Sequence[np.ndarray], *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Accuracies of M classifiers, (M,), and of R bootstrap resamples, (M, R) (Efron and Tibshirani 1993).

    Each of `correct` is (S, N) bool: whether a classifier, trained with S seeds, classified each of N texts correctly.
    A resample draws the texts with replacement, the same ones for all classifiers, so differences of rows are paired.
    For each classifier it also draws the seeds, so the variance of training is included if there are several seeds.

    Texts that the same runs classify correctly are of one kind. How many texts of each kind a resample has decides the
    accuracies, so these numbers are drawn instead of the texts: the same distribution, in little memory.
    """
    random = np.random.default_rng(seed)
    texts = correct[0].shape[1]
    kinds_K, counts_K = _kinds_of_texts(correct)
    drawn_RK = random.multinomial(texts, counts_K / texts, size=resamples)
    rows = []
    for correct_SN in correct:
        seeds = len(correct_SN)
        accuracies_RS = drawn_RK @ correct_SN[:, kinds_K].T.astype(np.float64) / texts
        seeds_RS = random.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples)
        rows.append((accuracies_RS * seeds_RS).sum(axis=1) / seeds)
    return np.array([correct_SN.mean() for correct_SN in correct]), np.stack(rows)


def _kinds_of_texts(correct: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The first text of each kind, (K,), and the numbers of texts, (K,): two texts are of one kind if the same runs
    classify them correctly. The order is that of the texts, so it does not depend on the order of the classifiers."""
    _, first_K, counts_K = np.unique(np.concatenate(correct).T, axis=0, return_index=True, return_counts=True)
    order_K = np.argsort(first_K)
    return first_K[order_K], counts_K[order_K]


def percentile_interval(values_R: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of the values of R bootstrap resamples."""
    low, high = np.quantile(values_R, (0.025, 0.975))
    return float(low), float(high)


def paired_interval(
    correct_N: np.ndarray, other_N: np.ndarray, *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """The 95 % interval of the difference of two accuracies on the same N texts, each (N,) bool (paired bootstrap).

    The difference of a resample depends only on how many texts it has that one, the other or neither of the two alone
    classifies correctly. So these three numbers are drawn, not the texts, and any number of texts fits in memory.
    """
    texts = len(correct_N)
    gained, lost = np.count_nonzero(correct_N & ~other_N), np.count_nonzero(~correct_N & other_N)
    shares = np.array([gained, lost, texts - gained - lost]) / texts
    drawn_R3 = np.random.default_rng(seed).multinomial(texts, shares, size=resamples)
    return percentile_interval((drawn_R3[:, 0] - drawn_R3[:, 1]) / texts)


def accuracy_interval(accuracy: float, texts: int) -> tuple[float, float]:
    """The 95 % interval of an accuracy that was measured on `texts` texts (Wilson 1927)."""
    z2 = 1.959963984540054**2 / texts
    centre = (accuracy + z2 / 2) / (1 + z2)
    half = (z2 * (accuracy * (1 - accuracy) + z2 / 4)) ** 0.5 / (1 + z2)
    return centre - half, centre + half
