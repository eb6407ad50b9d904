"""Attribution methods on every family of models."""

from __future__ import annotations

import numpy as np
import pytest

from tmeattn.errors import BadInput
from tmeattn.explain.compatibility import methods_with_reasons
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest

SELF = ("transformer", "transformer-cls")
TEXT = "the film was good and the plot of this story"


def scores(classifier, method, **choice):
    return np.array([word.score for word in explain(classifier, ExplainRequest(TEXT, method, **choice)).words])


def test_the_zoo_has_learnt(zoo):
    for name, classifier in zoo.items():
        for text, label in (("the film was good", "positive"), ("a bad plot with light", "negative")):
            found = explain(classifier, ExplainRequest(text))
            assert found.classes[found.predicted] == label, name


@pytest.mark.parametrize("name", SELF)
@pytest.mark.parametrize("method", ["attention", "rollout"])
def test_self_attention_is_shared_out_among_the_words(zoo, name, method):
    assert scores(zoo[name], method).sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", SELF)
def test_a_mean_over_layers_and_heads_is_that_of_the_chosen_ones(zoo, name):
    whole = scores(zoo[name], "attention")
    parts = [scores(zoo[name], "attention", layer=layer, head=head) for layer in (1, 2) for head in (1, 2)]
    assert np.allclose(whole, np.mean(parts, axis=0), atol=0.02)  # shares of CLS rows are each made to sum to one
    if name == "transformer":
        assert np.allclose(whole, np.mean(parts, axis=0), atol=1e-5)
    assert not np.allclose(parts[0], parts[3], atol=1e-3)


def test_rollout_of_one_layer_is_half_attention_half_the_word_itself(zoo):
    rolled = scores(zoo["transformer"], "rollout", layer=1)
    assert np.allclose(rolled, scores(zoo["transformer"], "attention", layer=1) / 2 + 0.5 / 10, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "request_", "said"),
    [
        ("transformer", {"method": "attention", "layer": 3}, "--layer 3: the model has layers 1 to 2."),
        ("transformer", {"layer": 1, "head": 0}, "--head 0: the model has heads 1 to 2 in a layer."),
        ("transformer", {"method": "leave-one-out", "head": 1}, "--head: the method 'leave-one-out' does not select"),
        ("lstm-attn", {"layer": 1}, "--layer: the model 'lstm-attn' has no self-attention"),
        ("mean", {"method": "attention"}, "The method 'attention' cannot be used: the model 'mean' has no attention."),
        ("lstm-attn", {"method": "rollout"}, "cannot be used: the model 'lstm-attn' has no self-attention."),
    ],
)
def test_what_is_not_there_is_refused(zoo, name, request_, said):
    with pytest.raises(BadInput) as refusal:
        explain(zoo[name], ExplainRequest(TEXT, **request_))
    assert said in str(refusal.value)


def test_which_methods_serve_which_model(zoo):
    def served(name):
        return {spec.name for spec, against in methods_with_reasons(zoo[name]) if against is None}

    assert served("transformer") - served("lstm-attn") == {"rollout", "norm-weighted-attention"}
    assert served("lstm-attn") - served("mean") == {"attention", "attention-x-value-norm"}
    assert all(against for spec, against in methods_with_reasons(zoo["mean"]) if spec.name in {"attention", "rollout"})


def test_a_transformer_is_explained_by_leave_one_out_and_says_why(zoo):
    found = explain(zoo["transformer"], ExplainRequest(TEXT))
    assert found.method == "leave-one-out"
    assert "--method attention" in found.note
    chosen = explain(zoo["transformer"], ExplainRequest(TEXT, layer=2))
    assert (chosen.method, chosen.layer, chosen.head) == ("attention", 2, None)
    assert chosen.note == "The mean over all heads."
    assert (
        explain(zoo["transformer"], ExplainRequest(TEXT, "attention")).note == "The mean over 2 layers and all heads."
    )
    assert explain(zoo["transformer"], ExplainRequest(TEXT, layer=2, head=1)).note is None
