"""A dataset of six texts, vectors for three of its words, and an encoded split as texts again."""

from __future__ import annotations

import numpy as np

from tmeattn.specs import Dataset, Split, WordVectors

TRAIN = Split(["A good, good film.", "bad film", "\ud800 <pad> <unk>", '""'], [1, 0, 0, 1])
VALIDATION = Split(["good plot", "bad"], [1, 0])


def dataset(train=TRAIN, validation=VALIDATION, **others):
    splits = {"train": train, "validation": validation, **others}
    return Dataset("films", ("negative", "positive"), "f1", lambda: splits)


def lookup(words):
    table = {"good": [1, 2], "film": [3, 4], "plot": [5, 6]}
    vectors = np.array([table.get(word, [0, 0]) for word in words], dtype=np.float32).reshape(-1, 2)
    return vectors, np.array([word in table for word in words], dtype=bool)


VECTORS = WordVectors("toy", 2, "v1", lookup)


def texts(corpus, name):
    split = corpus.splits[name]
    words = corpus.vocabulary.words
    return [
        " ".join(words[token] for token in split.tokens[a:b])
        for a, b in zip(split.offsets, split.offsets[1:], strict=False)
    ]
