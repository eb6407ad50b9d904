"""Rationales against random ones, under every operator of erasure."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import keywords

from tmeattn.errors import BadInput
from tmeattn.faithfulness.assessment import Measures, assess, choose_methods
from tmeattn.faithfulness.operators import Donors, erase, operators_in
from tmeattn.faithfulness.randomization import (
    against_random,
    benjamini_hochberg,
    disagreements,
    drops,
    effect_size,
    p_value,
    random_rationales,
    rationale,
)
from tmeattn.faithfulness.results import OPERATORS, AgainstRandom, Estimate, OperatorResults
from tmeattn.specs import UNKNOWN


def test_operators_by_hand() -> None:
    ids, erased = np.array([5, 6, 7, 8]), np.array([True, False, False, True])
    assert list(erase(ids, erased, "delete")) == [6, 7]
    assert list(erase(ids, erased, "unknown")) == [UNKNOWN, 6, 7, UNKNOWN]
    assert list(erase(ids, erased, "infill", np.array([1, 2, 3, 4]))) == [1, 6, 7, 4]


def test_infill_takes_words_of_other_texts_at_like_positions() -> None:
    own = np.array([2, 3, 4, 5])
    donors = Donors([own, np.array([10, 11]), np.array([20, 21, 22, 23, 24, 25, 26, 27]), own])
    assert donors.enough
    drawn = [donors.fill(own, draw) for draw in range(40)]
    allowed = [{10, 21}, {10, 23}, {11, 25}, {11, 27}]  # of M words, the one at floor((t + 1/2) M / 4)
    for place, words in enumerate(allowed):
        assert {int(fill[place]) for fill in drawn} == words
    assert np.array_equal(donors.fill(own), donors.fill(own))
    assert not Donors([own, own.copy()]).enough


def test_operators_that_do_not_exist() -> None:
    assert operators_in("infill, delete,infill") == ("infill", "delete")
    with pytest.raises(BadInput, match="There is no operator named 'mask'"):
        operators_in("delete,mask")
    with pytest.raises(BadInput, match="names no operator"):
        operators_in(" , ")


@pytest.mark.parametrize("operator", OPERATORS)
def test_drops_are_those_of_texts_written_out(zoo, operator: str) -> None:
    classifier = zoo["simple-attn"]
    texts = [classifier.encode(text).ids_T for text in keywords.texts(6, 3).texts]
    donors, ids = Donors(texts), texts[0]
    rationales = random_rationales(ids, 4)
    found = drops(classifier.probabilities, ids, rationales, operator, donors)
    words = {"delete": [None] * len(ids), "unknown": [UNKNOWN] * len(ids), "infill": list(donors.fill(ids))}[operator]
    whole = classifier.probabilities([ids])[0]
    for measure in ("comprehensiveness", "sufficiency"):
        for row, lost in zip(rationales, found[measure], strict=True):
            left = []
            for word, chosen, other in zip(ids, row, words, strict=True):
                gone = chosen if measure == "comprehensiveness" else not chosen
                left += [] if gone and other is None else [other if gone else word]
            (alone,) = classifier.probabilities([np.array(left, dtype=ids.dtype)])
            assert lost == pytest.approx((whole.max() - alone[whole.argmax()]) / whole.max(), abs=1e-6)


def test_random_rationales_have_the_length_of_the_methods() -> None:
    ids = np.arange(2, 25)
    drawn = random_rationales(ids, 200)
    assert set(drawn.sum(axis=1)) == {math.ceil(0.2 * len(ids))}
    assert rationale(np.arange(len(ids), 0, -1.0), ids).nonzero()[0].tolist() == [0, 1, 2, 3, 4]
    assert drawn.mean(axis=0) == pytest.approx(np.full(len(ids), 5 / 23), abs=0.12)  # no place is preferred


def naive_figures(observed: list[float], random: list[list[float]], sign: int) -> tuple[float, float, float]:
    """Win rate, p and effect size, written with loops."""
    wins = [
        sum(1.0 if sign * own > sign * other else 0.5 if own == other else 0.0 for other in drawn) / len(drawn)
        for own, drawn in zip(observed, random, strict=True)
    ]
    means = [sign * sum(drawn[at] for drawn in random) / len(random) for at in range(len(random[0]))]
    own = sign * sum(observed) / len(observed)
    p = (1 + sum(1 for mean in means if mean >= own - 1e-12)) / (len(means) + 1)
    gaps = [sign * (own - sum(drawn) / len(drawn)) for own, drawn in zip(observed, random, strict=True)]
    middle = sum(gaps) / len(gaps)
    spread = math.sqrt(sum((gap - middle) ** 2 for gap in gaps) / (len(gaps) - 1))
    return sum(wins) / len(wins), p, middle / spread


@given(st.integers(0, 10**6))
@settings(max_examples=30)
def test_figures_are_those_of_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    observed, random = rng.integers(0, 5, 6) / 4 + rng.random(6) * (seed % 2), rng.integers(0, 5, (6, 7)) / 4
    for measure, sign in (("comprehensiveness", 1), ("sufficiency", -1)):
        wins, p, effect = naive_figures(observed.tolist(), random.tolist(), sign)
        found = against_random(observed, random, measure)
        assert (found.win_rate.mean, found.p) == (pytest.approx(wins), pytest.approx(p))
        assert found.effect == pytest.approx(effect, nan_ok=True) or found.effect is None
        assert found.drop.mean == pytest.approx(observed.mean())


def test_random_wins_half_of_the_time_and_its_p_is_uniform() -> None:
    """One of 20 rationales that are drawn alike is the observed one."""
    rng = np.random.default_rng(1)
    drawn = rng.normal(size=(600, 10, 20)) + rng.normal(size=(600, 10, 1))
    p = np.array([p_value(one[:, 0].mean(), one[:, 1:].mean(axis=0)) for one in drawn])
    assert {round(20 * one) for one in p} == set(range(1, 21))
    for level in (0.05, 0.25, 0.5, 0.75):
        assert (p <= level + 1e-9).mean() == pytest.approx(level, abs=0.05)
    all_texts = drawn.reshape(-1, 20)[:500]
    found = against_random(all_texts[:, 0], all_texts[:, 1:], "comprehensiveness")
    assert found.win_rate.mean == pytest.approx(0.5, abs=0.04)
    assert abs(found.effect or 1) < 0.1


def test_equal_rationales_are_no_evidence() -> None:
    same = against_random(np.full(5, 0.3), np.full((5, 9), 0.3), "comprehensiveness")
    assert (same.win_rate.mean, same.p, same.effect, same.better) == (0.5, 1, None, False)
    assert p_value(1.0, np.zeros(19)) == pytest.approx(0.05)
    assert effect_size(np.ones(1), np.zeros((1, 3))) is None


def test_benjamini_hochberg_by_hand() -> None:
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.04 * 4 / 3, 0.04 * 4 / 3, 0.5])
    assert benjamini_hochberg([]) == []
    drawn = np.random.default_rng(0).random(12).tolist()
    ranked = sorted(drawn)
    naive = [min(12 * ranked[at] / (at + 1) for at in range(ranked.index(one), 12)) for one in drawn]
    assert benjamini_hochberg(drawn) == pytest.approx(naive)


def test_methods_against_random_on_a_trained_model(zoo) -> None:
    classifier = zoo["simple-attn"]
    split = keywords.texts(60, 5)
    texts = [classifier.encode(text) for text, label in zip(split.texts, split.labels, strict=True) if label < 2]
    methods, _ = choose_methods(classifier, ["leave-one-out"])
    found = assess(classifier, methods, texts, measures=Measures(compared=len(texts), draws=30))
    assert [one.operator for one in found.against_random] == list(OPERATORS)
    for one in found.against_random:
        known, control = one.rows["leave-one-out"]["comprehensiveness"], one.rows["random"]["comprehensiveness"]
        assert (one.texts, one.draws) == (len(texts), 30)
        assert known.better
        assert known.win_rate.mean > 0.7
        assert not control.better
        assert control.win_rate.mean == pytest.approx(0.5, abs=0.12)
        assert control.p == control.p_adjusted


def row(win: float, p: float) -> dict[str, AgainstRandom]:
    wins = Estimate(win, win - 0.02, win + 0.02)
    figures = AgainstRandom(Estimate(0.1, 0, 0.2), wins, p, p, 1.0)
    return {"comprehensiveness": figures, "sufficiency": AgainstRandom(wins, wins, 0.02, 0.02, 1.0)}


def test_disagreements_of_operators_are_told() -> None:
    first = OperatorResults("delete", 0.2, 50, 10, {"a": row(0.9, 0.02), "b": row(0.6, 0.02), "random": row(0.5, 0.5)})
    other = OperatorResults("infill", 0.2, 50, 10, {"a": row(0.6, 0.4), "b": row(0.9, 0.02), "random": row(0.5, 0.02)})
    said = disagreements([first, other], ["a", "b", "random"])
    assert said == [
        "Operators disagree on a by comprehensiveness: better than random by delete, not by infill.",
        "The order of the methods by comprehensiveness (win rate) differs between operators: a and b.",
        "The order of the methods by sufficiency (win rate) differs between operators: a and b.",
    ]
    assert disagreements([first, first], ["a", "b", "random"]) == []
    assert disagreements([], ["a"]) == []
