"""The attention map of a text: its weights are the model's, by layer and head, and those that other parts show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tmeattn.errors import BadInput
from tmeattn.explain.attention_map import AttentionMap, Pair, block_edges, block_name, blocked
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest, Explanation, Word
from tmeattn.explain.maps import attention_map, head_overview, of_words
from tmeattn.models.layers import word_shares

TEXT = "the film was good, and the plot of this story too"


def map_of(weights: list[list[float]], words: str, heads: tuple[int, ...] = (1,)) -> AttentionMap:
    found, at = [], 0
    for word in words.split():
        found.append(Word(at, at + len(word), word, True, 0.5))
        at += len(word) + 1
    explanation = Explanation(
        words, tuple(found), len(found), "r", "transformer", "attention", False, ("a", "b"), (0.25, 0.75), 1, 1
    )
    return AttentionMap(explanation, np.array(weights, np.float32), heads)


def test_rows_pairs_and_entropy_of_a_map() -> None:
    shown = map_of([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.125, 0.75, 0.125]], "so good")
    assert (shown.prefix, shown.columns, shown.rows) == (1, ("CLS", "so", "good"), ("CLS", "so", "good"))
    assert shown.strongest(2) == [Pair(1, 1, 1.0), Pair(2, 1, 0.75)]
    assert [pair.column for pair in shown.ranked(0)] == [0, 1, 2]
    assert shown.entropy(1) == 0
    assert shown.entropy(0) == pytest.approx(1.5 * np.log(2))
    row = shown.row_explanation(2)
    assert [word.score for word in row.words] == [0.75, 0.125]  # without the weight on CLS
    document = shown.document()
    assert document["weights"][2] == [0.125, 0.75, 0.125]
    assert (document["rows"], document["prefix"], document["heads"]) == (["CLS", "so", "good"], 1, [1])
    pooled = map_of([[0.5, 0.5]], "so good", heads=())
    assert (pooled.rows, pooled.columns, pooled.pools) == (("pooling",), ("so", "good"), True)


def test_blocks_are_means_and_cls_is_a_block_of_its_own() -> None:
    edges = block_edges(1, 6, 2)
    assert edges == [0, 1, 3, 5]
    weights = np.arange(36, dtype=np.float32).reshape(6, 6)
    cells = blocked(weights, edges, edges)
    assert cells[0, 0] == 0
    assert cells[1, 2] == pytest.approx(weights[1:3, 3:5].mean())
    assert cells[3, 3] == weights[5, 5]
    assert blocked(weights, list(range(6)), list(range(6))) is weights
    assert [block_name("abcdef", edges, at) for at in range(4)] == ["a", "b…", "d…", "f"]


def test_pieces_become_words() -> None:
    weights = np.array([[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0.2, 0.2, 0.4, 0.2], [0.25] * 4], np.float32)
    merged = of_words(weights, [0, 0, 1])  # CLS, then a word of two pieces
    assert merged == pytest.approx(np.array([[0.1, 0.5, 0.4], [0.3, 0.55, 0.15], [0.25, 0.5, 0.25]]))
    assert of_words(weights, range(3)) is weights


@pytest.mark.parametrize("family", ["transformer", "transformer-cls"])
def test_the_weights_are_those_of_the_model(zoo: dict[str, Any], family: str) -> None:
    classifier = zoo[family]
    ids = torch.from_numpy(classifier.encode(TEXT).ids_T)[None]
    with torch.inference_mode():
        maps = classifier.model(ids, torch.ones_like(ids, dtype=torch.bool), need_maps=True).maps
    one = attention_map(classifier, ExplainRequest(TEXT, layer=2, head=1))
    assert one.weights_RS == pytest.approx(maps[1][0, 0].numpy(), abs=1e-6)
    mean = attention_map(classifier, ExplainRequest(TEXT))
    assert mean.weights_RS == pytest.approx(torch.stack(maps).mean(dim=(0, 2))[0].numpy(), abs=1e-6)
    assert mean.weights_RS.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert mean.prefix == (family == "transformer-cls")
    assert mean.heads == (2, 2)
    # The method `attention` sums this map up to a weight for each word.
    scores = [word.score for word in explain(classifier, ExplainRequest(TEXT, "attention")).words]
    shares = word_shares(torch.from_numpy(mean.weights_RS)[None], torch.ones(1, len(scores), dtype=torch.bool))
    assert scores == pytest.approx(shares[0].tolist(), abs=1e-6)


def test_the_overview_has_every_head(zoo: dict[str, Any]) -> None:
    classifier = zoo["transformer-cls"]
    long = " ".join([TEXT] * 6)
    overview = head_overview(classifier, ExplainRequest(long))
    assert [(head.layer, head.head) for head in overview.heads] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    one = attention_map(classifier, ExplainRequest(long, layer=2, head=2))
    assert overview.positions == len(one.columns)
    assert overview.heads[3].entropy == pytest.approx(one.mean_entropy, abs=1e-4)
    assert max(overview.heads[0].cells_BB.shape) <= 24


def test_a_pooling_model_has_one_row_and_others_none(zoo: dict[str, Any]) -> None:
    shown = attention_map(zoo["simple-attn"], ExplainRequest(TEXT))
    assert shown.pools
    scores = [word.score for word in explain(zoo["simple-attn"], ExplainRequest(TEXT, "attention")).words]
    assert shown.weights_RS.tolist() == [pytest.approx(scores, abs=1e-6)]
    for call in (attention_map, head_overview):
        with pytest.raises(BadInput, match="'mean' has no attention, so there is no map"):
            call(zoo["mean"], ExplainRequest(TEXT))
    with pytest.raises(BadInput, match="--layer: the model 'simple-attn' has no self-attention"):
        attention_map(zoo["simple-attn"], ExplainRequest(TEXT, layer=1))
    with pytest.raises(BadInput, match="--head 3: the model has heads 1 to 2"):
        attention_map(zoo["transformer"], ExplainRequest(TEXT, layer=1, head=3))
    with pytest.raises(BadInput, match="no words"):
        attention_map(zoo["transformer"], ExplainRequest(" "))
