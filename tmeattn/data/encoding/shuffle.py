"""Texts in shuffled order of words, to measure how much a model uses the order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tmeattn.data.encoding.encode import EncodedSplit


def shuffle_words(split: EncodedSplit, max_length: int, seed: int) -> EncodedSplit:
    """The split with the first `max_length` tokens of each text, those that a model reads, in random order.

    No word enters or leaves what a model reads, so a model that reads a bag of words does not change. The permutation
    of a text depends only on `seed`, on the text's position in the dataset's split and on the number of tokens that are
    read. It is therefore the same for every model that reads the same tokens, with any `--limit`.
    """
    tokens = np.array(split.tokens)
    lengths = np.minimum(split.lengths, max_length)
    for source, start, length in zip(split.source.tolist(), split.offsets.tolist(), lengths.tolist(), strict=False):
        order = np.random.default_rng([seed, source]).permutation(length)
        tokens[start : start + length] = tokens[start + order]
    return replace(split, tokens=tokens)
