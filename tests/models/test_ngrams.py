"""n-grams: counted and looked up as plain Python would."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tmeattn.data.encoding.batches import collate
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.errors import BadInput
from tmeattn.models.ngrams import count_ngrams, first_occurrences, log_count_ratios, look_up, ngram_keys

BASE = 7
texts = st.lists(st.lists(st.integers(1, BASE - 1), min_size=1, max_size=8), min_size=2, max_size=6)


def key(gram):
    value = 0
    for word in gram:
        value = value * BASE + word
    return value


def grams(text, longest):
    return [tuple(text[i : i + n]) for n in range(1, longest + 1) for i in range(len(text) - n + 1)]


def split_of(rows, labels):
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    return EncodedSplit(np.concatenate(rows).astype(np.int32), offsets, np.array(labels), np.arange(len(rows)))


@given(texts, st.integers(1, 3), st.integers(1, 2))
def test_counts_are_texts_by_class(rows, longest, least):
    labels = [index % 2 for index in range(len(rows))]
    found = count_ngrams(split_of(rows, labels), vocabulary_size=BASE, classes=2, longest=longest, least=least)
    wanted = [Counter(), Counter()]
    for row, label in zip(rows, labels, strict=True):
        wanted[label].update({key(gram) for gram in grams(row, longest)})
    total = wanted[0] + wanted[1]
    kept = sorted(k for k in total if total[k] >= least)
    assert found.keys_G.tolist() == kept
    assert found.texts_GC.tolist() == [[wanted[0][k], wanted[1][k]] for k in kept]
    pairs = set(zip(found.text.tolist(), found.keys_G[found.column].tolist(), strict=True))
    assert len(pairs) == len(found.text)
    assert pairs == {(i, key(g)) for i, row in enumerate(rows) for g in grams(row, longest) if key(g) in set(kept)}


@given(texts, st.integers(1, 3))
def test_keys_in_a_batch_are_those_that_were_counted(rows, longest):
    tokens, mask = collate([np.array(row) for row in rows], 100)
    keys = ngram_keys(tokens, mask, vocabulary_size=BASE, longest=longest)
    for row, text in enumerate(rows):
        assert sorted(k for k in keys[row].flatten().tolist() if k) == sorted(
            key(gram) for gram in grams(text, longest)
        )
    first = first_occurrences(keys.flatten(1))
    for row in range(len(rows)):
        seen = keys[row].flatten().tolist()
        assert first[row].tolist() == [k not in seen[:i] for i, k in enumerate(seen)]


def test_looking_up():
    place, known = look_up(torch.tensor([0, 3, 4, 9, 10]), torch.tensor([3, 5, 9]))
    assert place.tolist() == [0, 0, 0, 2, 0]
    assert known.tolist() == [False, True, False, True, False]


def test_ratios_compare_a_class_with_the_others():
    ratios = log_count_ratios(np.array([[3, 0], [0, 3], [1, 1]]))
    assert ratios[0, 0] == pytest.approx(np.log(4))
    assert np.allclose(ratios[:, 0], -ratios[:, 1])
    assert ratios[2].tolist() == [0, 0]


def test_too_many_words_for_one_number():
    split = split_of([[1, 2]], [0])
    with pytest.raises(BadInput, match="--ngrams 3 is too long for a vocabulary of 3,000,000 words"):
        count_ngrams(split, vocabulary_size=3_000_000, classes=2, longest=3, least=1)
