"""Layers and functions that several models share, and that plugins may use as `tmeattn.layers`.

Pooling and softmax take the padding mask (`mask_BT`, True on real tokens), so that padding has no effect. Shapes: B
texts, T tokens, S = T plus a prefix such as CLS, D dimensions of a vector, H heads, L layers, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from tmeattn.models.arithmetic import arithmetic_version
from tmeattn.models.convolution import WordConvolution as WordConvolution
from tmeattn.specs import PADDING, ModelOutput, Space


class WordEmbedding(nn.Embedding):
    """Word vectors, pretrained or random, tuned or frozen: (B, T) token ids -> (B, T, D).

    The vector of padding is zero. All unknown words share one vector. Among pretrained vectors it starts at zero, and
    it stays zero when the vectors are frozen.
    """

    def __init__(self, space: Space) -> None:
        super().__init__(space.vocabulary_size, space.vector_size, padding_idx=PADDING)
        if space.vectors is not None:
            with torch.no_grad():
                self.weight.copy_(space.vectors)
        self.weight.requires_grad_(space.tune)


def dropout(x: Tensor, share: float, training: bool, *, since: int = 1) -> Tensor:
    """Dropout with the rate `share`: set random entries of `x` to zero and scale the others by 1 / (1 - share).

    On the CPU, torch draws one random number for each entry, which takes a tenth of a transformer's step. Here four
    entries share the 64 bits of one number, so that rates are multiples of 1/65536. The random state is torch's.

    since: the version of the arithmetic (`tmeattn.models.arithmetic`) from which on a model uses this function; runs
           that were begun in an earlier one continue with torch's dropout.
    """
    if not training or share == 0:
        return x
    if x.device.type != "cpu" or arithmetic_version() < since:
        return F.dropout(x, share)
    entries = x.numel()
    bits = torch.empty(-(-entries // 4), dtype=torch.int64).random_(-(2**63), None).view(torch.int16)
    dropped = min(round(share * 2**16), 2**16 - 1)  # of the 65,536 values of 16 bits
    factor = torch.empty(x.shape, dtype=x.dtype)
    torch.ge(bits[:entries].view(x.shape), dropped - 2**15, out=factor)
    return x * factor.mul_(2**16 / (2**16 - dropped))


_uniform: ContextVar[bool] = ContextVar("uniform", default=False)


@contextmanager
def uniform_weights() -> Iterator[None]:
    """In this block `masked_softmax` returns equal weights for all real positions (Wiegreffe and Pinter 2019)."""
    before = _uniform.set(True)
    try:
        yield
    finally:
        _uniform.reset(before)


_changed: ContextVar[Callable[[Tensor], Tensor] | None] = ContextVar("changed", default=None)


@contextmanager
def changed_weights(change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """In this block attention weights (..., T) are replaced by `change(weights)`, in the calling thread: those of
    `masked_softmax`, and those that a model passes through `final_weights`."""
    before = _changed.set(change)
    try:
        yield
    finally:
        _changed.reset(before)


def final_weights(weights: Tensor) -> Tensor:
    """The attention weights (..., T) that a model uses: a model that computes them without `masked_softmax` calls this
    function, so that tests of attention can change them (`changed_weights`)."""
    change = _changed.get()
    return weights if change is None else change(weights)


def without_weights(weights: Tensor, keep: Tensor) -> Tensor:
    """Attention weights (..., T) that are erased where `keep` is zero and renormalised, so that they sum to one again
    (Serrano and Smith 2019). They stay zero where no weight is left. `keep` is (..., T), between 0 and 1."""
    kept = weights * keep
    return kept / kept.sum(dim=-1, keepdim=True).clamp_min(torch.finfo(kept.dtype).tiny)


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the last dimension, with a weight of exactly zero at masked positions.

    Shapes: `scores` (..., T); `mask` (..., T), True on real tokens, with at least one in each row.
    """
    if _uniform.get():
        equal = mask.to(scores.dtype).expand_as(scores)
        return final_weights(equal / equal.sum(dim=-1, keepdim=True))
    return final_weights(torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=-1))


def masked_mean(states_BTD: Tensor, mask_BT: Tensor) -> Tensor:
    """Mean over the real tokens of each text: (B, T, D) -> (B, D)."""
    weights_BT1 = mask_BT.unsqueeze(-1).to(states_BTD.dtype)
    return (states_BTD * weights_BT1).sum(dim=1) / weights_BT1.sum(dim=1)


def entropy(weights: Tensor) -> Tensor:
    """Shannon entropy in nats over the last dimension: 0 for one-hot weights, ln n for n equal ones.

    Masked positions have weight zero and add nothing (0 ln 0 = 0). The gradient at a weight of zero is zero, too.
    """
    logs = torch.where(weights > 0, weights, 1.0).log()
    return 0.0 - (weights * logs).sum(dim=-1)  # not -x, which would be -0.0 for one word


def attention_entropy(output: ModelOutput, mask_BT: Tensor) -> Tensor | None:
    """Attention entropy of each text in nats: (B,), or None for an output without attention.

    For pooling attention, the entropy of the weights. For self-attention, the mean over layers, heads and real query
    rows.
    """
    if output.attention_BT is not None:
        return entropy(output.attention_BT)
    return head_entropies(output, mask_BT).mean(dim=(0, 2)) if output.maps else None


def head_entropies(output: ModelOutput, mask_BT: Tensor) -> Tensor:
    """Entropy of self-attention in nats for each layer, text and head: (L, B, H).

    Each value is the mean over the real query rows, with those of a prefix such as CLS.
    """
    rows_LBHS = torch.stack([entropy(map_BHSS) for map_BHSS in output.maps or ()])
    real_BS = F.pad(mask_BT, (prefix_length(output, mask_BT), 0), value=True).to(rows_LBHS.dtype)
    return (rows_LBHS * real_BS[:, None]).sum(dim=-1) / real_BS.sum(dim=1)[:, None]


def prefix_length(output: ModelOutput, mask_BT: Tensor) -> int:
    """Number of positions in front of the words, such as CLS, in the output's maps; 0 for an output without maps."""
    return output.maps[0].shape[-1] - mask_BT.shape[1] if output.maps else 0


def word_attention(
    output: ModelOutput, mask_BT: Tensor, *, layer: int | None = None, head: int | None = None
) -> Tensor | None:
    """The attention weight of each word, with sum one over each text: (B, T), or None for an output without attention.

    For pooling attention, the pooling weights. For self-attention, `word_shares` of the map of a layer and a head, both
    counted from 1 (None: the mean over all). A model that pools by attention may have maps, too: they are shown where a
    layer or a head is given. The watch list and the method `attention` both show these weights.
    """
    if output.attention_BT is not None and not _shows_maps(output, layer, head):
        return output.attention_BT.float()
    if not output.maps:
        return None
    return word_shares(_mean_map(output, layer, head), mask_BT, from_prefix=output.read_from_prefix)


def special_attention(
    output: ModelOutput, mask_BT: Tensor, *, layer: int | None = None, head: int | None = None
) -> Tensor | None:
    """The share of special tokens, such as CLS, in the attention of which `word_attention` shows the words: (B,), or
    None for pooling attention and for a model without such tokens in its maps."""
    if output.attention_BT is not None and not _shows_maps(output, layer, head):
        return None
    if not prefix_length(output, mask_BT):
        return None
    mean_BSS = _mean_map(output, layer, head)
    return special_share(mean_BSS, mask_BT, from_prefix=output.read_from_prefix)


def _shows_maps(output: ModelOutput, layer: int | None, head: int | None) -> bool:
    """Whether the maps of a model that pools by attention are shown."""
    return bool(output.maps) and (layer is not None or head is not None)


def _mean_map(output: ModelOutput, layer: int | None, head: int | None) -> Tensor:
    """The map (B, S, S) of a layer and a head, counted from 1; None: the mean over all."""
    maps = output.maps or ()
    chosen = maps if layer is None else maps[layer - 1 : layer]
    return torch.stack([head_map(map_BHSS.float(), head) for map_BHSS in chosen]).mean(dim=0)


def head_map(map_BHSS: Tensor, head: int | None) -> Tensor:
    """The map of a head, counted from 1 (None: the mean over all heads): (B, H, S, S) -> (B, S, S)."""
    return map_BHSS.mean(dim=1) if head is None else map_BHSS[:, head - 1]


def word_shares(map_BSS: Tensor, mask_BT: Tensor, *, from_prefix: bool = True) -> Tensor:
    """The weight of each word in a self-attention map, with sum one over the words of each text: (B, T).

    For a model with CLS, the row of CLS; otherwise, and with `from_prefix=False`, the mean over the real query rows of
    words. The weight on special tokens, such as CLS itself, is ignored: `special_share` is its share.
    """
    words_BT = _shown_row(map_BSS, mask_BT, from_prefix)[:, map_BSS.shape[-1] - mask_BT.shape[1] :]
    return words_BT / words_BT.sum(dim=1, keepdim=True).clamp_min(torch.finfo(words_BT.dtype).tiny)


def special_share(map_BSS: Tensor, mask_BT: Tensor, *, from_prefix: bool = True) -> Tensor:
    """The share of special tokens, such as CLS, in the row that `word_shares` takes: (B,)."""
    return _shown_row(map_BSS, mask_BT, from_prefix)[:, : map_BSS.shape[-1] - mask_BT.shape[1]].sum(dim=1)


def _shown_row(map_BSS: Tensor, mask_BT: Tensor, from_prefix: bool) -> Tensor:
    """(B, S) the row of a map that is shown as the attention of a model."""
    prefix = map_BSS.shape[-1] - mask_BT.shape[1]
    return map_BSS[:, 0] if prefix and from_prefix else masked_mean(map_BSS[:, prefix:], mask_BT)


class AttentionPooling(nn.Module):
    """Attention with one learned query: a_t = softmax_t(q . h_t), pooled = sum_t a_t h_t.

    `(B, T, D)` states and the mask -> `(pooled_BD, attention_BT)`. Report, part 1: simple attention.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query_D = nn.Parameter(torch.randn(width) * 0.1)

    def forward(self, states_BTD: Tensor, mask_BT: Tensor) -> tuple[Tensor, Tensor]:
        attention_BT = masked_softmax(states_BTD @ self.query_D, mask_BT)
        pooled_BD = torch.bmm(attention_BT.unsqueeze(1), states_BTD).squeeze(1)
        return pooled_BD, attention_BT


class ClassifierHead(nn.Module):
    """Dropout, then a linear map to the logits: (B, D) -> (B, C)."""

    def __init__(self, width: int, num_classes: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.linear = nn.Linear(width, num_classes)

    def forward(self, pooled_BD: Tensor) -> Tensor:
        logits_BC: Tensor = self.linear(F.dropout(pooled_BD, self.dropout, self.training))
        return logits_BC


Classifier = ClassifierHead
"""The name of `ClassifierHead` in version 0.1. Plugins written for it import this name."""
