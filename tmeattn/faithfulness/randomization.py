"""Rationales against random rationales of the same length, under several operators of erasure: after ICE (Basu and
Chakraborty, arXiv 2603.18579).

A rationale is the share `RATIONALE` of the words with the highest scores. Shapes: N words, M random rationales, X
texts.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tmeattn.data.encoding.words import Units
from tmeattn.faithfulness.estimates import estimate
from tmeattn.faithfulness.metrics import ranking
from tmeattn.faithfulness.operators import Donors, erase
from tmeattn.faithfulness.results import CONTROL, INFILL, MEASURES, AgainstRandom, Estimate, OperatorResults

RATIONALE = 0.2
"""The share of the words of a rationale, rounded up to whole words."""

Predict = Callable[[list[Units]], np.ndarray]
"""Class probabilities (K, C) of K sequences of words."""


def rationale(scores_N: np.ndarray, ids_N: Units) -> np.ndarray:
    """(N,) which words are the rationale: the share `RATIONALE` with the highest scores."""
    chosen_N = np.zeros(len(ids_N), dtype=bool)
    chosen_N[ranking(scores_N, ids_N)[: math.ceil(RATIONALE * len(ids_N))]] = True
    return chosen_N


def random_rationales(ids_N: Units, draws: int) -> np.ndarray:
    """(M, N) random rationales of a text, with a seed from its token ids."""
    rng = np.random.default_rng([zlib.crc32(ids_N.tobytes()), 0x1CE])
    chosen_MN = np.zeros((draws, len(ids_N)), dtype=bool)
    for row_N in chosen_MN:
        row_N[rng.permutation(len(ids_N))[: math.ceil(RATIONALE * len(ids_N))]] = True
    return chosen_MN


def drops(
    predict: Predict, ids_N: Units, rationales: np.ndarray, operator: str, donors: Donors
) -> dict[str, np.ndarray]:
    """The normalised score drop of each rationale (K, N) of a text, by measure: how much of the probability of the
    predicted class is lost when the rationale is erased (comprehensiveness), and when all other words are
    (sufficiency)."""
    fill_N = donors.fill(ids_N) if operator == INFILL else None
    erased = [erase(ids_N, row_N, operator, fill_N) for row_N in rationales]
    kept = [erase(ids_N, ~row_N, operator, fill_N) for row_N in rationales]
    rows_KC = predict([ids_N, *erased, *kept])
    target = rows_KC[0].argmax()
    whole, lost_K = rows_KC[0, target], 1 - rows_KC[1:, target] / rows_KC[0, target]
    assert whole > 0
    return dict(zip(MEASURES, np.split(lost_K, 2), strict=True))


def compare_all(
    predict: Predict,
    ids: Sequence[Units],
    scores: Mapping[str, Sequence[np.ndarray]],
    *,
    operators: Sequence[str],
    draws: int,
    donors: Donors,
    advance: Callable[[int], None],
) -> tuple[OperatorResults, ...]:
    """Compare the rationales of every method with random ones of the same texts, under each operator.

    scores:  by method, of each text.
    advance: called with the number of texts after each of them.
    """
    results = []
    for operator in operators:
        observed: dict[str, dict[str, list[float]]] = {method: {name: [] for name in MEASURES} for method in scores}
        random: dict[str, list[np.ndarray]] = {name: [] for name in MEASURES}
        for at, ids_N in enumerate(ids):
            own = [rationale(of_method[at], ids_N) for of_method in scores.values()]
            found = drops(predict, ids_N, np.array([*own, *random_rationales(ids_N, draws)]), operator, donors)
            for measure, lost_K in found.items():
                for method, value in zip(scores, lost_K, strict=False):
                    observed[method][measure].append(float(value))
                random[measure].append(lost_K[len(own) :])
            advance(1)
        arrays = {method: {name: np.array(values) for name, values in of.items()} for method, of in observed.items()}
        results.append(compare_with_random(operator, arrays, {name: np.array(rows) for name, rows in random.items()}))
    return tuple(results)


def compare_with_random(
    operator: str,
    observed: Mapping[str, Mapping[str, np.ndarray]],
    random: Mapping[str, np.ndarray],
) -> OperatorResults:
    """The figures of an operator.

    observed: by method and measure, the drop of each text (X,).   random: by measure, (X, M) of random rationales.
    """
    texts, draws = random[MEASURES[0]].shape
    rows = {
        method: {measure: against_random(values[measure], random[measure], measure) for measure in MEASURES}
        for method, values in observed.items()
    }
    tested = [method for method in rows if method != CONTROL]
    for measure in MEASURES:
        adjusted = benjamini_hochberg([rows[method][measure].p for method in tested])
        for method, p in zip(tested, adjusted, strict=True):
            rows[method][measure] = replace(rows[method][measure], p_adjusted=p)
    return OperatorResults(operator, RATIONALE, draws, texts, rows)


def against_random(observed_X: np.ndarray, random_XM: np.ndarray, measure: str) -> AgainstRandom:
    """The figures of one method: mean drop, win rate, p and effect size.

    The win rate is the mean share of the random rationales that the method's rationale is better than; equal ones count
    one half. p = (1 + #{random >= observed}) / (M + 1) compares the mean over the texts with that of each of the M
    draws. The effect size is the mean of the differences from the mean of the random rationales, in their standard
    deviations over the texts.
    """
    sign = 1 if measure == "comprehensiveness" else -1  # a high drop is better when the rationale is erased
    better_X, draws_XM = sign * observed_X, sign * random_XM
    wins_X = ((better_X[:, None] > draws_XM) + 0.5 * (better_X[:, None] == draws_XM)).mean(axis=1)
    p = p_value(float(better_X.mean()), draws_XM.mean(axis=0))
    return AgainstRandom(_known(estimate(observed_X)), _known(estimate(wins_X)), p, p, effect_size(better_X, draws_XM))


def p_value(observed: float, random_M: np.ndarray) -> float:
    """(1 + #{random >= observed}) / (M + 1). Differences that are only rounding count as equal."""
    return float((1 + np.count_nonzero(random_M >= observed - 1e-12)) / (len(random_M) + 1))


def effect_size(better_X: np.ndarray, draws_XM: np.ndarray) -> float | None:
    """Cohen's d of paired differences; None for fewer than two texts or without any spread."""
    difference_X = better_X - draws_XM.mean(axis=1)
    spread = float(difference_X.std(ddof=1)) if len(difference_X) > 1 else 0.0
    return float(difference_X.mean()) / spread if spread > 0 else None


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """The p values adjusted for the rate of false discoveries (Benjamini and Hochberg 1995), in their order."""
    order = sorted(range(len(p_values)), key=lambda at: -p_values[at])
    adjusted, least = [0.0] * len(p_values), 1.0
    for place, at in enumerate(order):
        least = min(least, p_values[at] * len(p_values) / (len(p_values) - place))
        adjusted[at] = least
    return adjusted


def disagreements(results: Sequence[OperatorResults], methods: Sequence[str]) -> list[str]:
    """Where operators disagree, one sentence each: a method that is better than random by one operator and not by
    another, and pairs of methods whose order differs by more than their intervals."""
    said = []
    for measure in MEASURES:
        for method in methods:
            better = [one.operator for one in results if one.rows[method][measure].better]
            others = [one.operator for one in results if one.operator not in better]
            if better and others and method != CONTROL:
                said.append(
                    f"Operators disagree on {method} by {measure}: better than random by {_and(better)}, not by "
                    f"{_and(others)}."
                )
        said += _orders(results, methods, measure)
    return said


def _orders(results: Sequence[OperatorResults], methods: Sequence[str], measure: str) -> list[str]:
    """The pairs of methods whose order by the win rate is reversed by another operator, as one sentence."""
    tested = [method for method in methods if method != CONTROL]
    swapped = []
    for at, first in enumerate(tested):
        for second in tested[at + 1 :]:
            ahead = [_ahead(one, first, second, measure) for one in results]
            if 1 in ahead and -1 in ahead:
                swapped.append(f"{first} and {second}")
    if not swapped:
        return []
    return [f"The order of the methods by {measure} (win rate) differs between operators: {'; '.join(swapped)}."]


def _ahead(one: OperatorResults, first: str, second: str, measure: str) -> int:
    """1 if the interval of the first method is above that of the second one, -1 if it is below, else 0."""
    a, b = (one.rows[method][measure].win_rate for method in (first, second))
    return int(a.low > b.high) - int(b.low > a.high)


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)


def _known(found: Estimate | None) -> Estimate:
    assert found is not None
    return found
