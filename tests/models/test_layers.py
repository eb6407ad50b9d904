"""Masked softmax and mean, entropy, pooling and dropout: their formulas, and that padding has no effect."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tmeattn.models.layers import (
    AttentionPooling,
    attention_entropy,
    dropout,
    entropy,
    masked_mean,
    masked_softmax,
    uniform_weights,
)
from tmeattn.specs import ModelOutput

scores = st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=12)


@given(scores, st.integers(0, 5))
def test_masked_softmax_sums_to_one_and_is_exactly_zero_on_padding(values, padding):
    mask = torch.tensor([[True] * len(values) + [False] * padding])
    weights = masked_softmax(torch.tensor([values + [1e4] * padding]), mask)
    assert weights.sum().item() == pytest.approx(1, abs=1e-5)
    assert torch.equal(weights[~mask], torch.zeros(padding))


@given(scores, st.integers(0, 5))
def test_uniform_weights_are_equal_within_the_block_alone(values, padding):
    given_scores = torch.tensor([values + [1e4] * padding])
    mask = torch.tensor([[True] * len(values) + [False] * padding])
    with uniform_weights():
        equal = masked_softmax(given_scores, mask)
    assert equal[0, : len(values)].tolist() == pytest.approx([1 / len(values)] * len(values))
    assert torch.equal(equal[~mask], torch.zeros(padding))
    assert torch.equal(masked_softmax(given_scores, mask), torch.softmax(given_scores.masked_fill(~mask, -math.inf), 1))


@given(scores)
def test_entropy_lies_between_zero_and_ln_n(values):
    weights = torch.softmax(torch.tensor(values), dim=0)
    assert -1e-5 <= entropy(weights).item() <= math.log(len(values)) + 1e-5


def test_entropy_of_uniform_and_one_hot_weights():
    assert entropy(torch.full((8,), 1 / 8)).item() == pytest.approx(math.log(8))
    assert entropy(torch.tensor([0.0, 1.0, 0.0])).item() == 0


def test_entropy_has_a_finite_gradient_where_a_weight_underflows_to_zero():
    scores = torch.tensor([0.0, -200.0], requires_grad=True)
    entropy(torch.softmax(scores, dim=0)).backward()
    assert torch.isfinite(scores.grad).all()


def test_masked_mean_ignores_padding():
    states = torch.tensor([[[1.0], [3.0], [100.0]]])
    assert masked_mean(states, torch.tensor([[True, True, False]])).item() == 2


def test_attention_pooling_is_the_weighted_mean_of_its_formula():
    torch.manual_seed(0)
    pool, states = AttentionPooling(4), torch.randn(1, 3, 4)
    pooled, weights = pool(states, torch.ones(1, 3, dtype=torch.bool))
    expected = torch.softmax(states[0] @ pool.query_D, dim=0)
    assert torch.allclose(weights[0], expected)
    assert torch.allclose(pooled[0], expected @ states[0])


def test_entropy_of_maps_is_the_mean_over_layers_heads_and_real_query_rows():
    uniform, peaked = torch.full((3, 3), 1 / 3), torch.eye(3)
    first = torch.stack([uniform, peaked])[None]  # one text, two heads
    second = torch.stack([peaked, peaked])[None]
    mask = torch.tensor([[True, True, False]])
    measured = attention_entropy(ModelOutput(torch.zeros(1, 2), None, (first, second)), mask)
    assert measured.item() == pytest.approx(math.log(3) / 4)


def test_entropy_of_maps_counts_a_prefix_such_as_cls_as_a_real_row():
    uniform = torch.full((1, 1, 3, 3), 1 / 3)
    uniform[0, 0, 2] = torch.tensor([1.0, 0.0, 0.0])  # the row of padding
    measured = attention_entropy(ModelOutput(torch.zeros(1, 2), None, (uniform,)), torch.tensor([[True, False]]))
    assert measured.item() == pytest.approx(math.log(3))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_dropout_has_its_rate_and_keeps_the_mean(share):
    x = torch.ones(401, 253)
    y = dropout(x, share, True)
    assert (y == 0).float().mean().item() == pytest.approx(share, abs=0.01)
    assert y.mean().item() == pytest.approx(1, abs=0.03)
    assert len(y[y > 0].unique()) == 1


def test_each_entry_is_dropped_on_its_own():
    """Four entries share one random number: neighbours must still be independent."""
    kept = dropout(torch.ones(100_000), 0.5, True).view(-1, 4) > 0
    patterns = (kept * torch.tensor([1, 2, 4, 8])).sum(dim=1).bincount(minlength=16) / len(kept)
    assert patterns.sub(1 / 16).abs().max() < 0.01


def test_dropout_passes_the_gradient_of_the_kept_entries():
    x = torch.ones(7, 3, requires_grad=True)
    y = dropout(x, 0.5, True)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


def test_dropout_does_nothing_outside_training_and_obeys_the_seed():
    x = torch.randn(5, 3)
    assert dropout(x, 0.5, False) is x
    assert dropout(x, 0.0, True) is x
    torch.manual_seed(3)
    first = dropout(x, 0.5, True)
    torch.manual_seed(3)
    assert torch.equal(first, dropout(x, 0.5, True))
    assert dropout(x, 0.999999, True).isfinite().all()
    assert dropout(x.bfloat16(), 0.5, True).dtype == torch.bfloat16
