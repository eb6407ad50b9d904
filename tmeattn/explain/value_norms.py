"""Attention weighted by the norms of the vectors that it sums: a large weight on a short vector adds little (Kobayashi,
Kuribayashi, Yokoi and Inui 2020, "Attention is Not Only a Weight").

Shapes: T tokens, S positions (the tokens, after CLS where the model has it), D dimensions, H heads.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tmeattn.explain.methods import shown_attribution, shown_shares
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.read_texts import EncodedText
from tmeattn.specs import Attribution


def attention_x_value_norm(
    classifier: TrainedClassifier, texts: list[EncodedText], target: int | None
) -> list[np.ndarray]:
    """The pooling weight of each word times the norm of the vector that is pooled, a_t |v_t|; the scores of a text sum
    to one. Where all norms are equal, they are the attention weights."""

    def reduce(weights: list[Tensor], values: list[Tensor], prefix: int) -> Tensor:
        return shares(weights[0] * values[0].norm(dim=-1), weights[0])

    return classifier.read_values([text.ids_T for text in texts], reduce)


def norm_weighted_attention(
    classifier: TrainedClassifier,
    texts: list[EncodedText],
    target: int | None,
    *,
    layer: int | None = None,
    head: int | None = None,
) -> list[Attribution]:
    """The norm of what each position adds to the new state of another: |a_ij f(x_j)| of one head, or
    |sum_h a^h_ij f^h(x_j)| of all, where f(x_j) is the value vector after the output projection.

    The norms of each row are divided by their sum. As for `attention`, the mean over the layers is taken, then the row
    of CLS or the mean over the rows, and the scores of a text sum to one.

    layer, head: counted from 1; None: all.
    """

    def reduce(maps: list[Tensor], values: list[Tensor], prefix: int) -> Tensor:
        layers = list(zip(maps, values, strict=True))
        chosen = layers if layer is None else layers[layer - 1 : layer]
        mean_SS = torch.stack([weighted_norms(map_HSS, values_HSD, head) for map_HSS, values_HSD in chosen]).mean(dim=0)
        return shown_shares(mean_SS, prefix, classifier.reads_from_prefix)

    found = classifier.read_values([text.ids_T for text in texts], reduce, of_maps=True)
    return [shown_attribution(shares) for shares in found]


def weighted_norms(map_HSS: Tensor, values_HSD: Tensor, head: int | None) -> Tensor:
    """(S, S) norms of what each position (column) adds to the new state of another (row), each row divided by its sum;
    `head` is counted from 1, None: of all heads together."""
    if head is not None:
        map_SS = map_HSS[head - 1]
        return shares(map_SS * values_HSD[head - 1].norm(dim=-1), map_SS)
    added_SSD = torch.einsum("hqk,hkd->qkd", map_HSS, values_HSD)
    return shares(added_SSD.norm(dim=-1), map_HSS.mean(dim=0))


def shares(norms: Tensor, weights: Tensor) -> Tensor:
    """The norms (..., T) divided by their sum; the weights where all norms are zero."""
    total = norms.sum(dim=-1, keepdim=True)
    return torch.where(total > 0, norms / total.clamp_min(torch.finfo(norms.dtype).tiny), weights)
