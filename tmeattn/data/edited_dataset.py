"""Datasets without some labels, or with several labels as one class.

Shapes: N texts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from tmeattn.data.label_edits import LabelEdits
from tmeattn.foreign import plugin_call
from tmeattn.runs.run_files import LabelRecord
from tmeattn.specs import Dataset, Split


@dataclass(frozen=True)
class EditedDataset(Dataset):
    """A dataset, with what `--drop-label` and `--merge-labels` have done; None where they are not given."""

    edited: LabelRecord | None = None


class _Rows(Sequence[str]):
    """Some of the texts of a sequence, read where they are."""

    def __init__(self, texts: Sequence[str], rows: Sequence[int]) -> None:
        self._texts, self._rows = texts, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        return map(self._texts.__getitem__, self._rows)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._texts[row] for row in self._rows[index]]
        return self._texts[self._rows[index]]


def edited(dataset: Dataset, edits: LabelEdits, narrate: Callable[[str], None]) -> Dataset:
    """A registered dataset with edited labels; its labels are read now. Classes keep the order of the dataset.

    Raises:
        UnknownName: the dataset has no such label.
        BadInput: the edits contradict each other or leave one class, or a plugin's dataset cannot be read.
    """
    if not edits:
        return dataset
    with plugin_call(f"Dataset {dataset.name}", "cannot be read"):
        splits = dataset.read()
        counts_L = sum(
            np.bincount(np.asarray(split.labels, dtype=np.int64), minlength=len(dataset.classes))
            for split in splits.values()
        )
    counts = {name: int(count) for name, count in zip(dataset.classes, np.atleast_1d(counts_L), strict=True)}
    found = edits.resolve(counts)
    for note in found.notes():
        narrate(note)
    classes = tuple(dict.fromkeys(name for name in map(found.classes.get, dataset.classes) if name is not None))
    class_L = np.array([-1 if (name := found.classes[label]) is None else classes.index(name) for label in counts])

    def read() -> dict[str, Split]:
        return {name: _edited(split, class_L) for name, split in dataset.read().items()}

    parts = [dataset.fingerprint, classes, found.classes]
    fingerprint = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return EditedDataset(dataset.name, classes, fingerprint, read, found.record())


def _edited(split: Split, class_L: np.ndarray) -> Split:
    labels_N = class_L[np.asarray(split.labels, dtype=np.int64)]
    rows = np.flatnonzero(labels_N >= 0)
    return Split(_Rows(split.texts, rows.tolist()), labels_N[rows].tolist())
