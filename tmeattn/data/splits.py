"""Splits of a dataset: the texts of several as one sequence, some of the texts of one, and the sizes of classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import Protocol, overload

import numpy as np


class _Labelled(Protocol):
    @property
    def labels(self) -> Sequence[int] | np.ndarray: ...


class Joined(Sequence[str]):
    """Several sequences of texts, one after the other, that are read where they are."""

    def __init__(self, parts: Sequence[Sequence[str]]) -> None:
        self.parts = parts
        self.ends = list(accumulate(map(len, parts)))

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self.parts)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        part = next(at for at, end in enumerate(self.ends) if index < end)
        return self.parts[part][index - (self.ends[part - 1] if part else 0)]


class Rows(Sequence[str]):
    """Some of the texts of a sequence, that are read where they are."""

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


def class_counts(classes: Sequence[str], splits: Iterable[_Labelled]) -> dict[str, int]:
    """By class, the number of its texts in the splits."""
    labels = [np.asarray(split.labels, dtype=np.int64) for split in splits]
    counts_C = np.bincount(np.concatenate(labels), minlength=len(classes)).tolist()
    return dict(zip(classes, counts_C, strict=True))
