"""Batches of encoded texts: padded, masked, clipped to a length, in an order that can be resumed.

Shapes: B texts, T tokens of the longest text of the batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tmeattn.specs import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import torch

    from tmeattn.data.encoding.encode import EncodedSplit


class Batch(NamedTuple):
    """tokens_BT: int64, padded with `PADDING`. mask_BT: bool, True on tokens. labels_B: int64. indices: (B,) int64,
    the position of each text in its split.
    """

    tokens_BT: torch.Tensor
    mask_BT: torch.Tensor
    labels_B: torch.Tensor
    indices: np.ndarray


class BucketedBatches:
    """Shuffled batches for training, of texts of like length; each text once an epoch.

    With `balanced` an epoch draws as many texts with replacement, each class equally often, whatever its size.

    An epoch shuffles the texts, sorts them by length within windows of `window` batches, and shuffles the batches. It
    depends on `seed` and the epoch's number alone. Texts are clipped to their first `max_length` tokens.
    """

    def __init__(
        self,
        split: EncodedSplit,
        batch_size: int,
        max_length: int,
        seed: int,
        *,
        window: int = 50,
        balanced: bool = False,
    ) -> None:
        self.split, self.batch_size, self.max_length, self.seed = split, batch_size, max_length, seed
        self.window, self.balanced = window, balanced

    def __len__(self) -> int:
        """Batches in an epoch."""
        return -(-len(self.split) // self.batch_size)

    def plan(self, epoch: int) -> list[np.ndarray]:
        """The positions of the texts of each batch of the epoch."""
        random = np.random.default_rng([self.seed, epoch])
        order = self._drawn(random) if self.balanced else random.permutation(len(self.split))
        lengths = np.minimum(self.split.lengths, self.max_length)
        size = self.batch_size * self.window
        batches = []
        for start in range(0, len(order), size):
            window = order[start : start + size]
            batches += _chunks(window[np.argsort(lengths[window], kind="stable")], self.batch_size)
        return [batches[i] for i in random.permutation(len(batches))]

    def _drawn(self, random: np.random.Generator) -> np.ndarray:
        counts_C = np.bincount(self.split.labels)
        share_N = (1 / (np.count_nonzero(counts_C) * np.maximum(counts_C, 1)))[self.split.labels]
        return random.choice(len(self.split), size=len(self.split), p=share_N)

    def batch(self, indices: np.ndarray) -> Batch:
        """The batch of the texts at these positions of the split."""
        return _batch(self.split, indices, self.max_length)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of the epoch from number `start` on."""
        return map(self.batch, self.plan(epoch)[start:])


class SequentialBatches:
    """Texts once, the longest first, for evaluation; `Batch.indices` says which is which.

    `only` are the positions of the texts wanted; all by default.
    """

    def __init__(
        self, split: EncodedSplit, batch_size: int, max_length: int, *, only: np.ndarray | None = None
    ) -> None:
        self.split, self.batch_size, self.max_length = split, batch_size, max_length
        self.only = np.arange(len(split)) if only is None else only

    def __len__(self) -> int:
        """Number of batches."""
        return -(-len(self.only) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        lengths = np.minimum(self.split.lengths[self.only], self.max_length)
        for indices in _chunks(self.only[np.argsort(-lengths, kind="stable")], self.batch_size):
            yield _batch(self.split, indices, self.max_length)


def collate(sequences: Sequence[np.ndarray], max_length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """tokens_BT (int64) and mask_BT (bool) of B encoded texts; a text without tokens becomes one `UNKNOWN`."""
    filled = [sequence if len(sequence) else np.array([UNKNOWN]) for sequence in sequences]
    lengths = np.fromiter(map(len, filled), dtype=np.int64, count=len(filled))
    flat = np.concatenate([np.empty(0, dtype=np.int64), *filled])
    return _pad(flat, np.cumsum(lengths) - lengths, np.minimum(lengths, max_length))


def _batch(split: EncodedSplit, indices: np.ndarray, max_length: int) -> Batch:
    import torch

    lengths = np.minimum(split.lengths[indices], max_length)
    tokens_BT, mask_BT = _pad(split.tokens, split.offsets[indices], lengths)
    return Batch(tokens_BT, mask_BT, torch.from_numpy(split.labels[indices].astype(np.int64)), indices)


def _pad(flat: np.ndarray, starts_B: np.ndarray, lengths_B: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    steps_T = np.arange(lengths_B.max(initial=1))
    mask_BT = steps_T < lengths_B[:, None]
    tokens_BT = np.zeros(mask_BT.shape, dtype=np.int64)  # zero is PADDING
    tokens_BT[mask_BT] = flat[(starts_B[:, None] + steps_T)[mask_BT]]
    return torch.from_numpy(tokens_BT), torch.from_numpy(mask_BT)


def _chunks(order: np.ndarray, size: int) -> list[np.ndarray]:
    return [order[start : start + size] for start in range(0, len(order), size)]
