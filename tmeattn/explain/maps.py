"""Compute the attention map of a text by a layer and a head, and the overview of all heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from tmeattn.data.encoding.words import has_several_pieces
from tmeattn.errors import BadInput
from tmeattn.explain.attention_map import AttentionMap, HeadMap, HeadOverview, block_edges, blocked
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.models.layers import entropy, head_map

OVERVIEW = 24
"""Blocks of a small map, across and down, at most."""


def attention_map(classifier: TrainedClassifier, request: ExplainRequest) -> AttentionMap:
    """The weights with which each word of a text reads the others; of a model that pools, the weights of the pooling.

    The layer and the head are those of the request; None is the mean over all. Rows and columns are the words that the
    model reads, with CLS before them where the model has it. What a word of several pieces is read with is the sum over
    its pieces, what it reads the mean over them.

    Raises:
        BadInput: the model has no attention, no such layer or head, or the text has no words.
    """
    require_attention(classifier)
    explanation = explain(classifier, replace(request, method="attention"))
    if classifier.spec.attention == "pool" and request.layer is None and request.head is None:
        weights_T = np.array([word.score for word in explanation.words], dtype=np.float32)
        return AttentionMap(explanation, weights_T[None], classifier.heads)

    def reduce(maps: list[Tensor], prefix: int) -> Tensor:
        chosen = maps if request.layer is None else maps[request.layer - 1 : request.layer]
        return torch.stack([head_map(map_HSS[None], request.head)[0] for map_HSS in chosen]).mean(dim=0)

    text = classifier.encode(request.visible_text)
    (weights_SS,) = classifier.read_maps([text.ids_T], reduce)
    weights_RS = of_words(weights_SS.astype(np.float32), text.words_T)
    return AttentionMap(explanation, weights_RS, classifier.heads, classifier.reads_from_prefix)


def head_overview(classifier: TrainedClassifier, request: ExplainRequest) -> HeadOverview:
    """The maps of all heads in at most `OVERVIEW` blocks of words, with the mean entropy of their rows.

    Raises:
        BadInput: the model has no self-attention, or the text has no words.
    """
    require_attention(classifier)
    if not classifier.heads:
        raise BadInput(f"The model {classifier.spec.name!r} has no self-attention, so it has no heads.")
    text = classifier.encode(request.visible_text)
    if not text.spans:
        raise BadInput(f"There are no words in {text.text[:40]!r}.", hint="Give a text with at least one word.")
    positions, entropies = 0, np.zeros(0)

    def reduce(maps: list[Tensor], prefix: int) -> Tensor:
        nonlocal positions, entropies
        positions = maps[0].shape[-1]
        every_NSS = torch.cat(maps)
        entropies = entropy(every_NSS).mean(dim=-1).cpu().numpy()
        edges = block_edges(prefix, positions, -(-(positions - prefix) // max(OVERVIEW - prefix, 1)))
        return torch.from_numpy(np.stack([blocked(map_SS, edges, edges) for map_SS in every_NSS.cpu().numpy()]))

    (cells_NBB,) = classifier.read_maps([text.ids_T], reduce)
    places = [(layer, head) for layer, heads in enumerate(classifier.heads, 1) for head in range(1, heads + 1)]
    return HeadOverview(
        positions,
        tuple(
            HeadMap(layer, head, cells_BB, float(nats))
            for (layer, head), cells_BB, nats in zip(places, cells_NBB, entropies, strict=True)
        ),
    )


def of_words(weights_SS: np.ndarray, words_T: Sequence[int]) -> np.ndarray:
    """A map of pieces and what is before them as a map of words: sums over the pieces that are read, means over those
    that read, so that the rows sum to one as before. words_T: the index of the word of each piece."""
    if not has_several_pieces(words_T):
        return weights_SS
    prefix = len(weights_SS) - len(words_T)
    starts = np.flatnonzero(np.diff(np.asarray(words_T), prepend=-1)) + prefix
    edges = [*range(prefix), *starts.tolist()]
    sums = np.add.reduceat(np.add.reduceat(weights_SS, edges, axis=1), edges, axis=0)
    return np.asarray(sums / np.diff([*edges, len(weights_SS)])[:, None].astype(weights_SS.dtype))


def require_attention(classifier: TrainedClassifier) -> None:
    """Raises `BadInput` for a model without attention."""
    if classifier.spec.attention == "none":
        raise BadInput(
            f"The model {classifier.spec.name!r} has no attention, so there is no map of it.",
            hint="Take the run of a model with attention (tmeattn models), or score the words: "
            "tmeattn explain --method leave-one-out",
        )
