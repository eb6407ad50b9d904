"""The permutation of the words of a text."""

from __future__ import annotations

import numpy as np

from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.data.encoding.shuffle import shuffle_words


def split(lengths: list[int], source: list[int]) -> EncodedSplit:
    """Texts whose tokens are 10, 11, 12 and so on."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    tokens = np.concatenate([np.arange(10, 10 + length, dtype=np.int32) for length in lengths])
    tokens.flags.writeable = False  # as in the cache
    return EncodedSplit(tokens, offsets, np.arange(len(lengths)), np.array(source))


def texts(of: EncodedSplit) -> list[list[int]]:
    return [of.tokens[start:end].tolist() for start, end in zip(of.offsets, of.offsets[1:], strict=False)]


def test_only_the_words_that_are_read_are_permuted() -> None:
    given = split([12, 5, 1], [0, 1, 2])
    long, short, single = texts(shuffle_words(given, 8, 0))
    assert long[8:] == [18, 19, 20, 21]
    assert sorted(long[:8]) == list(range(10, 18)) != long[:8]
    assert sorted(short) == [10, 11, 12, 13, 14] != short
    assert single == [10]
    assert texts(given)[0] == list(range(10, 22))


def test_the_permutation_depends_on_the_position_in_the_dataset_and_the_seed() -> None:
    whole = texts(shuffle_words(split([9, 9, 9], [0, 1, 2]), 9, 0))
    limited = texts(shuffle_words(split([9, 9], [0, 2]), 9, 0))
    assert [whole[0], whole[2]] == limited
    assert whole[0] != whole[1]
    assert texts(shuffle_words(split([9, 9, 9], [0, 1, 2]), 9, 1)) != whole
    assert whole[0] == texts(shuffle_words(split([20], [0]), 9, 0))[0][:9]
