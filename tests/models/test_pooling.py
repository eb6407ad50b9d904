"""Models that pool word vectors: their formulas, and the networks of `query-attn`."""

import itertools
import math

import pytest
import torch

from tmeattn.errors import BadInput
from tmeattn.models.building import build_model
from tmeattn.run_config import resolve_run
from tmeattn.specs import Space

SPACE = Space(vocabulary_size=20, num_classes=2, vector_size=8)


def make(name="query-attn", **options):
    torch.manual_seed(0)
    return build_model(resolve_run(name, options), SPACE).eval()


def test_mean_classifies_the_mean_of_the_word_vectors():
    model, tokens = make("mean"), torch.tensor([[3, 4, 5]])
    expected = model.classify(model.embedding(tokens)[0].mean(dim=0))
    assert torch.allclose(model(tokens, tokens > 0).logits_BC[0], expected, atol=1e-6)


def test_simple_attention_follows_the_formula():
    model, tokens = make("simple-attn"), torch.tensor([[3, 4, 5]])
    x = model.embedding(tokens)[0]
    weights = torch.softmax(x @ model.attend.query_D, dim=0)
    output = model(tokens, tokens > 0)
    assert torch.allclose(output.attention_BT[0], weights, atol=1e-6)
    assert torch.allclose(output.logits_BC[0], model.classify(weights @ x), atol=1e-6)


@pytest.mark.parametrize("scaled", [False, True])
def test_query_attention_follows_the_formula(scaled):
    model = make(scaled=scaled)
    tokens = torch.tensor([[3, 4, 5]])
    x = model.embedding(tokens)[0]
    scores = x @ model.query(x.mean(dim=0)) / (math.sqrt(8) if scaled else 1)
    output = model(tokens, tokens > 0)
    assert torch.allclose(output.attention_BT[0], torch.softmax(scores, dim=0), atol=1e-6)
    assert torch.allclose(output.logits_BC[0], model.classify(torch.softmax(scores, dim=0) @ x), atol=1e-5)


@pytest.mark.parametrize(("text", "linears"), [("", 1), ("128", 2), ("256,128", 3)])
def test_the_query_network_has_the_widths_of_the_option(text, linears):
    model = make(query_hidden=text)
    found = [layer for layer in model.query if isinstance(layer, torch.nn.Linear)]
    widths = [8, *(int(part) for part in text.split(",") if part), 8]
    assert len(found) == linears
    assert [(layer.in_features, layer.out_features) for layer in found] == list(itertools.pairwise(widths))


def test_the_value_network_changes_the_pooled_vector_and_not_the_attention():
    plain, valued = make(), make(value_hidden=16)
    valued.embedding.load_state_dict(plain.embedding.state_dict())
    valued.query.load_state_dict(plain.query.state_dict())
    tokens = torch.tensor([[3, 4, 5]])
    one, two = plain(tokens, tokens > 0), valued(tokens, tokens > 0)
    assert torch.allclose(one.attention_BT, two.attention_BT)
    assert not torch.allclose(one.logits_BC, two.logits_BC)


@pytest.mark.parametrize("sizes", ["abc", "128,", "0", "-3", "1.5"])
def test_sizes_that_are_no_widths_are_refused_in_one_line(sizes):
    with pytest.raises(BadInput, match="--query-hidden"):
        resolve_run("query-attn", {"query_hidden": sizes})
