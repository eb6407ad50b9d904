"""A warning where nearly all tokens of a corpus are unknown words, so that a model can learn nothing from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tmeattn.spacing import midpoints
from tmeattn.specs import UNKNOWN

NEARLY_ALL = 0.9
MOST_TOKENS = 2**20
"""The number of tokens of which the share is computed, evenly spaced over the corpus."""
MOST_TEXTS = 50
SHORT = 8
"""A text with fewer characters may be one word."""


def unknown_words_warning(tokens: np.ndarray, read_texts: Callable[[], Sequence[str]]) -> str | None:
    """The warning about the tokens (ids) and the texts of a training split; None where enough tokens are known."""
    if not len(tokens):
        return None
    unknown = float((tokens[:: max(1, len(tokens) // MOST_TOKENS)] == UNKNOWN).mean())
    if unknown < NEARLY_ALL:
        return None
    texts = read_texts()
    sample = [texts[row].strip() for row in midpoints(len(texts), MOST_TEXTS)]
    unspaced = sum(len(text.split()) == 1 and len(text) >= SHORT for text in sample)
    remedy = (
        "The texts have no spaces between words: separate the words by spaces first."
        if unspaced > len(sample) / 2
        else "Check the column of the texts (--text-column), lower --min-count, or give more texts."
    )
    return (
        f"Warning: {100 * unknown:.1f} % of the training tokens are unknown words, so nothing can be learned. {remedy}"
    )
