"""The dataset `word-order`: every text has the words "first" and "last", and the one that comes first is the class.

Only a model that uses the order of words can learn it: each class has the same words.
"""

from __future__ import annotations

import random

from tmeattn.hookspecs import hookimpl
from tmeattn.specs import Dataset, DatasetSpec, Split
from tmeattn.testing.toy import FILLERS

CLASSES = ("first", "last")


def texts(count: int, seed: int) -> Split:
    """`count` texts of 4 to 6 words, half of each class."""
    draw = random.Random(seed)
    labels = [index % 2 for index in range(count)]
    made = []
    for label in labels:
        words = draw.choices(FILLERS[:4], k=draw.randint(2, 4))
        first, second = sorted(draw.sample(range(len(words) + 1), 2))
        words.insert(second, CLASSES[1 - label])
        words.insert(first, CLASSES[label])
        made.append(" ".join(words))
    return Split(made, labels)


def load() -> Dataset:
    """256 texts to train on and 128 to validate, always the same."""
    splits = {"train": texts(256, 0), "validation": texts(128, 1)}
    return Dataset("word-order", CLASSES, "word-order-1", lambda: splits)


@hookimpl
def tmeattn_datasets() -> list[DatasetSpec]:
    return [DatasetSpec("word-order", "Texts whose class is the order of two words", load=f"{__name__}:load")]
