"""Attention maps made up for tests, without torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tmeattn.explain.attention_map import AttentionMap, HeadMap, HeadOverview
from tmeattn.explain.explanation import Explanation, Word


def drawn_map(
    words: Sequence[str],
    prefix: int = 0,
    *,
    weights: Sequence[Sequence[float]] | None = None,
    heads: tuple[int, ...] = (2, 2),
    layer: int | None = None,
    head: int | None = None,
    run: str = "aaaa-transformer",
) -> AttentionMap:
    """A map of a text with these words; without `weights`, each position reads the one before it most."""
    found, at = [], 0
    for word in words:
        found.append(Word(at, at + len(word), word.lower(), True, 1 / len(words)))
        at += len(word) + 1
    explanation = Explanation(
        text=" ".join(words),
        words=tuple(found),
        tokens_total=len(found),
        run=run,
        model="transformer",
        method="attention",
        signed=False,
        classes=("negative", "positive"),
        probabilities=(0.25, 0.75),
        predicted=1,
        target=1,
        layer=layer,
        head=head,
    )
    positions = prefix + len(words)
    if weights is None:
        drawn = np.full((positions, positions), 0.5 / positions)
        drawn[np.arange(positions), (np.arange(positions) - (layer or 1)) % positions] += 0.5
    else:
        drawn = np.array(weights)
    return AttentionMap(explanation, drawn.astype(np.float32), heads)


def drawn_overview(heads: int = 4, size: int = 6) -> HeadOverview:
    """Heads in small, two for each layer, each with a diagonal of its own."""
    found = [
        HeadMap(at // 2 + 1, at % 2 + 1, np.roll(np.eye(size, dtype=np.float32), at, axis=1), 1.0 + at)
        for at in range(heads)
    ]
    return HeadOverview(size, tuple(found))
