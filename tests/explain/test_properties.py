"""What must hold of every attribution method, whatever the text."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import keywords, planted
from support.zoo import FAMILIES

from tmeattn.explain.compatibility import methods_with_reasons
from tmeattn.explain.explain import attribute
from tmeattn.explain.methods import leave_one_out, log_odds, rolled_out
from tmeattn.models.layers import masked_softmax
from tmeattn.registry import registry
from tmeattn.specs import ExplainerSpec

WORDS = [*planted.FILLERS, *planted.PLANTED, "xyzzy"]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
FAITHFUL = ("input-x-gradient", "integrated-gradients", "leave-one-out", "lime")
"""Not `gradient`: in a linear model it is the same at every word."""


def scores(classifier, method, texts):
    spec = registry().get(ExplainerSpec, method)
    return [one.scores_T for one in attribute(classifier, spec, [classifier.encode(text) for text in texts])]


@pytest.mark.parametrize("family", FAMILIES)
@given(text=TEXTS, neighbours=st.lists(TEXTS, max_size=2), long=st.booleans())
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_scores_do_not_depend_on_padding_batch_or_neighbours(zoo, family, text, neighbours, long):
    together = [*neighbours, text, *(["film " * 12] if long else [])]
    for spec, against in methods_with_reasons(zoo[family]):
        if against is None and spec.name != "lime":
            (alone,) = scores(zoo[family], spec.name, [text])
            beside = scores(zoo[family], spec.name, together)[len(neighbours)]
            assert np.allclose(alone, beside, rtol=1e-3, atol=2e-4), spec.name


@pytest.mark.parametrize("family", FAMILIES)
@given(text=TEXTS)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_integrated_gradients_sum_to_the_difference_in_log_odds(zoo, family, text):
    classifier = zoo[family]
    encoded = classifier.encode(text)
    (reading,) = classifier.read([encoded.ids_T])
    about = int(reading.logits_C.argmax())
    with torch.no_grad():
        tokens = torch.from_numpy(encoded.ids_T.astype(np.int64))[None]
        hook = classifier.embedding.register_forward_hook(lambda module, given, out: torch.zeros_like(out))
        empty = classifier.model(tokens, torch.ones_like(tokens, dtype=torch.bool)).logits_BC[0].numpy()
        hook.remove()
    difference = log_odds(reading.logits_C, about) - log_odds(empty, about)
    (found,) = scores(classifier, "integrated-gradients", [text])
    assert abs(found.sum() - difference) <= 0.01 * max(abs(difference), 0.1)


@pytest.mark.parametrize("family", FAMILIES)
@given(text=TEXTS, target=st.integers(0, 2))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_leave_one_out_equals_the_naive_loop(zoo, family, text, target):
    classifier = zoo[family]
    encoded = classifier.encode(text)

    def odds(ids):
        (reading,) = classifier.read([ids])
        return log_odds(reading.logits_C, target)

    naive = [odds(encoded.ids_T) - odds(np.delete(encoded.ids_T, at)) for at in range(len(encoded.ids_T))]
    assert leave_one_out(classifier, [encoded], target)[0] == pytest.approx(naive, abs=2e-4)


@given(seed=st.integers(0, 2**31), size=st.integers(1, 9), layers=st.integers(1, 4))
@settings(max_examples=30)
def test_rollout_rows_sum_to_one(seed, size, layers):
    drawn = torch.randn(layers, size, size, generator=torch.Generator().manual_seed(seed)) * 5
    maps = list(masked_softmax(drawn, torch.ones(size, dtype=torch.bool)))
    assert torch.allclose(rolled_out(maps).sum(dim=-1), torch.ones(size), atol=1e-5)


@pytest.mark.parametrize("method", FAITHFUL)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_planted_keyword_is_what_every_faithful_method_finds(zoo, family, method):
    split = keywords.load().read()["validation"]
    texts = [text for text, label in zip(split.texts, split.labels, strict=True) if label < 2]
    texts = texts[: 4 if method == "lime" else 12]  # sampling takes long
    rows = zip(texts, scores(zoo[family], method, texts), strict=True)
    found = [text.split()[int(np.abs(one).argmax())] for text, one in rows]
    assert np.mean([word in planted.PLANTED for word in found]) >= 0.75, found  # one word in eight is the keyword


@pytest.mark.parametrize("family", ["simple-attn", "lstm-attn", "query-attn"])
def test_pooling_attention_looks_at_the_keyword_more_than_at_random(zoo, family):
    texts = keywords.texts(30, 2).texts

    def share(method):
        rows = zip(texts, scores(zoo[family], method, texts), strict=True)
        return np.mean([one[[word in planted.PLANTED for word in text.split()]].sum() for text, one in rows])

    assert share("attention") > share("uniform")


def test_controls_know_nothing_and_repeat_themselves(zoo):
    classifier = zoo["mean"]
    first, second = (scores(classifier, "random", ["a good film of light", "bad"]) for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    many = np.concatenate(
        scores(classifier, "random", [f"{a} {b} {c}" for a in WORDS for b in WORDS for c in WORDS[:4]])
    )
    assert abs(many.mean() - 0.5) < 0.03
    assert scores(classifier, "uniform", ["a good film of light"])[0] == pytest.approx([0.2] * 5)
