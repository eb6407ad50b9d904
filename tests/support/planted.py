"""A plugin as a third party would write it: the dataset `planted`, where "good" means positive and "bad" negative.

Every other word is drawn at random, so whoever attends to the planted word is right about why.
"""

from __future__ import annotations

import random

from tmeattn.hookspecs import hookimpl
from tmeattn.specs import Dataset, DatasetSpec, Split

CLASSES = ("negative", "positive")
PLANTED = ("bad", "good")
"""The word that decides, by label."""
FILLERS = (
    "the",
    "a",
    "film",
    "plot",
    "actor",
    "scene",
    "camera",
    "music",
    "of",
    "and",
    "with",
    "was",
    "is",
    "this",
    "story",
    "end",
    "light",
    "voice",
)


def texts(count: int, seed: int) -> Split:
    """`count` texts of 4 to 12 words, half of each class."""
    draw = random.Random(seed)
    labels = [index % 2 for index in range(count)]
    rows = []
    for label in labels:
        words = draw.choices(FILLERS, k=draw.randint(3, 11))
        words.insert(draw.randint(0, len(words)), PLANTED[label])
        rows.append(" ".join(words))
    return Split(rows, labels)


def load() -> Dataset:
    """64 texts to train on and 16 to validate, always the same."""
    return Dataset("planted", CLASSES, "planted-1", lambda: {"train": texts(64, 0), "validation": texts(16, 1)})


@hookimpl
def tmeattn_datasets() -> list[DatasetSpec]:
    return [DatasetSpec("planted", "Texts with one planted word", load=f"{__name__}:load")]
