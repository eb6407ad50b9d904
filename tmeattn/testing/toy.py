"""Toy datasets for the checks and for tmeattn's own tests: short random texts in which one planted word decides.

`planted_texts` makes the texts of all of them. The checks use the datasets below, of two and of three classes.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tmeattn.hookspecs import hookimpl
from tmeattn.specs import Dataset, DatasetSpec, Split

CLASSES = ("dreadful", "splendid", "middling")
"""The classes, and the planted word of each."""
FILLERS = (
    *("the", "a", "film", "plot", "actor", "scene", "camera", "music", "of"),
    *("and", "with", "was", "is", "this", "story", "end", "light", "voice"),
)
"""The words of which the rest of each text consists."""
QUICK: Mapping[str, Any] = {
    "vectors": "random",
    "vector_size": 8,
    "min_count": 1,
    "batch_size": 4,
    "max_length": 16,
    "epochs": 2,
    "patience": 0,
    "threads": 1,
    "device": "cpu",
}
"""Options of `tmeattn train` with which a run on a toy dataset takes a fraction of a second."""


def planted_texts(
    count: int, seed: int, planted: Sequence[str | None], *, fewest_fillers: int = 0, at_end: bool = True
) -> Split:
    """`count` texts of at most 12 words, the same number of each class.

    A text of class i has the word `planted[i]` (None: no such word) at a random position among `fewest_fillers` to 11
    random fillers. With `at_end=False`, a filler follows it.
    """
    draw = random.Random(seed)
    labels = [index % len(planted) for index in range(count)]
    texts = []
    for label in labels:
        words = draw.choices(FILLERS, k=draw.randint(fewest_fillers, 11))
        position = draw.randint(0, len(words) - (not at_end))
        if (word := planted[label]) is not None:
            words.insert(position, word)
        texts.append(" ".join(words))
    return Split(texts, labels)


def dataset_name(classes: int) -> str:
    """The name of the toy dataset of two or of three classes."""
    return f"tmeattn-toy-{classes}"


def load_two() -> Dataset:
    """The toy dataset of two classes."""
    return _dataset(2)


def load_three() -> Dataset:
    """The toy dataset of three classes."""
    return _dataset(3)


def _dataset(classes: int) -> Dataset:
    name, planted = dataset_name(classes), CLASSES[:classes]

    def read() -> dict[str, Split]:
        return {
            "train": planted_texts(16 * classes, 0, planted),
            "validation": planted_texts(8 * classes, 1, planted),
        }

    return Dataset(name, planted, f"{name}-2", read)


@hookimpl
def tmeattn_datasets() -> list[DatasetSpec]:
    return [
        DatasetSpec(dataset_name(classes), f"Made-up texts of {classes} classes", load=f"{__name__}:{function}")
        for classes, function in ((2, "load_two"), (3, "load_three"))
    ]
