"""The bounds of AOPC, against all orders of the words, one by one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import keywords

from tmeattn.faithfulness import bounds
from tmeattn.faithfulness.assessment import Measures, assess, choose_methods
from tmeattn.faithfulness.bounds import BoundedText, bound, excess, is_flat, normalized, widened
from tmeattn.faithfulness.metrics import BINS


class TinyModel:
    """The probability of class 1 from a weight for each word and for each pair of neighbours: order matters."""

    def __init__(self, seed: int, pairs: float) -> None:
        rng = np.random.default_rng(seed)
        self.words, self.pairs = rng.normal(size=40), pairs * rng.normal(size=(40, 40))

    def __call__(self, sequences: list[np.ndarray]) -> np.ndarray:
        odds = [self.words[ids].sum() + self.pairs[ids[:-1], ids[1:]].sum() for ids in sequences]
        p = 1 / (1 + np.exp(-np.array(odds)))
        return np.stack([1 - p, p], axis=1)


def bounded(model: TinyModel, ids: np.ndarray) -> BoundedText:
    rows = model([ids, *(np.delete(ids, at) for at in range(len(ids)))])
    target = int(rows[0].argmax())
    odds = np.log(rows[:, target] / (1 - rows[:, target]))
    return BoundedText(ids, target, float(rows[0, target]), odds[0] - odds[1:])


def all_orders(model, ids: np.ndarray, target: int) -> tuple[list[float], list[float]]:
    """Comprehensiveness and sufficiency of every order of the words, from their definitions."""
    known: dict[tuple[int, ...], float] = {}

    def probability(places: tuple[int, ...]) -> float:
        if places not in known:
            known[places] = float(model([ids[list(places)].astype(int)])[0, target])
        return known[places]

    every = tuple(range(len(ids)))
    comprehensiveness, sufficiency = [], []
    for order in itertools.permutations(every):
        without, alone = [], []
        for share in BINS:
            first = set(order[: math.ceil(share * len(ids))])
            without.append(probability(every) - probability(tuple(place for place in every if place not in first)))
            alone.append(probability(every) - probability(tuple(place for place in every if place in first)))
        comprehensiveness.append(sum(without) / len(BINS))
        sufficiency.append(sum(alone) / len(BINS))
    return comprehensiveness, sufficiency


@given(st.lists(st.integers(0, 39), min_size=1, max_size=6), st.integers(0, 999), st.sampled_from([0.0, 2.0]))
@settings(max_examples=25)
def test_short_texts_are_bounded_by_the_best_and_the_worst_of_all_orders(
    words: list[int], seed: int, pairs: float
) -> None:
    model, ids = TinyModel(seed, pairs), np.array(words)
    text = bounded(model, ids)
    (found,) = bound(model, [text])
    comprehensiveness, sufficiency = all_orders(model, ids, text.target)
    assert found.exact
    assert found.comprehensiveness == pytest.approx((min(comprehensiveness), max(comprehensiveness)), abs=1e-9)
    assert found.sufficiency == pytest.approx((min(sufficiency), max(sufficiency)), abs=1e-9)
    for aopc in comprehensiveness:
        assert math.isnan(one := normalized(aopc, found.comprehensiveness)) or -1e-9 <= one <= 1 + 1e-9


def test_a_trained_model_is_bounded_as_its_orders_are(zoo) -> None:
    classifier = zoo["lstm-attn"]
    ids = classifier.encode("good film of light and sound").ids_T
    rows = classifier.probabilities([ids])
    text = BoundedText(ids, int(rows[0].argmax()), float(rows[0].max()), np.zeros(len(ids)))
    (found,) = bound(classifier.probabilities, [text])
    comprehensiveness, sufficiency = all_orders(classifier.probabilities, ids, text.target)
    assert found.comprehensiveness == pytest.approx((min(comprehensiveness), max(comprehensiveness)), abs=1e-6)
    assert found.sufficiency == pytest.approx((min(sufficiency), max(sufficiency)), abs=1e-6)


def exhaustive_too(monkeypatch: pytest.MonkeyPatch, model: TinyModel, text: BoundedText):
    """The bounds by beam, and those of the exhaustive search of the same text."""
    (beam,) = bound(model, [text])
    monkeypatch.setattr(bounds, "EXACT_WORDS", len(text.ids_N))
    (exact,) = bound(model, [text])
    assert (beam.exact, exact.exact) == (False, True)
    return beam, exact


def test_the_beam_finds_the_optimum_where_words_do_not_interact(monkeypatch: pytest.MonkeyPatch) -> None:
    model = TinyModel(3, 0.0)
    beam, exact = exhaustive_too(monkeypatch, model, bounded(model, np.arange(13)))
    assert beam.comprehensiveness == pytest.approx(exact.comprehensiveness, abs=1e-9)
    assert beam.sufficiency == pytest.approx(exact.sufficiency, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_beam_is_inside_of_what_orders_reach_and_near_it(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    model = TinyModel(seed, 0.5)
    beam, exact = exhaustive_too(monkeypatch, model, bounded(model, np.arange(13)))
    for near, far in ((beam.comprehensiveness, exact.comprehensiveness), (beam.sufficiency, exact.sufficiency)):
        assert far[0] - 1e-9 <= near[0] < near[1] <= far[1] + 1e-9
        assert near[1] - near[0] > 0.8 * (far[1] - far[0])


def test_texts_are_bounded_together_as_they_are_alone() -> None:
    model = TinyModel(5, 0.5)
    texts = [bounded(model, np.arange(size) % 40) for size in (60, 3, 1, 25)]
    assert bound(model, texts) == [found for text in texts for found in bound(model, [text])]


def test_a_beam_predicts_a_bounded_number_of_sequences() -> None:
    model, sizes = TinyModel(5, 0.0), []
    model.words /= 20  # no probability is rounded to one

    def counting(sequences: list[np.ndarray]) -> np.ndarray:
        sizes.append(len(sequences))
        return model(sequences)

    bound(counting, [bounded(model, np.arange(400) % 40)])
    assert len(sizes) == 1 + 5 * bounds.STEPS
    assert sum(sizes[1:]) <= 4 * 5 * bounds.STEPS * bounds.BEAM * 4  # four bounds, four candidates for each set


def test_scales_by_hand() -> None:
    assert normalized(0.3, (0.1, 0.5)) == pytest.approx(0.5)
    assert is_flat((0.2, 0.2 + 1e-9))
    assert math.isnan(normalized(0.2, (0.2, 0.2)))
    assert widened((0.1, 0.5), [0.3, 0.6]) == (0.1, 0.6)
    assert excess((0.1, 0.6), (0.1, 0.5)) == pytest.approx(0.1)


@pytest.mark.parametrize("family", ["query-attn", "transformer-cls"])
def test_normalised_measures_are_between_the_bounds(zoo, family: str) -> None:
    classifier = zoo[family]
    split = keywords.texts(16, 5)
    long = " ".join(split.texts[:3])  # more words than are searched exhaustively, as far as the model reads them
    texts = [classifier.encode(text) for text in [*split.texts[:9], long, "good"]]
    methods, _ = choose_methods(classifier, ["leave-one-out", "attention"])
    found = assess(classifier, methods, texts, measures=Measures(bounded=len(texts)))
    assert found.bounds is not None
    assert found.bounds.exact + found.bounds.beam == len(texts)
    assert found.bounds.flat["comprehensiveness"] >= 1  # the single word has no other order
    values = {spec.name: found.values[spec.name] for spec in methods}
    for of_method in values.values():
        for measure in ("comprehensiveness", "sufficiency"):
            known = np.array(of_method[f"normalized_{measure}"])
            assert np.isnan(known).sum() == found.bounds.flat[measure]
            assert ((known >= 0) & (known <= 1) | np.isnan(known)).all()
    better = np.array(values["leave-one-out"]["normalized_comprehensiveness"])
    assert np.nanmean(better) > np.nanmean(values["random"]["normalized_comprehensiveness"]) + 0.2


def test_only_the_chosen_texts_are_bounded(zoo) -> None:
    classifier = zoo["mean"]
    texts = [classifier.encode(text) for text in keywords.texts(12, 2).texts]
    methods, _ = choose_methods(classifier, ["leave-one-out"])
    found = assess(classifier, methods, texts, measures=Measures(bounded=4))
    assert found.bounds is not None
    assert found.bounds.chosen == 4
    values = np.array(found.values["leave-one-out"]["normalized_comprehensiveness"])
    assert len(values) == 12
    assert np.isfinite(values).sum() == 4 - found.bounds.flat["comprehensiveness"]
