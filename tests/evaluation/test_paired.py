"""Classifiers on one set of texts, each figure against a separate naive computation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmeattn.evaluation.intervals import RESAMPLES
from tmeattn.evaluation.paired import (
    RunOnTexts,
    accuracy_difference,
    compare_groups,
    mcnemar,
    two_sided_binomial,
)
from tmeattn.evaluation.quality import quality

CLASSES = ("bad", "good")


def enumerated_p(gained: int, lost: int) -> float:
    """The share of all ways in which the texts that differ could have fallen that are at least as uneven."""
    differing = gained + lost
    ways = list(itertools.product((0, 1), repeat=differing))
    uneven = [way for way in ways if abs(2 * sum(way) - differing) >= abs(gained - lost)]
    return len(uneven) / len(ways)


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (3, 3), (5, 1), (0, 9), (7, 4)])
def test_p_of_mcnemar_is_that_of_all_enumerated_outcomes(gained: int, lost: int) -> None:
    one = np.array([True] * gained + [False] * lost + [True] * 3)
    other = np.array([False] * gained + [True] * lost + [True] * 3)
    test = mcnemar(one, other)
    assert (test.gained, test.lost) == (gained, lost)
    assert test.p == pytest.approx(enumerated_p(gained, lost))
    assert mcnemar(other, one).p == test.p


def test_p_of_many_texts_neither_overflows_nor_loses_digits() -> None:
    assert two_sided_binomial(5_000, 10_000) == 1.0
    exact = 2 * sum(math.comb(2_000, k) for k in range(951)) / 2**2_000
    assert two_sided_binomial(950, 2_000) == pytest.approx(exact, rel=1e-9)
    assert 0 <= two_sided_binomial(0, 5_000) < 1e-300


def looped_interval(correct: np.ndarray, other: np.ndarray, seed: int) -> tuple[float, float]:
    """The interval by loops over resamples, texts and seeds, with the same random numbers."""
    random = np.random.default_rng(seed)
    kinds: dict[tuple[bool, ...], int] = {}  # in the order of their first text
    for column in np.concatenate([correct, other]).T:
        kinds[tuple(column)] = kinds.get(tuple(column), 0) + 1
    texts = correct.shape[1]
    shares = np.array(list(kinds.values())) / texts
    texts_drawn = [random.multinomial(texts, shares) for _ in range(RESAMPLES)]
    seeds_drawn = [
        [random.multinomial(len(runs), np.full(len(runs), 1 / len(runs))) for _ in range(RESAMPLES)]
        for runs in (correct, other)
    ]
    differences = []
    for at in range(RESAMPLES):
        accuracies = []
        for runs, drawn, first in ((correct, seeds_drawn[0], 0), (other, seeds_drawn[1], len(correct))):
            hits = 0
            for row in range(len(runs)):
                for kind, number in zip(kinds, texts_drawn[at], strict=True):
                    hits += drawn[at][row] * number * kind[first + row]
            accuracies.append(hits / (len(runs) * texts))
        differences.append(accuracies[0] - accuracies[1])
    low, high = np.quantile(differences, (0.025, 0.975))
    return float(low), float(high)


@pytest.mark.parametrize(("runs", "others"), [(1, 1), (1, 2)])
def test_the_bootstrap_is_that_of_a_loop(runs: int, others: int) -> None:
    draw = np.random.default_rng(4)
    correct, other = draw.random((runs, 30)) < 0.8, draw.random((others, 30)) < 0.6
    if (len(correct), correct.tobytes()) > (len(other), other.tobytes()):
        correct, other = other, correct
    difference, low, high = accuracy_difference(correct, other, seed=7)
    assert difference == pytest.approx(sum(correct.mean(axis=1)) / runs - sum(other.mean(axis=1)) / others)
    assert (low, high) == pytest.approx(looped_interval(correct, other, 7))


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 20), st.integers(0, 99))
def test_a_difference_turns_with_the_order(runs: int, others: int, texts: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    correct, other = draw.random((runs, texts)) < 0.7, draw.random((others, texts)) < 0.5
    difference, low, high = accuracy_difference(correct, other)
    assert accuracy_difference(other, correct) == (-difference, -high, -low)
    assert -1 <= low <= high <= 1


def on_texts(name: str, predicted: np.ndarray, labels: np.ndarray, seed: int = 0) -> RunOnTexts:
    probabilities = np.eye(len(CLASSES))[predicted] * 0.8 + 0.1
    return RunOnTexts(name, seed, predicted, quality(probabilities, labels, CLASSES), 0.5)


def test_a_run_and_itself() -> None:
    labels, predicted = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 1, 0])
    run = on_texts("a", predicted, labels)
    compared = compare_groups([("a", [run]), ("b", [run])], labels, CLASSES, dataset="d", split="validation")
    (difference,) = compared.differences
    assert (difference.difference, difference.low, difference.high) == (0, 0, 0)
    assert difference.mcnemar is not None
    assert difference.mcnemar.p == 1
    assert all((each.difference, each.low, each.high) == (0, 0, 0) for each in difference.classes)
    assert not difference.few_seeds


def test_groups_and_classes_of_a_small_example() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1])
    first = [on_texts("a", np.array([0, 0, 0, 0, 0, 1]), labels), on_texts("b", labels.copy(), labels, seed=1)]
    second = [on_texts("c", np.array([0, 0, 1, 1, 1, 1]), labels)]
    compared = compare_groups([("one", first), ("two", second)], labels, CLASSES, dataset="d", split="test")
    one, two = compared.groups
    assert one.accuracies == pytest.approx((5 / 6, 1))
    assert one.interval[1] == 1  # Student's interval ends at 1
    assert two.accuracy == pytest.approx(4 / 6)
    (difference,) = compared.differences
    assert (difference.label, difference.other) == ("two", "one")
    assert difference.difference == pytest.approx(4 / 6 - 11 / 12)
    assert difference.mcnemar is None
    assert difference.over_seeds is None  # a single run has no variance over seeds
    assert difference.few_seeds
    bad, good = difference.classes
    assert (bad.texts, bad.recall, bad.other_recall) == (4, 0.5, 1.0)
    assert (good.texts, good.recall, good.other_recall) == (2, 1.0, 0.75)
    assert good.other_f1 == pytest.approx((2 / 3 + 1) / 2)


def test_a_class_without_texts_has_no_interval() -> None:
    labels, predicted = np.zeros(3, dtype=int), np.array([0, 1, 0])
    runs = [("a", [on_texts("a", predicted, labels)]), ("b", [on_texts("b", labels, labels)])]
    (difference,) = compare_groups(runs, labels, CLASSES, dataset="d", split="validation").differences
    assert difference.classes[1].texts == 0
    assert difference.classes[1].low is None
