"""What a writer of texts knows of each text, as arrays, and the checks of classes and splits.

Shapes: N texts.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from tmeattn.data.label_names import shown_label, typed
from tmeattn.data.readers.label_warnings import alike, numbers_of_rows
from tmeattn.data.readers.text_store import SPLITS
from tmeattn.errors import BadInput
from tmeattn.plurals import counted

HoldOut = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Called with hashes_N and labels_N of the training texts; returns which go to validation, (N,) bool."""


@dataclass(frozen=True, eq=False)
class TextRows:
    """N texts.

    spans_N2, ids_N2: where each text, and each id, begins and ends in its file.   hashes_N: of the texts.
    labels_N:  codes of labels.   splits_N: positions in `SPLITS`.   records_N: the number of each in its source.
    numbers_N: the order in which they were added.
    """

    spans_N2: np.ndarray
    hashes_N: np.ndarray
    labels_N: np.ndarray
    splits_N: np.ndarray
    records_N: np.ndarray
    ids_N2: np.ndarray
    numbers_N: np.ndarray

    def __len__(self) -> int:
        return len(self.labels_N)

    def __getitem__(self, rows: np.ndarray | list[int]) -> TextRows:
        return TextRows(*(getattr(self, field.name)[rows] for field in fields(self)))


def spans(lengths: array[int]) -> np.ndarray:
    """(N, 2) int64: where each of N pieces of these lengths begins and ends in one after the other."""
    lengths_N = np.frombuffer(lengths, dtype=np.int64)
    ends_N = np.cumsum(lengths_N)
    return np.stack([ends_N - lengths_N, ends_N], axis=1).reshape(-1, 2)


def with_validation(splits_N: np.ndarray, labels_N: np.ndarray, hashes_N: np.ndarray, hold_out: HoldOut) -> np.ndarray:
    """The split of each text, with validation texts held out of training where there are none."""
    if (splits_N == SPLITS.index("validation")).any():
        return splits_N
    train = np.flatnonzero(splits_N == SPLITS.index("train"))
    splits_N = splits_N.copy()
    splits_N[train[hold_out(hashes_N[train], labels_N[train])]] = SPLITS.index("validation")
    return splits_N


def check_splits(source: str, splits_N: np.ndarray, labels_N: np.ndarray, classes: Sequence[str]) -> None:
    """Check that there are training and validation texts, and training texts of every class.

    Raises:
        BadInput: there are not.
    """
    if not (splits_N == 0).any():
        raise BadInput(f"{source} has no training texts.", hint="Add texts to the training split.")
    if not (splits_N == 1).any():
        if numbers_of_rows(len(classes), len(labels_N)):
            raise BadInput(
                f"{source} has {len(classes):,} different labels in {len(labels_N):,} rows: they look like "
                "numbers of rows, not classes.",
                hint="Name the column of the classes with --label-column.",
            )
        raise BadInput(
            f"{source} has {counted(len(splits_N), 'text, which is', 'texts, which are')} too few for a "
            "validation split.",
            hint="Give more texts, a larger --validation, or a validation split of your own.",
        )
    train_C = np.bincount(labels_N[splits_N == 0], minlength=len(classes))
    for code, split in enumerate(SPLITS[1:], start=1):
        counts_C = np.bincount(labels_N[splits_N == code], minlength=len(classes))
        if (untrained := np.flatnonzero((counts_C > 0) & (train_C == 0))).size:
            label = classes[untrained[0]]
            all_C = np.bincount(labels_N, minlength=len(classes)).tolist()
            similar = "".join(f" {warning}" for warning in alike(dict(zip(classes, all_C, strict=True))))
            raise BadInput(
                f"{source}: {counted(counts_C[untrained[0]], f'{split} text has', f'{split} texts have')} the label "
                f"{shown_label(label)}, but no training text has it.{similar}",
                hint="Add training texts of that class, or leave those texts out: "
                f"--drop-label {typed(label) or 'LABEL'}",
            )
