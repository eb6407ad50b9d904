"""Attention weighted by the norms of the vectors that it sums: against naive loops, and the invariants of the paper."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from tmeattn.errors import BadInput
from tmeattn.explain.compatibility import incompatibility
from tmeattn.explain.explain import attribute, explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.explain.value_norms import shares, weighted_norms
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.models.configs import TransformerConfig
from tmeattn.models.transformer import SelfAttention, build_transformer
from tmeattn.registry import registry
from tmeattn.specs import ExplainerSpec, ModelOutput, Space

TEXT = "the film was good and the plot of this story"
POOLED, SELF = "attention-x-value-norm", "norm-weighted-attention"


def scores(classifier: TrainedClassifier, method: str, **choice: int) -> np.ndarray:
    spec = registry().get(ExplainerSpec, method)
    (found,) = attribute(classifier, spec, [classifier.encode(TEXT)], **choice)
    return found.scores_T


def output(classifier: TrainedClassifier) -> ModelOutput:
    tokens = torch.from_numpy(classifier.encode(TEXT).ids_T.astype(np.int64))[None]
    with torch.no_grad():
        return classifier.model(tokens, tokens > 0, need_maps=True)


@pytest.mark.parametrize("family", ["simple-attn", "query-attn", "lstm-attn"])
def test_pooling_equals_the_naive_loop(zoo: dict[str, TrainedClassifier], family: str) -> None:
    found = output(zoo[family])
    assert found.attention_BT is not None
    assert found.values is not None
    naive = [
        float(weight) * sum(float(entry) ** 2 for entry in vector) ** 0.5
        for weight, vector in zip(found.attention_BT[0], found.values[0][0], strict=True)
    ]
    assert scores(zoo[family], POOLED) == pytest.approx(np.array(naive) / sum(naive), abs=1e-6)


@pytest.mark.parametrize("family", ["simple-attn", "query-attn", "lstm-attn"])
def test_the_values_are_what_is_pooled(zoo: dict[str, TrainedClassifier], family: str) -> None:
    classifier, found = zoo[family], output(zoo[family])
    pooled = (found.attention_BT[0, :, None] * found.values[0][0]).sum(dim=0)
    assert torch.allclose(classifier.model.classify(pooled), found.logits_BC[0], atol=1e-5)


@pytest.mark.parametrize("heads", [1, 2])
def test_the_values_of_self_attention_sum_to_its_output_without_the_bias(heads: int) -> None:
    attention = SelfAttention(4, heads, narrow=False)
    x_BSD = torch.randn(1, 5, 4)
    states_BSD, attended = attention(x_BSD, None, True)
    assert attended is not None
    values_BHSD = attention.projected(attended.value_BHSK)
    bias = attention.project.bias if heads > 1 else 0
    assert torch.allclose(torch.einsum("bhqk,bhkd->bqd", attended.map_BHSS, values_BHSD) + bias, states_BSD, atol=1e-6)


@pytest.mark.parametrize("family", ["transformer", "transformer-cls"])
@pytest.mark.parametrize("head", [None, 1, 2])
def test_self_attention_equals_the_naive_loop(zoo: dict[str, TrainedClassifier], family: str, head: int | None) -> None:
    found, prefix = output(zoo[family]), int(family == "transformer-cls")
    layers = []
    for map_BHSS, values_BHSD in zip(found.maps, found.values, strict=True):
        size = map_BHSS.shape[-1]
        norms = np.zeros((size, size))
        for query in range(size):
            for key in range(size):
                chosen = range(2) if head is None else [head - 1]
                added = sum(float(map_BHSS[0, h, query, key]) * values_BHSD[0, h, key].numpy() for h in chosen)
                norms[query, key] = np.linalg.norm(added)
        layers.append(norms / norms.sum(axis=1, keepdims=True))
    mean = np.mean(layers, axis=0)
    row = mean[0, 1:] if prefix else mean.mean(axis=0)
    choice = {} if head is None else {"head": head}
    assert scores(zoo[family], SELF, **choice) == pytest.approx(row / row.sum(), abs=1e-5)


def test_equal_norms_leave_the_attention() -> None:
    maps = torch.softmax(torch.randn(3, 6, 6), dim=-1)
    one = torch.nn.functional.normalize(torch.randn(4), dim=0).expand(3, 6, 4) * 2.5
    for head in (None, 1, 3):
        expected = maps.mean(dim=0) if head is None else maps[head - 1]
        assert torch.allclose(weighted_norms(maps, one, head), expected, atol=1e-6)
    weights = torch.softmax(torch.randn(6), dim=0)
    assert torch.allclose(shares(weights * 0.3, weights), weights)
    assert torch.equal(shares(weights * 0, weights), weights)


def test_which_models_they_serve(zoo: dict[str, TrainedClassifier]) -> None:
    def reason(method: str, family: str) -> str | None:
        return incompatibility(registry().get(ExplainerSpec, method), zoo[family])

    assert reason(POOLED, "lstm-attn") is None
    assert reason(SELF, "transformer-cls") is None
    assert reason(POOLED, "transformer") == "the model 'transformer' does not pool by attention"
    assert reason(SELF, "lstm-attn") == "the model 'lstm-attn' has no self-attention"
    assert reason(POOLED, "mean") == "the model 'mean' has no attention"
    with pytest.raises(BadInput, match="does not pool by attention"):
        explain(zoo["transformer"], ExplainRequest(TEXT, POOLED))


def test_a_model_without_value_vectors_is_named(
    zoo: dict[str, TrainedClassifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = zoo["simple-attn"]
    forward: Callable[..., ModelOutput] = classifier.model.forward
    monkeypatch.setattr(
        classifier.model, "forward", lambda *given, **named: forward(*given, **named)._replace(values=None)
    )
    classifier.__dict__.pop("gives_values", None)
    spec = registry().get(ExplainerSpec, POOLED)
    assert incompatibility(spec, classifier) == (
        "the output of the model 'simple-attn' has no value vectors (ModelOutput.values)"
    )
    classifier.__dict__.pop("gives_values")


def test_training_computes_no_value_vectors() -> None:
    model = build_transformer(TransformerConfig(), Space(5, 2, 4))
    tokens = torch.tensor([[1, 2, 3]])
    assert model.train()(tokens, tokens > 0, need_maps=True).values is None
    assert len(model.eval()(tokens, tokens > 0, need_maps=True).values) == len(model.blocks)
