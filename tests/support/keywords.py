"""A plugin: the dataset `keywords`, where "good" means positive, "bad" negative, and neither neutral.

With the third class, the absence of one word does not imply the other: a model has to learn both words.
"""

from __future__ import annotations

from support.planted import PLANTED
from tmeattn.hookspecs import hookimpl
from tmeattn.specs import Dataset, DatasetSpec, Split
from tmeattn.testing.toy import planted_texts

CLASSES = ("negative", "positive", "neutral")


def texts(count: int, seed: int) -> Split:
    """`count` texts of 3 to 12 words, a third of each class."""
    return planted_texts(count, seed, [*PLANTED, None], fewest_fillers=3, at_end=False)


def load() -> Dataset:
    """180 texts to train on and 30 to validate, always the same."""
    return Dataset("keywords", CLASSES, "keywords-1", lambda: {"train": texts(180, 0), "validation": texts(30, 1)})


@hookimpl
def tmeattn_datasets() -> list[DatasetSpec]:
    return [DatasetSpec("keywords", "Texts with one of two keywords, or none", load=f"{__name__}:load")]
