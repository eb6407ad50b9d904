"""The colour scale of heatmaps, for the terminal and for exported files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmeattn.explain.explanation import NEARLY_UNIFORM

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation

MOST = 3.0
"""Full colour in a nearly uniform text: this many times the uniform weight, or the largest score if that is larger."""
FAINT = 0.1  # words below this share of full colour stay plain: boxes around all of them would hide the strong ones


@dataclass(frozen=True)
class HeatScale:
    """Maps scores to shares of full colour.

    The share of a score is the score divided by `full`, the largest score. In a text with nearly uniform attention that
    rule would give nearly every word nearly full colour. There the share is the excess of the score over `base`, the
    uniform weight, and `full` is at least three times `base`.
    """

    base: float
    full: float
    signed: bool

    @classmethod
    def of(cls, explanation: Explanation) -> HeatScale:
        scores = [word.score for word in explanation.words if math.isfinite(word.score)]
        peak = max(map(abs, scores), default=0.0)
        total = sum(map(abs, scores))
        if explanation.signed or min(scores, default=0.0) < 0 or not nearly_uniform(scores) or not math.isfinite(total):
            return cls(0.0, peak, explanation.signed)
        equal = total / len(scores)
        return cls(equal, max(peak, min(MOST * equal, total)), signed=False)

    def share(self, score: float) -> float:
        """The share of full colour of a score, in [-1, 1]; 0 if the score is too weak to colour."""
        span = self.full - self.base
        share = (score - self.base) / span if span > 0 and math.isfinite(score) else 0.0
        if not self.signed and self.base:
            share = max(share, 0.0)
        return share if abs(share) >= FAINT else 0.0

    @property
    def uniform(self) -> bool:
        """Whether only scores above the uniform weight are coloured."""
        return self.base > 0


def nearly_uniform(scores: Sequence[float]) -> bool:
    """Whether the scores of two words or more, none below zero, are about equal."""
    peak = max(scores, default=0.0)
    if len(scores) < 2 or peak <= 0:
        return False
    total = sum(score / peak for score in scores)  # divided first, because sums of huge numbers overflow
    parts = [score / peak / total for score in scores if score > 0]
    return -sum(part * math.log(part) for part in parts if part) >= NEARLY_UNIFORM * math.log(len(scores))
