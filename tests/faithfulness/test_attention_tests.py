"""The tests of attention itself: against naive loops on tiny models, and the invariants of their papers."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from support import keywords

from tmeattn.faithfulness import adversarial_attention as adversarial
from tmeattn.faithfulness.adversarial_attention import adversarial_attention, jsd, most_divergent
from tmeattn.faithfulness.attention_results import ORDERS
from tmeattn.faithfulness.attention_tests import attention_tests
from tmeattn.faithfulness.study import StudyOptions, run_study
from tmeattn.faithfulness.weight_erasure import _flips, erase_weights
from tmeattn.faithfulness.weights import AttendedText, LinearText, reason_against_changes
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.models.layers import changed_weights, final_weights, uniform_weights, without_weights
from tmeattn.render.attention_tests import attention_section, attention_tables
from tmeattn.render.export.faithfulness import FORMATS

TEXT = "the film was good and the plot of this story"
POOLED = ("simple-attn", "query-attn", "lstm-attn")


def ids(classifier: TrainedClassifier, text: str = TEXT) -> np.ndarray:
    return classifier.encode(text).ids_T


def test_weights_that_stay_sum_to_one() -> None:
    weights = torch.softmax(torch.randn(3, 7), dim=-1)
    keep = torch.tensor([1.0, 0, 1, 1, 0, 1, 1])
    found = without_weights(weights, keep)
    assert torch.allclose(found.sum(dim=-1), torch.ones(3))
    assert (found[:, [1, 4]] == 0).all()
    assert torch.allclose(found[:, 0] / found[:, 2], weights[:, 0] / weights[:, 2])
    assert (without_weights(weights, torch.zeros(7)) == 0).all()


def test_weights_are_changed_only_within_the_block_and_the_thread() -> None:
    weights = torch.tensor([0.5, 0.5])
    with changed_weights(lambda given: given * 0), ThreadPoolExecutor(1) as pool:
        assert final_weights(weights).sum() == 0
        assert pool.submit(final_weights, weights).result() is weights
    assert final_weights(weights) is weights


@pytest.mark.parametrize("family", POOLED)
def test_the_linear_form_is_the_model_with_erased_weights(zoo: dict[str, TrainedClassifier], family: str) -> None:
    classifier = zoo[family]
    attended = AttendedText(classifier, ids(classifier))
    linear = attended.linear()
    assert linear is not None
    keep_KT = np.random.default_rng(0).random((6, 10)) < 0.6
    keep_KT[:, 0] = True
    kept_KT = linear.weights_T * keep_KT
    kept_KT /= kept_KT.sum(axis=1, keepdims=True)
    assert np.allclose(linear.logits(kept_KT), attended.logits_without(keep_KT), atol=1e-4)
    assert np.allclose(linear.logits(linear.weights_T), classifier.logits([ids(classifier)])[0], atol=1e-5)


@pytest.mark.parametrize("family", POOLED)
def test_flips_are_those_of_a_naive_loop_over_the_model(zoo: dict[str, TrainedClassifier], family: str) -> None:
    classifier = zoo[family]
    split = keywords.texts(12, 3)
    flipped = 0
    for text in split.texts:
        attended = AttendedText(classifier, ids(classifier, text))
        order_T = np.random.default_rng(len(text)).permutation(len(ids(classifier, text)))
        naive = (0.0, 0.0, 1.0)
        for count in range(1, len(order_T)):
            keep_1T = np.ones((1, len(order_T)), dtype=bool)
            keep_1T[0, order_T[:count]] = False
            if attended.logits_without(keep_1T)[0].argmax() != attended.predicted:
                naive = (float(count == 1), 1.0, count / len(order_T))
                break
        assert _flips(attended, attended.linear(), order_T) == naive
        if len(order_T) <= 20:
            assert _flips(attended, None, order_T) == naive  # steps of 5 % reach every number of 20 words or fewer
        flipped += naive[1] > 0
    assert 0 < flipped < 12


@pytest.mark.parametrize("family", [*POOLED, "transformer", "transformer-cls"])
def test_the_gradient_is_that_of_finite_differences(zoo: dict[str, TrainedClassifier], family: str) -> None:
    classifier = zoo[family]
    attended = AttendedText(classifier, ids(classifier))
    found_T = attended.gradient()

    def odds(change: Any) -> float:
        logits_C = attended._logits(change, 1)[0].double()
        others = [logit for number, logit in enumerate(logits_C.tolist()) if number != attended.predicted]
        return float(logits_C[attended.predicted]) - math.log(sum(math.exp(logit) for logit in others))

    for word in (0, 3):
        shift = torch.zeros(10)
        shift[word] = 1e-2

        def moved(sign: int, shift: torch.Tensor = shift) -> Any:
            if classifier.spec.attention == "pool":
                return lambda weights: weights + sign * shift
            prefix = family == "transformer-cls"
            keep = torch.nn.functional.pad(1 + sign * shift, (int(prefix), 0), value=1.0)
            return lambda weights: without_weights(weights, keep)

        with torch.no_grad():
            naive = (odds(moved(1)) - odds(moved(-1))) / 2e-2
        assert found_T[word] == pytest.approx(naive, rel=0.05, abs=2e-3)


def test_erased_self_attention_is_zero_at_the_words_and_sums_to_one(zoo: dict[str, TrainedClassifier]) -> None:
    classifier = zoo["transformer-cls"]
    attended = AttendedText(classifier, ids(classifier))
    keep = torch.ones(1, 10)
    keep[0, 3] = 0
    from tmeattn.faithfulness.weights import _called, _erased

    with torch.no_grad(), changed_weights(lambda weights: _erased(weights, keep)):
        maps = _called(classifier, attended.tokens_1T).maps
    for map_BHSS in maps or ():
        assert (map_BHSS[..., 4] == 0).all()  # after CLS
        assert torch.allclose(map_BHSS.sum(dim=-1), torch.ones(1, 2, 11), atol=1e-5)


def test_equal_weights_flip_like_random_ones(zoo: dict[str, TrainedClassifier]) -> None:
    classifier = zoo["simple-attn"]
    texts = [classifier.encode(text) for text in keywords.texts(60, 5).texts]
    with uniform_weights():
        found = erase_weights(classifier, texts)
    assert found is not None
    rows = {row.order: row for row in found.rows}
    assert list(rows) == list(ORDERS)
    assert not rows["attention"].fraction.differs
    assert not rows["attention"].first.differs
    assert rows["attention x gradient"].fraction.over_high < 0  # which knows the keywords, whatever the weights
    assert found.steps is None


def test_sharp_attention_flips_sooner_than_random(zoo: dict[str, TrainedClassifier]) -> None:
    classifier = zoo["lstm-attn"]
    found = erase_weights(classifier, [classifier.encode(text) for text in keywords.texts(30, 6).texts])
    assert found is not None
    for row in found.rows:
        assert 0 <= row.first.mean <= row.flips.mean <= 1
        assert 0 < row.fraction.mean <= 1


def test_the_divergence_is_that_of_the_definition() -> None:
    one, other = np.array([1.0, 0, 0]), np.array([0.2, 0.3, 0.5])
    naive = 0.0
    for a, b in ((one, other), (other, one)):
        naive += sum(x * math.log(x / ((x + y) / 2)) for x, y in zip(a, b, strict=True) if x) / 2
    assert jsd(one, other) == pytest.approx(naive)
    assert jsd(np.array([1.0, 0]), np.array([0, 1.0])) == pytest.approx(math.log(2))
    assert jsd(other, other) == 0


@pytest.mark.parametrize("allowed", [0.01, 0.1, 0.4])
def test_the_maximum_of_one_text_is_above_all_that_a_search_finds(allowed: float) -> None:
    generator = np.random.default_rng(int(100 * allowed))
    weights_T = generator.dirichlet(np.ones(5))
    text = LinearText(weights_T, np.array([0.1, -0.2]), generator.normal(size=(5, 2)) * 2)
    probabilities = np.exp(text.logits(weights_T))
    probabilities /= probabilities.sum()
    best = 0.0
    for _ in range(20):  # sparse weights, near the corners, and everything between
        drawn_NT = generator.dirichlet(np.full(5, generator.choice([0.02, 0.1, 1.0])), size=20_000)
        exponents = np.exp(text.logits(drawn_NT))
        tvd_N = np.abs(exponents / exponents.sum(axis=1, keepdims=True) - probabilities).sum(axis=1) / 2
        if (within := drawn_NT[tvd_N <= allowed]).size:
            best = max(best, float(jsd(within, weights_T).max()))
    found = most_divergent(text, allowed)
    assert best <= found + 1e-9
    assert found - best < 0.03
    assert found <= math.log(2)


def test_more_classes_give_a_lower_bound_that_grows_with_the_distance() -> None:
    generator = np.random.default_rng(2)
    text = LinearText(generator.dirichlet(np.ones(6)), np.zeros(3), generator.normal(size=(6, 3)))
    curve = [most_divergent(text, allowed) for allowed in (0.01, 0.05, 0.2, 1.0)]
    assert curve == sorted(curve)
    assert curve[-1] == pytest.approx(float(max(jsd(one, text.weights_T) for one in np.eye(6))))


def test_a_trained_adversary_moves_weights_and_keeps_decisions(
    zoo: dict[str, TrainedClassifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adversarial, "STEPS", 30)
    monkeypatch.setattr(adversarial, "RATE", 0.02)
    classifier = zoo["simple-attn"]
    before = {name: value.clone() for name, value in classifier.model.state_dict().items()}
    random_state = torch.get_rng_state()
    texts = [classifier.encode(text) for text in keywords.texts(20, 7).texts]
    training = [classifier.token_ids(text) for text in keywords.texts(60, 0).texts]
    found = adversarial_attention(classifier, texts, training)
    assert found is not None
    assert found.adversaries[0].jsd == found.adversaries[0].tvd == 0
    assert found.adversaries[-1].jsd > 0.05
    assert not found.exact  # three classes
    for point in found.curve:
        assert 0 <= point.one_model <= math.log(2)
        assert 0 <= point.per_text.mean <= math.log(2)
    assert all(torch.equal(value, before[name]) for name, value in classifier.model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random_state)
    assert not any(parameter.requires_grad for parameter in classifier.model.parameters())


def test_models_without_changeable_attention_are_named(
    zoo: dict[str, TrainedClassifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reason_against_changes(zoo["mean"]) == "the model 'mean' has no attention"
    assert all(reason_against_changes(zoo[family]) is None for family in (*POOLED, "transformer", "transformer-cls"))
    attend = zoo["simple-attn"].model.attend
    pooled = attend.forward

    def own(states_BTD: torch.Tensor, mask_BT: torch.Tensor) -> Any:
        weights_BT = torch.softmax((states_BTD @ attend.query_D).masked_fill(~mask_BT, -torch.inf), dim=-1)
        return (weights_BT[..., None] * states_BTD).sum(dim=1), weights_BT

    monkeypatch.setattr(attend, "forward", own)
    assert "neither layers.masked_softmax nor layers.final_weights" in str(reason_against_changes(zoo["simple-attn"]))
    monkeypatch.setattr(attend, "forward", lambda *given: [pooled(*given), pooled(*given)][0])
    assert "computes 2 sets of attention weights" in str(reason_against_changes(zoo["simple-attn"]))


@pytest.mark.parametrize(("family", "tables"), [("mean", 0), ("transformer", 1)])
def test_what_does_not_apply_is_a_sentence(zoo: dict[str, TrainedClassifier], family: str, tables: int) -> None:
    texts = [zoo[family].encode(text) for text in keywords.texts(6, 1).texts]
    found = attention_tests(zoo[family], texts, [])
    assert len(attention_tables(found)) == tables
    assert len(found.reasons) == 1
    assert family in found.reasons[0]
    assert attention_section(found)


def test_a_study_has_the_tests_in_every_export(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adversarial, "STEPS", 2)
    options = StudyOptions(methods=("attention",), limit=6, bounded=0, compared=0, attention_tests=True)
    results = run_study(
        trained, options, progress=lambda done, total: None, watch=nullcontext, narrate=lambda line: None
    )
    document = json.loads(json.dumps(results.document()))["attention_tests"]
    assert [row["order"] for row in document["erasure"]["rows"]] == list(ORDERS)
    assert document["adversarial"]["exact"]
    assert document["adversarial"]["steps"] == 2
    for ending, write in FORMATS.items():
        for several in ([results], [results, results]):
            assert "attention x gradient" in write(several), ending
