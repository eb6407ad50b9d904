"""Attention of an encoder of transformers whose maps can be seen and changed.

In training, an encoder runs torch's fused attention (SDPA), which has no maps. `recorded` runs it once more with the
attention below: that of transformers' "eager" attention, whose weights pass through `layers.final_weights`, and which
keeps the maps and the value vectors of each layer.

Shapes: B texts, H heads, S positions, K dimensions of a head, D dimensions of a state.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from tmeattn import layers

NAME = "tmeattn_maps"
"""The name of this attention in transformers."""


@dataclass
class Recorded:
    """The maps (B, H, S, S) of all layers and, where the encoder tells them, the value vectors (B, H, S, D): after the
    output projection of their head."""

    maps: list[Tensor] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)
    projections: dict[int, nn.Linear] = field(default_factory=dict)


_recorded: ContextVar[Recorded | None] = ContextVar("recorded", default=None)


def attention_with_maps(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **more: object,
) -> tuple[Tensor, Tensor]:
    """The attention of one layer: query, key, value (B, H, S, K) -> states (B, S, H, K) and maps (B, H, S, S)."""
    scores_BHSS = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    if attention_mask is not None:
        scores_BHSS = scores_BHSS + attention_mask
    map_BHSS = layers.final_weights(torch.softmax(scores_BHSS.float(), dim=-1).to(query.dtype))
    states_BSHK = (nn.functional.dropout(map_BHSS, dropout) @ value).transpose(1, 2).contiguous()
    record = _recorded.get()
    if record is not None:
        record.maps.append(map_BHSS)
        projection = record.projections.get(id(module))
        if projection is not None:
            parts_DHK = projection.weight.view(projection.out_features, value.shape[1], value.shape[-1])
            record.values.append(torch.einsum("bhsk,dhk->bhsd", value, parts_DHK))
    return states_BSHK, map_BHSS


def register() -> None:
    """Tell transformers about this attention."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import eager_mask

    AttentionInterface.register(NAME, attention_with_maps)
    AttentionMaskInterface.register(NAME, eager_mask)


@contextmanager
def recorded(encoder: nn.Module, projections: dict[int, nn.Linear] | None) -> Iterator[Recorded]:
    """In this block the encoder uses the attention with maps, and what it computes is recorded.

    projections: the output projection of each attention module, by its id; None: values are not recorded.
    """
    before, record = encoder.config._attn_implementation, Recorded(projections=projections or {})
    token = _recorded.set(record)
    encoder.config._attn_implementation = NAME
    try:
        yield record
    finally:
        encoder.config._attn_implementation = before
        _recorded.reset(token)


def output_projections(layer_list: nn.ModuleList) -> dict[str, str]:
    """The path of the output projection of each attention module, by the module's path in the list of layers; empty
    where it is not clear which it is.

    Of BERT and its relatives it is the linear map that follows: `attention.self` and `attention.output.dense`.
    """
    found: dict[str, str] = {}
    for path, module in layer_list.named_modules():
        inner = {name for name, _ in module.named_children()}
        if {"self", "output"} <= inner and isinstance(getattr(module.output, "dense", None), nn.Linear):
            found[f"{path}.self"] = f"{path}.output.dense"
        for name in ("out_lin", "Wo", "out_proj", "o_proj"):
            if isinstance(getattr(module, name, None), nn.Linear):
                found[path] = f"{path}.{name}"
    return found
