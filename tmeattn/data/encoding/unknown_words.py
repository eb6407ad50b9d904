"""Warnings about texts of which a model can use little: nearly all tokens are unknown words, or much of the text is in
unknown or very long words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from tmeattn.data.encoding.scripts import LATIN_SHARE, latin_share
from tmeattn.data.encoding.tokenizers import TOKENIZERS
from tmeattn.spacing import midpoints
from tmeattn.specs import UNKNOWN

NEARLY_ALL = 0.9
MOST_TOKENS = 2**20
"""The number of tokens of which the share is computed, evenly spaced over the corpus."""
MOST_TEXTS = 50
SHORT = 8
"""A text with fewer characters may be one word."""
LONG_WORD = 40
"""More characters than words of most languages have; a text without spaces is such a word."""
MANY_UNKNOWN, MANY_LONG = 0.5, 0.1
"""The shares of the characters in unknown words, and in longer words than `LONG_WORD`, from which on there is a
warning. In a few hundred short texts, a third of the characters are in words that occur once."""

_ENCODED = "they may hold encoded data, addresses or keys"
_FEW_WORDS = "Check the column of the texts (--text-column), lower --min-count, or give more texts."


class Characters(NamedTuple):
    """Characters of the training texts, without what is between words.

    total: of all words.   unknown: of words that are not in the vocabulary.   long: of words longer than `LONG_WORD`.
    """

    total: int
    unknown: int
    long: int

    @staticmethod
    def of(words: Sequence[str], counts_V: np.ndarray, known_V: np.ndarray) -> Characters:
        """counts_V: how often each word occurs.   known_V: whether the vocabulary has it."""
        sizes_V = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
        all_V = sizes_V * counts_V
        return Characters(*(int(all_V[which].sum()) for which in (sizes_V >= 0, ~known_V, sizes_V > LONG_WORD)))

    @property
    def unknown_share(self) -> float:
        """The share (0 to 1) of the characters in unknown words."""
        return self.unknown / max(self.total, 1)

    @property
    def long_share(self) -> float:
        """The share (0 to 1) of the characters in long words."""
        return self.long / max(self.total, 1)

    def warning(self, tokenizer: str, read_texts: Callable[[], Sequence[str]]) -> str | None:
        """The warning, with what to do; None where the model can use most of the texts.

        read_texts: returns the training texts; it is called only where their script decides what to do.
        """
        unknown, long = self.unknown_share, self.long_share
        if unknown < MANY_UNKNOWN and long < MANY_LONG:
            return None
        found = [f"{100 * unknown:.0f} % of the {self.total:,} characters of the training texts are in unknown words"]
        if long >= MANY_LONG:
            found.append(f"{100 * long:.0f} % in words of more than {LONG_WORD} characters")
        if long >= MANY_LONG and tokenizer in TOKENIZERS and _is_of_another_script(read_texts()):
            remedy = "Add --tokenizer unicode, which needs no spaces between words."
        elif long >= MANY_LONG:
            remedy = f"Check the column of the texts (--text-column): {_ENCODED}."
        else:
            remedy = _FEW_WORDS
        return f"Warning: {' and '.join(found)}, of which a model learns little. {remedy}"


def unknown_words_warning(
    tokens: np.ndarray, read_texts: Callable[[], Sequence[str]], tokenizer: str = ""
) -> str | None:
    """The warning about the tokens (ids) and the texts of a training split; None where enough tokens are known.

    tokenizer: the name of that of the run.
    """
    if not len(tokens):
        return None
    unknown = float((tokens[:: max(1, len(tokens) // MOST_TOKENS)] == UNKNOWN).mean())
    if unknown < NEARLY_ALL:
        return None
    texts = read_texts()
    sample = [texts[row].strip() for row in midpoints(len(texts), MOST_TEXTS)]
    spaces = (
        "add --tokenizer unicode, which needs none" if tokenizer in TOKENIZERS else "separate the words by spaces first"
    )
    unspaced = sum(len(text.split()) == 1 and len(text) >= SHORT for text in sample) > len(sample) / 2
    if unspaced and _is_of_another_script(sample):
        remedy = f"The texts have no spaces between words: {spaces}."
    elif unspaced:
        remedy = f"The texts have no spaces. Check their column (--text-column): {_ENCODED}."
    else:
        remedy = _FEW_WORDS
    return (
        f"Warning: {100 * unknown:.1f} % of the training tokens are unknown words, so nothing can be learned. {remedy}"
    )


def _is_of_another_script(texts: Sequence[str]) -> bool:
    """Whether the texts have other letters than Latin ones, so that they may need no spaces between words."""
    return latin_share(texts) < LATIN_SHARE
