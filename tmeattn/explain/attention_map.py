"""The attention map of a text: which word reads which, as a table of weights with a row for each word that reads. No
torch.

Shapes: S positions of self-attention (the words that the model read, and CLS before them where the model has it); R
rows, which is S for self-attention and 1 for pooling.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from tmeattn.explain.explanation import Explanation

POOLING = "pooling"
"""The name of the only row of a model that pools by attention."""
CLS = "CLS"
SPECIAL = (CLS, "SEP")
"""The names of the positions before the words, in the order of `ModelOutput.maps`."""
DIGITS = 6
"""Decimals of a weight in JSON and CSV."""


@dataclass(frozen=True)
class Pair:
    """A weight of a map with its place: the position `row` that reads, and the position `column` that is read."""

    row: int
    column: int
    weight: float


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """The attention weights of a text.

    explanation: the same text explained by `attention` with the same layer and head: words, prediction, notes.
    weights_RS:  float32; the weights of a row sum to one.
    heads:       the number of heads of each layer of self-attention; empty for a model that pools.
    classifies_by_prefix: whether the first position before the words is that from which the class is predicted.
    """

    explanation: Explanation
    weights_RS: np.ndarray
    heads: tuple[int, ...]
    classifies_by_prefix: bool = True

    @property
    def prefix(self) -> int:
        """The number of positions before the words: 1 where the model has CLS."""
        return int(self.weights_RS.shape[1]) - len(self.explanation.words)

    @property
    def pools(self) -> bool:
        """Whether the model pools by attention, so that there is one row of weights."""
        return len(self.weights_RS) == 1 < self.weights_RS.shape[1] or not self.heads

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The name of each position that is read: special tokens such as `CLS`, then the words as in the text."""
        before = (
            SPECIAL[: self.prefix]
            if self.prefix <= len(SPECIAL)
            else [f"special {at + 1}" for at in range(self.prefix)]
        )
        words = (" ".join(self.explanation.word_text(word).split()) for word in self.explanation.words)
        return (*before, *words)

    @property
    def rows(self) -> tuple[str, ...]:
        """The name of each position that reads: those of the columns, or `pooling`."""
        return (POOLING,) if self.pools else self.columns

    @cached_property
    def mean_entropy(self) -> float:
        """The mean of the entropies of the rows, in nats."""
        return sum(map(self.entropy, range(len(self.weights_RS)))) / max(len(self.weights_RS), 1)

    def entropy(self, row: int) -> float:
        """The entropy of a row in nats."""
        weights_S = self.weights_RS[row].astype(np.float64)
        weights_S = weights_S[weights_S > 0]
        return float(0.0 - (weights_S * np.log(weights_S)).sum())

    def ranked(self, row: int) -> list[Pair]:
        """The weights of a row, the largest first; equal ones in the order of the text."""
        weights_S = self.weights_RS[row]
        order = np.argsort(-weights_S, kind="stable")
        return [Pair(row, int(column), float(weights_S[column])) for column in order]

    def strongest(self, most: int) -> list[Pair]:
        """The largest weights of the map, the largest first."""
        flat = self.weights_RS.ravel()
        order = np.argsort(-flat, kind="stable")[:most]
        width = self.weights_RS.shape[1]
        return [Pair(int(at) // width, int(at) % width, float(flat[at])) for at in order]

    def row_explanation(self, row: int) -> Explanation:
        """The text with the weights of a row as the scores of its words; the weight on CLS is none of a word."""
        scores_T = self.weights_RS[row, self.prefix :]
        words = zip(self.explanation.words, scores_T.tolist(), strict=True)
        entropy, positions = self.entropy(row), self.weights_RS.shape[1]
        return replace(
            self.explanation,
            words=tuple(replace(word, score=score) for word, score in words),
            entropy=entropy,
            normalized_entropy=entropy / math.log(positions) if positions > 1 else None,
        )

    def document(self) -> dict[str, Any]:
        """The JSON document of `tmeattn explain --map --json`: `columns` are the positions that are read, `rows` those
        that read, `weights` has a list for each row; the other fields are those of the explanation by attention."""
        return {
            **self.explanation.document(),
            "heads": list(self.heads),
            "prefix": self.prefix,
            "rows": list(self.rows),
            "columns": list(self.columns),
            "weights": [[round(float(weight), DIGITS) for weight in row] for row in self.weights_RS],
        }


@dataclass(frozen=True, eq=False)
class HeadMap:
    """One head in the overview, counted from 1.

    cells_BB: its map in blocks of words (see `blocked`). entropy: the mean over the rows, in nats.
    """

    layer: int
    head: int
    cells_BB: np.ndarray
    entropy: float


@dataclass(frozen=True)
class HeadOverview:
    """The maps of all heads of a text, in small. positions: S."""

    positions: int
    heads: tuple[HeadMap, ...]


def block_edges(prefix: int, positions: int, size: int) -> list[int]:
    """Where blocks of `size` words begin. Each position before the words is a block of its own."""
    return [*range(prefix), *range(prefix, positions, max(size, 1))]


def blocked(weights_RS: np.ndarray, rows: Sequence[int], columns: Sequence[int]) -> np.ndarray:
    """A map in blocks that begin at these rows and columns: the mean of the weights in each block."""
    if len(columns) == weights_RS.shape[1] and len(rows) == len(weights_RS):
        return weights_RS
    sums = np.add.reduceat(np.add.reduceat(weights_RS, columns, axis=1), rows, axis=0)
    heights, widths = np.diff([*rows, len(weights_RS)]), np.diff([*columns, weights_RS.shape[1]])
    return np.asarray(sums / np.outer(heights, widths).astype(weights_RS.dtype))


def block_name(names: Sequence[str], edges: Sequence[int], at: int) -> str:
    """The name of a block: of one position its own, of several that of the first one with an ellipsis."""
    start = edges[at]
    end = edges[at + 1] if at + 1 < len(edges) else len(names)
    return names[start] if end - start == 1 else f"{names[start]}…"
