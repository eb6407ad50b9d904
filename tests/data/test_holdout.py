"""Held-out texts: about the given share of each class, and no text on both sides."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tmeattn.data.holdout import hold_out_blocks, hold_out_hashed, text_hashes

pairs = st.lists(st.tuples(st.integers(0, 2**64 - 1) | st.integers(0, 8), st.integers(0, 3)), min_size=1, max_size=80)


def arrays(rows):
    return np.array([row[0] for row in rows], dtype=np.uint64), np.array([row[1] for row in rows])


@given(pairs, st.floats(0.01, 0.99), st.randoms())
def test_hashed(rows, share, draw):
    hashes, labels = arrays(rows)
    held_out = hold_out_hashed(hashes, labels, share)
    assert not set(hashes[held_out]) & set(hashes[~held_out])
    shuffled = rows.copy()
    draw.shuffle(shuffled)
    again = hold_out_hashed(*arrays(shuffled), share)
    assert set(hashes[held_out]) == set(arrays(shuffled)[0][again])  # the order of rows plays no part


@given(st.integers(2, 500), st.floats(0.05, 0.95))
def test_each_class_gives_its_share_and_keeps_one(size, share):
    hashes = np.random.default_rng(size).integers(0, 2**63, 2 * size).astype(np.uint64)
    labels = np.arange(2 * size) % 2
    held_out = hold_out_hashed(hashes, labels, share)
    for label in (0, 1):
        count = int(held_out[labels == label].sum())
        assert 1 <= count <= size - 1
        assert abs(count - size * share) <= 1


def test_a_single_text_stays_in_training():
    assert hold_out_hashed(np.array([5, 6, 7], dtype=np.uint64), np.array([0, 1, 1]), 0.5).tolist()[0] is False


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2)), min_size=1, max_size=60), st.floats(0.05, 0.9))
def test_blocks_are_the_last_texts_of_each_class_and_their_duplicates(rows, share):
    texts, labels = [str(text) for text, _ in rows], [label for _, label in rows]
    last = set()
    for label in set(labels):
        of_class = [text for text, other in zip(texts, labels, strict=True) if other == label]
        last |= set(of_class[len(of_class) - int(len(of_class) * share) :])
    held_out = hold_out_blocks(text_hashes(texts), np.array(labels), share)
    assert held_out.tolist() == [text in last for text in texts]


def test_last_block_of_each_class_is_held_out_with_its_duplicates():
    texts = ["n0", "p0", "n1", "p1", "same", "p2", "n3", "p3", "same", "p4"]
    held_out = hold_out_blocks(text_hashes(texts), np.array([0, 1] * 5), 0.2)
    assert [texts[i] for i in np.flatnonzero(~held_out)] == ["n0", "p0", "n1", "p1", "p2", "n3", "p3"]
    assert np.flatnonzero(held_out).tolist() == [4, 8, 9]


def test_equal_texts_have_equal_hashes():
    assert len(set(text_hashes(["a", "b", "a", "\ud800", ""]).tolist())) == 4
