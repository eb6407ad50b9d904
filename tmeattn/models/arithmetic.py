"""The version of the arithmetic of a training: which of several ways to compute the same thing a run uses.

Quicker ways give other random numbers or round otherwise, so a run keeps those that it was begun with: its checkpoints
have the version, and a resumed run equals an undisturbed one also after tmeattn was updated.

1: until version 0.2. Part 1's models use torch's dropout for the word vectors, the LSTM runs over the whole batch, and
   AdamW is computed in several passes over the weights.
2: `layers.dropout` everywhere, the LSTM runs over shares of the batch, one for each thread, and AdamW in one pass.
3: `layers.WordConvolution` computes matrix products.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

NEWEST = 3
_version: ContextVar[int] = ContextVar("arithmetic", default=NEWEST)


@contextmanager
def arithmetic(version: int) -> Iterator[None]:
    """In this block, models and optimisers compute as in that version."""
    before = _version.set(version)
    try:
        yield
    finally:
        _version.reset(before)


def arithmetic_version() -> int:
    """The version in which models and optimisers compute: the newest, except within `arithmetic`."""
    return _version.get()
