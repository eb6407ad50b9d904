"""Warnings about the labels and the texts of a dataset in memory, as the import of files gives them.

Shapes: N texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tmeattn.data.encoding.corpus import Corpus
from tmeattn.data.readers.label_warnings import label_warnings, name_warnings
from tmeattn.data.readers.text_kinds import MOST_HEAD, TextKinds
from tmeattn.data.splits import Joined, class_counts
from tmeattn.run_config import is_dataset
from tmeattn.specs import Dataset, Split

TEST = "test"
WARNING = "Warning: "
"""How a line is begun that is a warning."""


def warnings_of(name: str, dataset: Dataset, splits: Mapping[str, Split], notes: Sequence[str]) -> tuple[str, ...]:
    """The warnings about a dataset.

    name:  that it was opened by, a name or a path.
    notes: the lines of its opening, which have the warnings about files.
    """
    if is_dataset(name):
        return tuple(dataset_warnings(dataset.classes, splits))
    return tuple(note for note in notes if note.startswith(WARNING))


def dataset_warnings(classes: Sequence[str], splits: Mapping[str, Split]) -> list[str]:
    """The warnings, each a line with what to do; test texts are not read."""
    learned = {name: split for name, split in splits.items() if name != TEST}
    kinds, texts = TextKinds(), Joined([split.texts for split in learned.values()])
    for number, text in enumerate(texts):
        kinds.add(text, text[:MOST_HEAD].encode("utf-8", "surrogatepass"), f"text {number}")
    labels_N = np.concatenate([np.asarray(split.labels, dtype=np.int64) for split in learned.values()])
    return [
        *label_warnings(class_counts(classes, splits.values()), class_counts(classes, learned.values())),
        *kinds.warnings(np.arange(len(texts)), labels_N, classes, texts.__getitem__),
    ]


def encoded_label_warnings(corpus: Corpus, *, limited: bool) -> list[str]:
    """The warnings about the labels of texts that are encoded. limited: they are a part of the texts, so that their
    numbers say nothing."""
    counts = class_counts(corpus.classes, corpus.splits.values())
    return name_warnings(counts) if limited else label_warnings(counts)
