"""Datasets without some labels, or with several labels as one class.

Shapes: N texts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tmeattn.data.label_edits import LabelEdits
from tmeattn.data.splits import Rows, class_counts
from tmeattn.foreign import plugin_call
from tmeattn.runs.run_files import LabelRecord
from tmeattn.specs import Dataset, Split


@dataclass(frozen=True)
class EditedDataset(Dataset):
    """A dataset, with what `--drop-label` and `--merge-labels` have done; None where they are not given."""

    edited: LabelRecord | None = None


def edited(dataset: Dataset, edits: LabelEdits, narrate: Callable[[str], None]) -> Dataset:
    """A registered dataset with edited labels; its labels are read now. Classes keep the order of the dataset.

    Raises:
        UnknownName: the dataset has no such label.
        BadInput: the edits contradict each other or leave one class, or a plugin's dataset cannot be read.
    """
    if not edits:
        return dataset
    with plugin_call(f"Dataset {dataset.name}", "cannot be read"):
        counts = class_counts(dataset.classes, dataset.read().values())
    found = edits.resolve(counts)
    for note in found.notes():
        narrate(note)
    classes, class_L = tuple(found.class_counts()), np.array(list(found.codes().values()))

    def read() -> dict[str, Split]:
        return {name: _edited(split, class_L) for name, split in dataset.read().items()}

    parts = [dataset.fingerprint, classes, found.classes]
    fingerprint = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return EditedDataset(dataset.name, classes, fingerprint, read, found.record())


def _edited(split: Split, class_L: np.ndarray) -> Split:
    labels_N = class_L[np.asarray(split.labels, dtype=np.int64)]
    rows = np.flatnonzero(labels_N >= 0)
    return Split(Rows(split.texts, rows.tolist()), labels_N[rows].tolist())
