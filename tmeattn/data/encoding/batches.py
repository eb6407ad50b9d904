"""Batches of encoded texts: padded, masked, truncated, in an order that can be resumed.

Shapes: N texts of a split, B texts of a batch, T tokens of the longest text of the batch, C classes.
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
    """A padded batch.

    tokens_BT: int64, padded with `PADDING`.   mask_BT: bool, the padding mask, True on tokens.   labels_B: int64.
    indices:   (B,) int64, the position of each text in its split.
    """

    tokens_BT: torch.Tensor
    mask_BT: torch.Tensor
    labels_B: torch.Tensor
    indices: np.ndarray

    def rows(self, which: slice) -> Batch:
        """Some of the texts, without padding that only others need."""
        mask_BT = self.mask_BT[which]
        width = int(mask_BT.sum(dim=1).max())
        return Batch(self.tokens_BT[which, :width], mask_BT[:, :width], self.labels_B[which], self.indices[which])


class Share(NamedTuple):
    """The texts of a batch that one of several processes reads.

    batch:     they, padded to the width of the whole batch; the whole batch where there is one process.
    indices_W: the positions in the split of the W texts of the whole batch.
    """

    batch: Batch
    indices_W: np.ndarray

    def parts(self, count: int) -> list[Share]:
        """The texts in at most `count` parts of equal size, in their order, each padded to its own width."""
        texts = len(self.batch.indices)
        if count == 1 or texts <= 1:
            return [self]
        size = -(-texts // count)
        return [Share(self.batch.rows(slice(at, at + size)), self.indices_W) for at in range(0, texts, size)]


class BucketedBatches:
    """Shuffled training batches of texts of similar length; every epoch has each text once.

    With `balanced`, an epoch draws the same number of texts with replacement, so that all classes are equally likely.

    An epoch shuffles the texts, sorts them by length within windows of `window` batches, and shuffles the batches. Its
    order depends only on `seed` and the number of the epoch. Texts are truncated to their first `max_length` tokens.
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
        """The number of batches in an epoch."""
        return -(-len(self.split) // self.batch_size)

    def plan(self, epoch: int) -> list[np.ndarray]:
        """The positions of the texts of each batch of the epoch."""
        random = np.random.default_rng([self.seed, epoch])
        order = self._draw_balanced(random) if self.balanced else random.permutation(len(self.split))
        lengths = np.minimum(self.split.lengths, self.max_length)
        size = self.batch_size * self.window
        batches = []
        for start in range(0, len(order), size):
            window = order[start : start + size]
            batches += _chunks(window[np.argsort(lengths[window], kind="stable")], self.batch_size)
        return [batches[i] for i in random.permutation(len(batches))]

    def _draw_balanced(self, random: np.random.Generator) -> np.ndarray:
        counts_C = np.bincount(self.split.labels)
        probability_N = (1 / (np.count_nonzero(counts_C) * np.maximum(counts_C, 1)))[self.split.labels]
        return random.choice(len(self.split), size=len(self.split), p=probability_N)

    def batch(self, indices: np.ndarray) -> Batch:
        """The batch of the texts at these positions in the split."""
        return _batch(self.split, indices, self.max_length)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of the epoch, beginning with the batch number `start`."""
        return map(self.batch, self.plan(epoch)[start:])

    def shares(self, epoch: int, start: int = 0, *, rank: int = 0, size: int = 1) -> Iterator[Share]:
        """The same batches, of which the process `rank` of `size` reads every `size`-th text, or none of a batch with
        fewer texts."""
        for indices_W in self.plan(epoch)[start:]:
            width = int(self.lengths(indices_W).max(initial=1))
            yield Share(_batch(self.split, indices_W[rank::size], self.max_length, width), indices_W)

    def words(self, indices: np.ndarray) -> np.ndarray:
        """The ids of all words that are read of some texts, repeated as often as they occur."""
        lengths = self.lengths(indices)
        starts = np.repeat(self.split.offsets[indices] - (np.cumsum(lengths) - lengths), lengths)
        return np.asarray(self.split.tokens[starts + np.arange(len(starts))])

    def lengths(self, indices: np.ndarray) -> np.ndarray:
        """The number of words that are read of some texts."""
        lengths: np.ndarray = np.minimum(self.split.lengths[indices], self.max_length)
        return lengths


class SequentialBatches:
    """Evaluation batches: each text once, the longest first; `Batch.indices` holds their positions.

    only: the positions of the texts to read; None for all.
    part: of several processes, the number of this one and how many there are: it reads every so many-th batch.
    """

    def __init__(
        self,
        split: EncodedSplit,
        batch_size: int,
        max_length: int,
        *,
        only: np.ndarray | None = None,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        self.split, self.batch_size, self.max_length = split, batch_size, max_length
        self.only = np.arange(len(split)) if only is None else only
        self.rank, self.size = part

    def __len__(self) -> int:
        """The number of batches."""
        return len(range(self.rank, -(-len(self.only) // self.batch_size), self.size))

    def __iter__(self) -> Iterator[Batch]:
        lengths = np.minimum(self.split.lengths[self.only], self.max_length)
        batches = _chunks(self.only[np.argsort(-lengths, kind="stable")], self.batch_size)
        for indices in batches[self.rank :: self.size]:
            yield _batch(self.split, indices, self.max_length)


def collate(sequences: Sequence[np.ndarray], max_length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad B encoded texts to tokens_BT (int64) and mask_BT (bool).

    Texts are truncated to `max_length` tokens. A text without tokens becomes a single `UNKNOWN`.
    """
    filled = [sequence if len(sequence) else np.array([UNKNOWN]) for sequence in sequences]
    lengths = np.fromiter(map(len, filled), dtype=np.int64, count=len(filled))
    flat = np.concatenate([np.empty(0, dtype=np.int64), *filled])
    return _pad(flat, np.cumsum(lengths) - lengths, np.minimum(lengths, max_length))


def _batch(split: EncodedSplit, indices: np.ndarray, max_length: int, width: int = 1) -> Batch:
    import torch

    lengths = np.minimum(split.lengths[indices], max_length)
    tokens_BT, mask_BT = _pad(split.tokens, split.offsets[indices], lengths, width)
    return Batch(tokens_BT, mask_BT, torch.from_numpy(split.labels[indices].astype(np.int64)), indices)


def _pad(
    flat: np.ndarray, starts_B: np.ndarray, lengths_B: np.ndarray, width: int = 1
) -> tuple[torch.Tensor, torch.Tensor]:
    """width: the least number of columns."""
    import torch

    steps_T = np.arange(lengths_B.max(initial=width))
    mask_BT = steps_T < lengths_B[:, None]
    tokens_BT = np.zeros(mask_BT.shape, dtype=np.int64)  # PADDING is zero
    tokens_BT[mask_BT] = flat[(starts_B[:, None] + steps_T)[mask_BT]]
    return torch.from_numpy(tokens_BT), torch.from_numpy(mask_BT)


def _chunks(order: np.ndarray, size: int) -> list[np.ndarray]:
    return [order[start : start + size] for start in range(0, len(order), size)]
