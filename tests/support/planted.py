"""A plugin as a third party would write it: the dataset `planted`, where "good" means positive and "bad" negative.

All other words are random, so an explanation is right when it gives the planted word the highest score. Runs of earlier
versions in tests/earlier_versions were trained on these texts, so they must not change. That is why this dataset exists
beside those of `tmeattn.testing.toy`, which makes its texts.
"""

from __future__ import annotations

from tmeattn.hookspecs import hookimpl
from tmeattn.specs import Dataset, DatasetSpec, Split
from tmeattn.testing.toy import FILLERS, planted_texts

__all__ = ["CLASSES", "FILLERS", "PLANTED", "load", "texts", "tmeattn_datasets"]

CLASSES = ("negative", "positive")
PLANTED = ("bad", "good")
"""The planted word of each class."""


def texts(count: int, seed: int) -> Split:
    """`count` texts of 4 to 12 words, half of each class."""
    return planted_texts(count, seed, PLANTED, fewest_fillers=3)


def load() -> Dataset:
    """64 texts to train on and 16 to validate, always the same."""
    return Dataset("planted", CLASSES, "planted-1", lambda: {"train": texts(64, 0), "validation": texts(16, 1)})


@hookimpl
def tmeattn_datasets() -> list[DatasetSpec]:
    return [DatasetSpec("planted", "Texts with one planted word", load=f"{__name__}:load")]
