"""Which training texts are held out for validation, where a dataset does not say."""

from __future__ import annotations

import numpy as np


def hold_out_hashed(hashes_N: np.ndarray, labels_N: np.ndarray, share: float) -> np.ndarray:
    """(N,) bool: about `share` of the different texts of each class, duplicates on one side.

    A text's own hash decides, so the choice does not depend on the order of the rows, and few texts change sides when
    a file grows. A class of two texts or more keeps at least one on each side; a single one stays in training.
    """
    chosen = []
    for label in np.unique(labels_N):
        different = np.unique(hashes_N[labels_N == label])  # sorted, which for a hash is a fixed shuffle
        count = min(max(round(len(different) * share), 1), len(different) - 1)
        chosen.append(different[:count])
    return np.isin(hashes_N, np.concatenate(chosen)) if chosen else np.zeros(0, dtype=bool)


def hold_out_blocks(hashes_N: np.ndarray, labels_N: np.ndarray, share: float) -> np.ndarray:
    """(N,) bool: the last `share` of each class in file order, and the duplicates of its texts.

    Neighbouring film reviews are often about one film, so that a random choice would leak from one side to the other.
    """
    last = np.zeros(len(labels_N), dtype=bool)
    for label in np.unique(labels_N):
        rows = np.flatnonzero(labels_N == label)
        last[rows[len(rows) - int(len(rows) * share) :]] = True
    return np.isin(hashes_N, hashes_N[last])
