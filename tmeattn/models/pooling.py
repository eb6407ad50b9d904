"""Models that pool the word vectors directly, so that the order of the words has no effect (report, part 1).

`mean` gives every word the same weight. `simple-attn` computes the weights with one learned query, `query-attn` with a
query that depends on the text. Shapes: B texts, T tokens, D dimensions of a word vector, C classes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tmeattn.models.configs import MeanConfig, QueryAttnConfig, SimpleAttnConfig
from tmeattn.models.layers import (
    AttentionPooling,
    ClassifierHead,
    WordEmbedding,
    dropout,
    masked_mean,
    masked_softmax,
)
from tmeattn.specs import ModelOutput, Space


class MeanOfEmbeddings(nn.Module):
    """logits = W mean_t(x_t) + b."""

    def __init__(self, config: MeanConfig, space: Space) -> None:
        super().__init__()
        self.embedding = WordEmbedding(space)
        self.input_dropout = config.input_dropout
        self.classify = ClassifierHead(space.vector_size, space.num_classes, config.dropout)

    def forward(self, tokens_BT: Tensor, mask_BT: Tensor, need_maps: bool = False) -> ModelOutput:
        x_BTD = dropout(self.embedding(tokens_BT), self.input_dropout, self.training, since=2)
        return ModelOutput(self.classify(masked_mean(x_BTD, mask_BT)))


class SimpleAttention(nn.Module):
    """logits = W sum_t a_t x_t + b, with a = softmax(q . x)."""

    def __init__(self, config: SimpleAttnConfig, space: Space) -> None:
        super().__init__()
        self.embedding = WordEmbedding(space)
        self.input_dropout = config.input_dropout
        self.attend = AttentionPooling(space.vector_size)
        self.classify = ClassifierHead(space.vector_size, space.num_classes, config.dropout)

    def forward(self, tokens_BT: Tensor, mask_BT: Tensor, need_maps: bool = False) -> ModelOutput:
        x_BTD = dropout(self.embedding(tokens_BT), self.input_dropout, self.training, since=2)
        pooled_BD, attention_BT = self.attend(x_BTD, mask_BT)
        return ModelOutput(self.classify(pooled_BD), attention_BT, values=(x_BTD,))


class QueryAttention(nn.Module):
    """logits = W sum_t a_t v(x_t) + b, with a = softmax(q(t) . x) and q(t) = f(mean_t x_t).

    The query network f is linear, or an MLP with the hidden widths `query_hidden`. The value network v is the identity,
    or an MLP with the hidden width `value_hidden`. With `scaled`, scores are divided by sqrt(D).
    """

    def __init__(self, config: QueryAttnConfig, space: Space) -> None:
        super().__init__()
        width = space.vector_size
        self.embedding = WordEmbedding(space)
        self.input_dropout = config.input_dropout
        self.query = mlp([width, *config.query_hidden, width])
        self.value = mlp([width, config.value_hidden, width]) if config.value_hidden else nn.Identity()
        self.scale = 1 / math.sqrt(width) if config.scaled else 1.0
        self.classify = ClassifierHead(width, space.num_classes, config.dropout)

    def forward(self, tokens_BT: Tensor, mask_BT: Tensor, need_maps: bool = False) -> ModelOutput:
        x_BTD = dropout(self.embedding(tokens_BT), self.input_dropout, self.training, since=2)
        query_BD = self.query(masked_mean(x_BTD, mask_BT))
        scores_BT = torch.bmm(x_BTD, query_BD.unsqueeze(-1)).squeeze(-1) * self.scale
        attention_BT = masked_softmax(scores_BT, mask_BT)
        values_BTD = self.value(x_BTD)
        pooled_BD = torch.bmm(attention_BT.unsqueeze(1), values_BTD).squeeze(1)
        return ModelOutput(self.classify(pooled_BD), attention_BT, values=(values_BTD,))


def mlp(widths: Sequence[int]) -> nn.Sequential:
    """Linear maps from each width to the next, with ReLU between them."""
    layers: list[nn.Module] = []
    for size_in, size_out in itertools.pairwise(widths):
        layers += [nn.Linear(size_in, size_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def build_mean(config: MeanConfig, space: Space) -> nn.Module:
    """The model `mean`."""
    return MeanOfEmbeddings(config, space)


def build_simple_attn(config: SimpleAttnConfig, space: Space) -> nn.Module:
    """The model `simple-attn`."""
    return SimpleAttention(config, space)


def build_query_attn(config: QueryAttnConfig, space: Space) -> nn.Module:
    """The model `query-attn`."""
    return QueryAttention(config, space)
