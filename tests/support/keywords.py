"""A plugin: the dataset `keywords`, where "good" means positive, "bad" negative, and neither neutral.

With the third class no model can get by with one of the words and its absence: it must know both.
"""

from __future__ import annotations

import random

from support.planted import FILLERS, PLANTED
from tmeattn.hookspecs import hookimpl
from tmeattn.specs import Dataset, DatasetSpec, Split

CLASSES = ("negative", "positive", "neutral")


def texts(count: int, seed: int) -> Split:
    """`count` texts of 3 to 12 words, a third of each class."""
    draw = random.Random(seed)
    labels = [index % 3 for index in range(count)]
    rows = []
    for label in labels:
        words = draw.choices(FILLERS, k=draw.randint(3, 11))
        words[draw.randrange(len(words)) : 0] = PLANTED[label : label + 1]
        rows.append(" ".join(words))
    return Split(rows, labels)


def load() -> Dataset:
    return Dataset("keywords", CLASSES, "keywords-1", lambda: {"train": texts(180, 0), "validation": texts(30, 1)})


@hookimpl
def tmeattn_datasets() -> list[DatasetSpec]:
    return [DatasetSpec("keywords", "Texts with one of two keywords, or none", load=f"{__name__}:load")]
