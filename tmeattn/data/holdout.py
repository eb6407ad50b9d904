"""Which training texts are held out for validation, where a dataset has no validation split of its own.

Equal texts are always on the same side: they are compared by their hashes. Shapes: N texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

VALIDATION_SHARE = 0.2
"""The share of the training texts that is held out, unless `--validation` gives another."""


def text_digest(encoded: bytes) -> bytes:
    """The 8-byte hash of a text in UTF-8."""
    return hashlib.blake2b(encoded, digest_size=8).digest()


def hash_array(digests: bytes) -> np.ndarray:
    """Concatenated `text_digest`s as hashes_N, (N,) uint64."""
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def text_hashes(texts: Iterable[str]) -> np.ndarray:
    """hashes_N of the texts, (N,) uint64: equal for equal texts."""
    return hash_array(b"".join(text_digest(text.encode("utf-8", "surrogatepass")) for text in texts))


def hold_out_hashed(hashes_N: np.ndarray, labels_N: np.ndarray, share: float) -> np.ndarray:
    """Hold out about `share` of the different texts of each class, as (N,) bool.

    The hash of a text decides, so the choice does not depend on the order of the rows, and few texts change sides when
    a file grows. A class of two or more different texts keeps at least one on each side; a single text stays in
    training.
    """
    chosen = []
    for label in np.unique(labels_N):
        different = np.unique(hashes_N[labels_N == label])  # sorted by hash, which is a fixed shuffle
        count = min(max(round(len(different) * share), 1), len(different) - 1)
        chosen.append(different[:count])
    return np.isin(hashes_N, np.concatenate(chosen)) if chosen else np.zeros(0, dtype=bool)


def hold_out_blocks(hashes_N: np.ndarray, labels_N: np.ndarray, share: float) -> np.ndarray:
    """Hold out the last `share` of each class in file order, and the duplicates of its texts, as (N,) bool.

    Neighbouring film reviews are often about one film, so a random choice would put that film on both sides.
    """
    last_N = np.zeros(len(labels_N), dtype=bool)
    for label in np.unique(labels_N):
        rows = np.flatnonzero(labels_N == label)
        last_N[rows[len(rows) - int(len(rows) * share) :]] = True
    return np.isin(hashes_N, hashes_N[last_N])
