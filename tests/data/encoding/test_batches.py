"""Batches: each text once an epoch, masked padding, and an order that can be resumed."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tmeattn.data.encoding.batches import BucketedBatches, SequentialBatches, collate
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.specs import PADDING, UNKNOWN


def split_of(lengths):
    """Text i holds the tokens 100 i + 2, 100 i + 3, ... and the label i % 3."""
    tokens = [np.arange(length) + 100 * i + 2 for i, length in enumerate(lengths)]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    source = np.arange(len(lengths))
    return EncodedSplit(np.concatenate(tokens).astype(np.int32), offsets, source % 3, source)


def assert_right(split, batch, max_length):
    assert batch.tokens_BT.dtype == batch.labels_B.dtype == torch.int64
    assert batch.mask_BT.dtype == torch.bool
    assert batch.tokens_BT.shape == batch.mask_BT.shape
    lengths = np.minimum(split.lengths[batch.indices], max_length)
    assert batch.tokens_BT.shape == (len(batch.indices), max(lengths))
    assert batch.labels_B.tolist() == split.labels[batch.indices].tolist()
    for row, mask, index, length in zip(batch.tokens_BT, batch.mask_BT, batch.indices, lengths, strict=True):
        assert mask.tolist() == [True] * length + [False] * (len(mask) - length)
        assert row[:length].tolist() == [100 * index + 2 + i for i in range(length)]
        assert (row[length:] == PADDING).all()


split_lengths = st.lists(st.integers(1, 12), min_size=1, max_size=40)


@given(split_lengths, st.integers(1, 9), st.integers(1, 14), st.integers(0, 3), st.integers(1, 4), st.data())
def test_an_epoch_has_each_text_once(lengths, batch_size, max_length, epoch, window, data):
    split = split_of(lengths)
    batches = BucketedBatches(split, batch_size, max_length, seed=7, window=window)
    first = list(batches.epoch(epoch))
    assert len(first) == len(batches) == len(batches.plan(epoch))
    assert sorted(np.concatenate([batch.indices for batch in first])) == list(range(len(split)))
    for batch in first:
        assert_right(split, batch, max_length)
    start = data.draw(st.integers(0, len(first)))
    resumed = list(BucketedBatches(split, batch_size, max_length, seed=7, window=window).epoch(epoch, start))
    assert len(resumed) == len(first) - start
    for one, other in zip(resumed, first[start:], strict=True):
        np.testing.assert_array_equal(one.indices, other.indices)
        assert torch.equal(one.tokens_BT, other.tokens_BT)


@given(split_lengths, st.integers(1, 9), st.integers(1, 14))
def test_sequential(lengths, batch_size, max_length):
    split = split_of(lengths)
    batches = SequentialBatches(split, batch_size, max_length)
    all_batches = list(batches)
    assert len(all_batches) == len(batches)
    order = np.concatenate([batch.indices for batch in all_batches])
    assert sorted(order) == list(range(len(split)))
    assert (np.diff(np.minimum(split.lengths, max_length)[order]) <= 0).all()
    for batch in all_batches:
        assert_right(split, batch, max_length)


def test_the_order_depends_only_on_seed_and_epoch():
    split = split_of(list(range(1, 200)))

    def order(seed, epoch):
        return np.concatenate(BucketedBatches(split, 8, 100, seed, window=3).plan(epoch)).tolist()

    assert order(0, 0) == order(0, 0)
    assert len({tuple(order(seed, epoch)) for seed in (0, 1) for epoch in (0, 1)}) == 4


def test_texts_of_a_batch_have_similar_lengths():
    random = np.random.default_rng(0)
    split = split_of(random.integers(1, 100, size=1000))
    padding = {
        window: 1
        - np.mean([batch.mask_BT.float().mean() for batch in BucketedBatches(split, 10, 90, 0, window=window).epoch(0)])
        for window in (1, 50)
    }
    assert padding[50] < 0.05 < 0.3 < padding[1]


def test_collate():
    tokens_BT, mask_BT = collate([np.array([5, 6, 7]), np.array([], dtype=np.int32), np.array([8])], max_length=2)
    assert tokens_BT.tolist() == [[5, 6], [UNKNOWN, PADDING], [8, PADDING]]
    assert mask_BT.tolist() == [[True, True], [True, False], [True, False]]
    assert tokens_BT.dtype == torch.int64
    assert collate([], max_length=2)[0].shape[0] == 0


@pytest.mark.filterwarnings("error")
def test_read_only_arrays():
    split = split_of([3, 1, 2])
    for array in (split.tokens, split.offsets, split.labels, split.source):
        array.setflags(write=False)
    assert len(list(SequentialBatches(split, 2, 5))) == 2
