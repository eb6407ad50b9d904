"""Whether a model is being exported, as an ONNX graph for example.

A graph has no branches that depend on values, and fewer operations than torch. Code that a graph cannot hold asks
`is_exporting` and computes the same in another way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_exporting: ContextVar[bool] = ContextVar("exporting", default=False)


def is_exporting() -> bool:
    """Whether the calling thread exports a model."""
    return _exporting.get()


@contextmanager
def exporting() -> Iterator[None]:
    """In this block, models are called to be exported."""
    before = _exporting.set(True)
    try:
        yield
    finally:
        _exporting.reset(before)
