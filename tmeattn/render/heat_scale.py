"""How strongly a word is coloured: one scale for the terminal and for files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmeattn.explain.explanation import NEARLY_UNIFORM

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation

MOST = 3.0
"""What is full colour in a nearly uniform text: this many times an equal share, or the largest score if that is more"""
FAINT = 0.1  # below this share of full colour words stay plain: boxes around all of them would be noise


@dataclass(frozen=True)
class HeatScale:
    """From scores to shares of full colour.

    As a rule a share is the score over `full`, the largest score. Where attention is nearly uniform, that would paint
    nearly all words in nearly full colour, as if all mattered: there a share is how far a score lies above `base`, an
    equal share for every word, and `full` is at least three times that.
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
        """In [-1, 1]; 0 for what is too weak to colour."""
        span = self.full - self.base
        share = (score - self.base) / span if span > 0 and math.isfinite(score) else 0.0
        if not self.signed and self.base:
            share = max(share, 0.0)
        return share if abs(share) >= FAINT else 0.0

    @property
    def uniform(self) -> bool:
        """Whether only what exceeds an equal share is coloured."""
        return self.base > 0


def nearly_uniform(scores: Sequence[float]) -> bool:
    """Whether scores of two words or more, none below zero, are about the same."""
    peak = max(scores, default=0.0)
    if len(scores) < 2 or peak <= 0:
        return False
    total = sum(score / peak for score in scores)  # over the peak first: sums of huge numbers overflow
    parts = [score / peak / total for score in scores if score > 0]
    return -sum(part * math.log(part) for part in parts if part) >= NEARLY_UNIFORM * math.log(len(scores))
