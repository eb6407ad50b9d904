"""Word n-grams of encoded texts: their counts in a split, their weights for each class, and their keys in a batch.

The key of an n-gram is one integer: its token ids are the digits of a number whose base is the size of the vocabulary.
N-grams of different lengths have different keys, because no token has the id 0. Shapes: G distinct n-grams, C classes,
B texts, T tokens, N n-grams of a text.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.errors import BadInput
from tmeattn.models.exporting import is_exporting


class NgramCounts(NamedTuple):
    """The distinct n-grams of a split, and the texts that contain them.

    keys_G:       int64, increasing.
    texts_GC:     the number of texts of each class that contain an n-gram.
    text, column: for each pair of a text and a distinct n-gram of it, the text's row and the n-gram's index in keys_G.
    """

    keys_G: np.ndarray
    texts_GC: np.ndarray
    text: np.ndarray
    column: np.ndarray


def demand_fit(vocabulary_size: int, longest: int) -> None:
    """Check that the keys of n-grams fit into 63 bits.

    Raises:
        BadInput: the vocabulary is too large for n-grams that long.
    """
    if vocabulary_size**longest >= 2**63:
        raise BadInput(
            f"--ngrams {longest} is too long for a vocabulary of {vocabulary_size:,} words: keys exceed 63 bits.",
            hint=f"Use a smaller --ngrams, or a --min-count that leaves at most {int(2 ** (63 / longest)):,} words.",
        )


def count_ngrams(split: EncodedSplit, *, vocabulary_size: int, classes: int, longest: int, least: int) -> NgramCounts:
    """Count the n-grams of 1 to `longest` words that occur in at least `least` texts of a split.

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
    ordered, order = torch.sort(torch.from_numpy(keys), stable=True)  # repetitions of a key in a text are adjacent
    keys, text = ordered.numpy(), text[order.numpy()]
    repeated = np.zeros(len(keys), dtype=bool)
    repeated[1:] = (keys[1:] == keys[:-1]) & (text[1:] == text[:-1])
    keys, text = keys[~repeated], text[~repeated]
    begins = np.ones(len(keys), dtype=bool)
    begins[1:] = keys[1:] != keys[:-1]
    starts_G = np.flatnonzero(begins)
    keys_G, texts_G, column = keys[starts_G], np.diff(starts_G, append=len(keys)), np.cumsum(begins) - 1
    kept_G = texts_G >= least
    index_G = np.cumsum(kept_G) - 1
    kept = kept_G[column]
    text, column = text[kept], index_G[column[kept]]
    cells = np.bincount(column * classes + labels[text], minlength=int(kept_G.sum()) * classes)
    return NgramCounts(keys_G[kept_G], cells.reshape(-1, classes), text, column)


def log_count_ratios(texts_GC: np.ndarray) -> np.ndarray:
    """r_gc = ln(p(g | c) / p(g | other classes)), counts smoothed by one: (G, C) float32 (Wang and Manning 2012)."""
    own_GC = texts_GC + 1.0
    others_GC = texts_GC.sum(axis=1, keepdims=True) - texts_GC + 1.0
    ratio_GC = (own_GC / own_GC.sum(axis=0)) / (others_GC / others_GC.sum(axis=0))
    return np.asarray(np.log(ratio_GC), dtype=np.float32)


def ngram_keys(tokens_BT: Tensor, mask_BT: Tensor, *, vocabulary_size: int, longest: int) -> Tensor:
    """Keys of the n-grams that end at each token: (B, T, longest), 0 if the text has too few words before the token."""
    keys_BT = torch.where(mask_BT, tokens_BT, 0)
    keys = [keys_BT]
    for _ in range(2, longest + 1):
        shorter_BT = nn.functional.pad(keys[-1], (1, 0))[:, :-1]  # never empty, so ONNX has texts of one word
        keys.append(torch.where((shorter_BT > 0) & mask_BT, shorter_BT * vocabulary_size + keys_BT, 0))
    return torch.stack(keys, dim=-1)


def look_up(keys: Tensor, known_G: Tensor) -> tuple[Tensor, Tensor]:
    """Return the indices of `keys` in the increasing `known_G` (0 for a missing key), and whether each key is in it."""
    if is_exporting():
        index = _bisected(keys, known_G)
    else:
        index = torch.searchsorted(known_G, keys).clamp_(max=len(known_G) - 1)
    known = known_G[index] == keys
    return torch.where(known, index, 0), known


def _bisected(keys: Tensor, known_G: Tensor) -> Tensor:
    """For each of `keys`, the index of the last of `known_G` that is not larger, or 0: by the steps of a bisection, for
    which ONNX has no operation."""
    index = torch.zeros_like(keys)
    for bit in reversed(range((len(known_G) - 1).bit_length())):
        further = (index + 2**bit).clamp(max=len(known_G) - 1)
        index = torch.where(known_G[further] <= keys, further, index)
    return index


def first_occurrences(keys_BN: Tensor) -> Tensor:
    """Whether each key is the first of its value in its row: (B, N) bool. A bag of n-grams counts only these."""
    if is_exporting():  # ONNX has no stable sort
        places_N = torch.arange(keys_BN.shape[1], device=keys_BN.device)
        is_earlier_NN = places_N[None, :] < places_N[:, None]
        return ~((keys_BN[:, :, None] == keys_BN[:, None, :]) & is_earlier_NN).any(dim=2)
    ordered_BN, order_BN = keys_BN.sort(dim=1, stable=True)
    first_BN = torch.ones_like(ordered_BN, dtype=torch.bool)
    first_BN[:, 1:] = ordered_BN[:, 1:] != ordered_BN[:, :-1]
    return torch.empty_like(first_BN).scatter_(1, order_BN, first_BN)
