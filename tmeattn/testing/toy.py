"""Datasets for checks: short texts of two or three classes, in each of which one planted word decides."""

from __future__ import annotations

import random

from tmeattn.hookspecs import hookimpl
from tmeattn.specs import Dataset, DatasetSpec, Split

DECIDING = ("dreadful", "splendid", "middling")
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
    "with",
    "this",
    "story",
    "end",
    "light",
)


def dataset_name(classes: int) -> str:
    return f"tmeattn-toy-{classes}"


def two() -> Dataset:
    return _dataset(2)


def three() -> Dataset:
    return _dataset(3)


def _dataset(classes: int) -> Dataset:
    name = dataset_name(classes)
    return Dataset(
        name,
        DECIDING[:classes],
        f"{name}-1",
        lambda: {"train": _texts(16 * classes, classes, 0), "validation": _texts(8 * classes, classes, 1)},
    )


def _texts(count: int, classes: int, seed: int) -> Split:
    """Texts of 1 to 12 words, the same number of each class."""
    draw = random.Random(seed)
    labels = [index % classes for index in range(count)]
    rows = []
    for label in labels:
        words = draw.choices(FILLERS, k=draw.randint(0, 11))
        words.insert(draw.randint(0, len(words)), DECIDING[label])
        rows.append(" ".join(words))
    return Split(rows, labels)


@hookimpl
def tmeattn_datasets() -> list[DatasetSpec]:
    return [
        DatasetSpec(dataset_name(classes), f"Made-up texts of {classes} classes", load=f"{__name__}:{function}")
        for classes, function in ((2, "two"), (3, "three"))
    ]
