"""Layers of an encoder that are not trained, and the states that they give.

Shapes: B texts, S positions, D dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

import tmeattn
from tmeattn_transformers.architecture import layers_of


class LowerLayer(nn.Module):
    """A frozen layer below layers that are trained. The states of the last of them are rounded to half precision, as
    they are stored, and are kept or given from outside."""

    def __init__(self, layer: nn.Module, is_last: bool) -> None:
        super().__init__()
        self.layer, self.is_last, self.keeps = layer, is_last, False
        self.given_BSD: Tensor | None = None
        self.kept_BSD: Tensor | None = None

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:  # such as the type of attention, by which an encoder chooses a mask
            return getattr(super().__getattr__("layer"), name)

    def forward(self, hidden_states: Tensor, *more: Any, **named: Any) -> Any:
        if self.given_BSD is not None:
            return self.given_BSD
        output = self.layer(hidden_states, *more, **named)
        if not self.is_last:
            return output
        states_BSD, rest = (output[0], output[1:]) if isinstance(output, tuple) else (output, None)
        rounded_BSD = rounded(states_BSD)
        if self.keeps:
            self.kept_BSD = rounded_BSD
        return rounded_BSD if rest is None else (rounded_BSD, *rest)


def rounded(states: Tensor) -> Tensor:
    """States rounded to half precision, as they are stored. The gradient is that of the identity."""
    return states + (states.detach().half().to(states.dtype) - states.detach())


def freeze_lower(encoder: nn.Module, name: str, tune_layers: int) -> int:
    """Freeze all of an encoder but its last `tune_layers` layers; the number of layers that are frozen.

    name: that of the checkpoint.

    Raises:
        BadInput: it has fewer layers.
    """
    parent, path = layers_of(encoder, name)
    own = getattr(parent, path)
    if tune_layers > len(own):
        raise tmeattn.BadInput(
            f"--tune-layers {tune_layers}: the encoder {name} has {len(own)} layers.",
            hint=f"Use at most {len(own)}, or leave it out to train the embedding, too.",
        )
    encoder.requires_grad_(False)
    own[len(own) - tune_layers :].requires_grad_(True)
    lower = len(own) - tune_layers
    for index in range(lower):
        own[index] = LowerLayer(own[index], index == lower - 1)
    return lower


@contextmanager
def given(lower: Sequence[LowerLayer], states_BSD: Tensor | None) -> Iterator[None]:
    """In this block the frozen layers are not computed: the last of them gives these states; None: they are."""
    try:
        for layer in lower:
            layer.given_BSD = states_BSD
        yield
    finally:
        for layer in lower:
            layer.given_BSD = None


@contextmanager
def kept(last: LowerLayer) -> Iterator[LowerLayer]:
    """In this block the last frozen layer keeps its states in `kept_BSD`."""
    last.keeps = True
    try:
        yield last
    finally:
        last.keeps, last.kept_BSD = False, None
