"""Running means over texts. Their sums are saved in checkpoints, so a resumed epoch ends with the same means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from tmeattn.runs.event_types import EpochPart

BINS = 64


@dataclass
class Meter:
    """Sums of the loss terms, the correct predictions (`hits`) and the attention entropies over texts.

    high: the upper edge of the entropy histogram in nats, ln(max_length).
    """

    high: float
    texts: int = 0
    loss: float = 0.0
    cross_entropy: float = 0.0
    hits: int = 0
    entropy_texts: int = 0
    entropy: float = 0.0
    normalized_entropy: float = 0.0
    counts: list[int] = field(default_factory=lambda: [0] * BINS)

    def add(
        self,
        *,
        loss: float,
        cross_entropy: float,
        hits: int,
        lengths_B: np.ndarray,
        entropy_B: np.ndarray | None,
    ) -> None:
        """Add a batch: `loss` and `cross_entropy` are its means, `entropy_B` in nats, `lengths_B` in words."""
        count = len(lengths_B)
        self.texts += count
        self.loss += loss * count
        self.cross_entropy += cross_entropy * count
        self.hits += hits
        if entropy_B is not None:
            self.entropy_texts += count
            self.entropy += float(entropy_B.sum(dtype=np.float64))
            self.normalized_entropy += float(normalized(entropy_B, lengths_B).sum(dtype=np.float64))
            bins = np.clip((entropy_B / self.high * BINS).astype(np.int64), 0, BINS - 1)
            for index, number in enumerate(np.bincount(bins, minlength=BINS)):
                self.counts[index] += int(number)

    def merge(self, other: Meter) -> None:
        """Add the texts of another meter."""
        self.texts += other.texts
        self.loss += other.loss
        self.cross_entropy += other.cross_entropy
        self.hits += other.hits
        self.entropy_texts += other.entropy_texts
        self.entropy += other.entropy
        self.normalized_entropy += other.normalized_entropy
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]

    def sums(self) -> list[float]:
        """All sums as numbers, which can be added over meters: see `with_sums`."""
        return [
            self.texts,
            self.loss,
            self.cross_entropy,
            self.hits,
            self.entropy_texts,
            self.entropy,
            self.normalized_entropy,
            *self.counts,
        ]

    def with_sums(self, sums: Sequence[float]) -> Meter:
        """A meter of the same histogram with these sums."""
        texts, loss, cross_entropy, hits, entropy_texts, entropy, normalized_entropy, *counts = sums
        return Meter(
            high=self.high,
            texts=round(texts),
            loss=loss,
            cross_entropy=cross_entropy,
            hits=round(hits),
            entropy_texts=round(entropy_texts),
            entropy=entropy,
            normalized_entropy=normalized_entropy,
            counts=[round(count) for count in counts],
        )

    def means(self) -> EpochPart:
        """The means over texts and the histogram of entropies, as in events; without attention, these are None."""
        texts = max(self.texts, 1)
        measured = self.entropy_texts > 0
        return {
            "loss": self.loss / texts,
            "cross_entropy": self.cross_entropy / texts,
            "accuracy": self.hits / texts,
            "entropy": self.entropy / self.entropy_texts if measured else None,
            "normalized_entropy": self.normalized_entropy / self.entropy_texts if measured else None,
            "histogram": {"low": 0.0, "high": self.high, "counts": list(self.counts)} if measured else None,
        }

    def state(self) -> dict[str, float | int | list[int]]:
        """JSON from which `Meter(**state)` continues exactly."""
        return asdict(self)


def meter(max_length: int) -> Meter:
    """An empty meter for texts of at most `max_length` words."""
    return Meter(high=math.log(max(max_length, 2)))


def normalized(entropy_B: np.ndarray, lengths_B: np.ndarray) -> np.ndarray:
    """Entropy divided by its maximum ln(n): 1 for uniform attention; 0 for a text of one word."""
    return np.asarray(entropy_B / np.log(np.maximum(lengths_B, 2)))
