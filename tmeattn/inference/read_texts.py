"""A text as a model reads it, and the model's output for it. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tmeattn.data.encoding.words import Units, piece_shares, units_of, word_spans, word_sums


@dataclass(frozen=True)
class EncodedText:
    """A text as the model reads it. Its tokens are the pieces of the tokenizer: a word may have several.

    spans:        `(start, end, token)` of each token that the model reads.
    ids_T:        the ids of these tokens. Empty where the text has no token; the model then reads one UNKNOWN.
    tokens_total: the number of tokens of the whole text; more than `len(spans)` where the model's length cut it.
    word_of:      the index of the word of each token; None: each token is a word.
    """

    text: str
    spans: tuple[tuple[int, int, str], ...]
    ids_T: np.ndarray
    tokens_total: int
    word_of: Sequence[int] | None = None

    @property
    def words_T(self) -> Sequence[int]:  # noqa: N802
        """The index of the word of each token."""
        return range(len(self.spans)) if self.word_of is None else self.word_of

    @cached_property
    def word_spans(self) -> tuple[tuple[int, int, str], ...]:
        """`(start, end, token)` of each of the W words; the token of several pieces has spaces between them."""
        return word_spans(self.spans, self.words_T)

    @cached_property
    def units(self) -> Units:
        """The W words, to be erased as a whole: the ids of the tokens where each word is one."""
        return units_of(self.ids_T, self.words_T)

    def of_words(self, scores_T: np.ndarray) -> np.ndarray:
        """(W,) scores of words: the sum of those of their tokens."""
        return word_sums(scores_T, self.words_T)

    def each_token(self, scores_W: np.ndarray) -> np.ndarray:
        """(T,) for each token the score of its word."""
        return scores_W if self.word_of is None else np.asarray(scores_W[np.asarray(self.word_of)])

    def of_tokens(self, scores_W: np.ndarray) -> np.ndarray:
        """(T,) scores of tokens, equal within a word, whose sums are the scores of the words."""
        return piece_shares(scores_W, self.words_T)


@dataclass(frozen=True)
class TextOutput:
    """The model's output for one text.

    logits_C:  unnormalised class scores.
    weights_T: pooling weights of the tokens; None where the model does not pool by attention.
    entropy:   attention entropy in nats; None where it was not computed (self-attention needs its maps for it).
    """

    logits_C: np.ndarray
    weights_T: np.ndarray | None
    entropy: float | None

    @property
    def probabilities_C(self) -> np.ndarray:  # noqa: N802
        """Class probabilities in float64."""
        return softmax(self.logits_C)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Class probabilities in float64, of logits (..., C)."""
    shifted = logits.astype(np.float64)
    exponents = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=-1, keepdims=True))
