"""Hidden words in training, so that texts with erased words are no surprise to the model (`--word-dropout-erasure`).

The recipe is that of Madsen et al. (2024, arXiv 2310.07819): of every batch, half of the texts stay whole, and in each
of the others every word is hidden with a probability that is drawn for the text from U(0, 1). A hidden word is deleted,
as tests of faithfulness erase words, or becomes the unknown word. A text without words becomes one unknown word, as it
does wherever a text is classified.

What is hidden depends only on the seed, the step and the batch: not on the number of processes, and not on stops.
Shapes: W texts of a batch, B of them in this process, T tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from tmeattn.config import ErasureOperator
from tmeattn.data.encoding.batches import Share
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.specs import UNKNOWN

_STREAM = 0xE5A5E
"""Tells these random numbers from those that shuffle the texts."""


def hidden_words(lengths_W: np.ndarray, seed: Sequence[int]) -> np.ndarray:
    """Which words are hidden, one bool for each word of all texts, text after text.

    lengths_W: the number of words of each text.
    """
    random = np.random.default_rng([*seed, _STREAM])
    texts = len(lengths_W)
    chosen = (texts + int(random.integers(2))) // 2  # of an odd number, the larger or the smaller half
    rates_W = np.where(random.permutation(texts) < chosen, random.random(texts), 0.0)
    return np.asarray(random.random(int(lengths_W.sum())) < np.repeat(rates_W, lengths_W))


def with_hidden_words(
    share: Share, lengths_W: np.ndarray, seed: Sequence[int], operator: ErasureOperator, *, rank: int = 0, size: int = 1
) -> Share:
    """The texts of a batch that the process `rank` of `size` reads, with hidden words.

    lengths_W: the number of words that are read of each text of the whole batch.
    """
    steps_T = np.arange(int(lengths_W.max(initial=1)))
    kept_WT = steps_T < lengths_W[:, None]
    kept_WT[kept_WT] = ~hidden_words(lengths_W, seed)
    tokens_BT, kept_BT = share.batch.tokens_BT.numpy(), kept_WT[rank::size]
    if operator == "unknown":
        real_BT = share.batch.mask_BT.numpy()
        changed = torch.from_numpy(np.where(real_BT & ~kept_BT, UNKNOWN, tokens_BT))
        return share._replace(batch=share.batch._replace(tokens_BT=changed))
    counts_B = kept_BT.sum(axis=1)
    steps_T = steps_T[: int(kept_WT.sum(axis=1).max(initial=1))]
    left_BT = np.zeros((len(tokens_BT), len(steps_T)), dtype=np.int64)
    left_BT[:, 0] = UNKNOWN
    left_BT[steps_T < counts_B[:, None]] = tokens_BT[kept_BT]
    mask_BT = steps_T < np.maximum(counts_B, 1)[:, None]
    batch = share.batch._replace(tokens_BT=torch.from_numpy(left_BT), mask_BT=torch.from_numpy(mask_BT))
    return share._replace(batch=batch)


def split_with_hidden_words(split: EncodedSplit, seed: int, operator: ErasureOperator) -> EncodedSplit:
    """The split with hidden words in half of its texts, for a model that is fitted before the first step."""
    hidden = hidden_words(split.lengths, [seed])
    if operator == "unknown":
        return replace(split, tokens=np.where(hidden, UNKNOWN, split.tokens).astype(split.tokens.dtype))
    firsts_N = split.offsets[:-1]
    kept_N = np.add.reduceat((~hidden).astype(np.int64), firsts_N)
    emptied_N = firsts_N[kept_N == 0]
    tokens = split.tokens.copy()
    tokens[emptied_N], hidden[emptied_N] = UNKNOWN, False
    offsets = np.concatenate([[0], np.cumsum(np.maximum(kept_N, 1))])
    return replace(split, tokens=tokens[~hidden], offsets=offsets)
