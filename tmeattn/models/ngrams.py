"""Word n-grams of encoded texts: counted over a split, weighted by class, and looked up in a batch.

An n-gram is one integer, its key: the token ids as digits of a number whose base is the vocabulary's size. Keys of
different lengths differ, because no token has the id 0. Shapes: G distinct n-grams, C classes, N = B texts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.errors import BadInput


class NgramCounts(NamedTuple):
    """keys_G: int64, increasing. texts_GC: in how many texts of each class an n-gram stands (once or more).
    text, column: of each n-gram of each text, once: the text's row and its place in keys_G."""

    keys_G: np.ndarray
    texts_GC: np.ndarray
    text: np.ndarray
    column: np.ndarray


def demand_fit(vocabulary_size: int, longest: int) -> None:
    """Refuse n-grams whose keys would not fit 63 bits.

    Raises:
        BadInput: the vocabulary is too large for n-grams that long.
    """
    if vocabulary_size**longest >= 2**63:
        raise BadInput(
            f"n-grams of {longest} words among {vocabulary_size:,} are too many to be told apart.",
            hint=f"Use a smaller --ngrams, or a --min-count that leaves fewer than {int(2 ** (63 / longest)):,} words.",
        )


def count_ngrams(split: EncodedSplit, *, vocabulary_size: int, classes: int, longest: int, least: int) -> NgramCounts:
    """All n-grams of 1 to `longest` words that stand in at least `least` texts of a split.

    Raises:
        BadInput: see `demand_fit`.
    """
    demand_fit(vocabulary_size, longest)
    parts, known = [], 0
    text_of = np.repeat(np.arange(len(split)), split.lengths)
    keys = split.tokens.astype(np.int64)
    for words in range(1, longest + 1):
        if words > 1:
            keys = keys[:-1] * vocabulary_size + split.tokens[words - 1 :]
        inside = text_of[: len(keys)] == text_of[words - 1 :]
        part = _count(keys[inside], text_of[: len(keys)][inside], split.labels, classes, least)
        parts.append(part._replace(column=part.column + known))
        known += len(part.keys_G)
    return NgramCounts(*(np.concatenate(field) for field in zip(*parts, strict=True)))


def _count(keys: np.ndarray, text: np.ndarray, labels: np.ndarray, classes: int, least: int) -> NgramCounts:
    order = np.argsort(keys, kind="stable")  # texts stay in order within a key, so repetitions are neighbours
    keys, text = keys[order], text[order]
    again = np.zeros(len(keys), dtype=bool)
    again[1:] = (keys[1:] == keys[:-1]) & (text[1:] == text[:-1])
    keys, text = keys[~again], text[~again]
    keys_G, column, texts_G = np.unique(keys, return_inverse=True, return_counts=True)
    kept_G = texts_G >= least
    place_G = np.cumsum(kept_G) - 1
    kept = kept_G[column]
    text, column = text[kept], place_G[column[kept]]
    cells = np.bincount(column * classes + labels[text], minlength=int(kept_G.sum()) * classes)
    return NgramCounts(keys_G[kept_G], cells.reshape(-1, classes), text, column)


def log_count_ratios(texts_GC: np.ndarray) -> np.ndarray:
    """r_gc = ln(p(g | c) / p(g | other classes)), counts smoothed by one: (G, C) float32 (Wang and Manning 2012)."""
    own_GC = texts_GC + 1.0
    others_GC = texts_GC.sum(axis=1, keepdims=True) - texts_GC + 1.0
    ratio_GC = (own_GC / own_GC.sum(axis=0)) / (others_GC / others_GC.sum(axis=0))
    return np.asarray(np.log(ratio_GC), dtype=np.float32)


def ngram_keys(tokens_BT: Tensor, mask_BT: Tensor, *, vocabulary_size: int, longest: int) -> Tensor:
    """Keys of the n-grams that end at each token: (B, T, longest), 0 where a text has not so many words before it."""
    keys_BT = torch.where(mask_BT, tokens_BT, 0)
    keys = [keys_BT]
    for _ in range(2, longest + 1):
        shorter_BT = torch.zeros_like(keys_BT)
        shorter_BT[:, 1:] = keys[-1][:, :-1]
        keys.append(torch.where((shorter_BT > 0) & mask_BT, shorter_BT * vocabulary_size + keys_BT, 0))
    return torch.stack(keys, dim=-1)


def look_up(keys: Tensor, known_G: Tensor) -> tuple[Tensor, Tensor]:
    """Places of keys among the increasing `known_G`, and whether they are there (the place is 0 where not)."""
    place = torch.searchsorted(known_G, keys).clamp_(max=len(known_G) - 1)
    known = known_G[place] == keys
    return torch.where(known, place, 0), known


def first_occurrences(keys_BN: Tensor) -> Tensor:
    """Whether a key has not stood further left in its row: (B, N) bool. Only the first counts in a bag of n-grams."""
    ordered_BN, order_BN = keys_BN.sort(dim=1, stable=True)
    first_BN = torch.ones_like(ordered_BN, dtype=torch.bool)
    first_BN[:, 1:] = ordered_BN[:, 1:] != ordered_BN[:, :-1]
    return torch.empty_like(first_BN).scatter_(1, order_BN, first_BN)
