"""Words of which a tokenizer makes several pieces: their offsets, their scores, and their token ids.

Models read pieces. Words are what is explained and erased. Shapes: T pieces, W words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, overload

import numpy as np

from tmeattn.specs import UNKNOWN

if TYPE_CHECKING:
    from tmeattn.data.encoding.open_tokenizer import Token
    from tmeattn.data.encoding.vocabulary import Vocabulary
    from tmeattn.specs import Pieces


def word_spans(spans: Sequence[Token], word_T: Sequence[int]) -> tuple[Token, ...]:
    """`(start, end, token)` of each word: from the first character of its pieces to the last, and its pieces, separated
    by spaces.

    spans, word_T: those of the pieces, and the index of the word of each, see `tmeattn.Pieces`.
    """
    if not has_several_pieces(word_T):
        return tuple(spans)
    found = []
    for _, group in groupby(zip(word_T, spans, strict=True), key=lambda pair: pair[0]):
        of_word = [span for _, span in group]
        start, end = min(start for start, _, _ in of_word), max(end for _, end, _ in of_word)
        found.append((start, end, " ".join(piece for *_, piece in of_word)))
    return tuple(found)


def known_words(pieces: Pieces, vocabulary: Vocabulary) -> tuple[tuple[int, int, str, bool], ...]:
    """The words of `word_spans`, each with whether the vocabulary has all its pieces."""
    spans = list(zip(pieces.starts, pieces.ends, pieces.pieces, strict=True))
    known_T = np.array([vocabulary.knows(piece) for piece in pieces.pieces], dtype=bool)
    return tuple(
        (*word, bool(is_known))
        for word, is_known in zip(word_spans(spans, pieces.words), known_of(known_T, pieces.words), strict=True)
    )


def known_of(known_T: np.ndarray, word_T: Sequence[int]) -> np.ndarray:
    """(W,) whether all pieces of each word are known."""
    return known_T if not has_several_pieces(word_T) else word_sums(~known_T * 1.0, word_T) == 0


def has_several_pieces(word_T: Sequence[int]) -> bool:
    """Whether any word has more than one piece."""
    return len(word_T) > 0 and int(word_T[-1]) + 1 < len(word_T)


def word_sums(scores_T: np.ndarray, word_T: Sequence[int]) -> np.ndarray:
    """(W,) the sum of the scores of the pieces of each word."""
    if not has_several_pieces(word_T):
        return scores_T
    return np.bincount(np.asarray(word_T), weights=scores_T)


def piece_shares(scores_W: np.ndarray, word_T: Sequence[int]) -> np.ndarray:
    """(T,) the score of each word in equal shares for its pieces, so that the sums of words are the scores again."""
    if not has_several_pieces(word_T):
        return scores_W
    words = np.asarray(word_T)
    return np.asarray((scores_W / np.bincount(words))[words])


class WordIds:
    """A text as a sequence of W words that are erased as a whole: like an array of token ids (W,), whose elements are
    words.

    ids_T: the ids of the pieces.   sizes_W: the number of pieces of each word.
    """

    def __init__(self, ids_T: np.ndarray, sizes_W: np.ndarray) -> None:
        self.ids_T, self.sizes_W = ids_T, sizes_W

    def __len__(self) -> int:
        return len(self.sizes_W)

    @property
    def dtype(self) -> np.dtype[np.int32]:
        return self.ids_T.dtype

    def __getitem__(self, which: np.ndarray | slice) -> WordIds:
        """The words where a mask (W,) is True, at the positions of an array in its order, or of a slice."""
        if isinstance(which, slice):
            which = np.arange(len(self))[which]
        if which.dtype == bool:
            return WordIds(self.ids_T[np.repeat(which, self.sizes_W)], self.sizes_W[which])
        ends_W = np.cumsum(self.sizes_W)
        chosen = [self.ids_T[ends_W[at] - self.sizes_W[at] : ends_W[at]] for at in which]
        return WordIds(np.concatenate([self.ids_T[:0], *chosen]), self.sizes_W[which])

    def with_unknown(self, which_W: np.ndarray) -> WordIds:
        """The words, with UNKNOWN in place of each token of those where a mask (W,) is True."""
        tokens_T = np.repeat(which_W, self.sizes_W)
        return WordIds(np.where(tokens_T, np.array(UNKNOWN, dtype=self.dtype), self.ids_T), self.sizes_W)

    def tobytes(self) -> bytes:
        """The bytes of the ids: what seeds are made of."""
        return self.ids_T.tobytes()


Units = np.ndarray | WordIds
"""The words of a text: token ids where each word is one piece."""


def units_of(ids_T: np.ndarray, word_T: Sequence[int]) -> Units:
    """The words of a text, from the ids of its pieces and the index of the word of each."""
    if not has_several_pieces(word_T):
        return ids_T
    return WordIds(ids_T, np.bincount(np.asarray(word_T)))


def flat(units: Units) -> np.ndarray:
    """The token ids of words, as a model reads them."""
    return units.ids_T if isinstance(units, WordIds) else units


@overload
def joined(words: Iterable[np.ndarray]) -> np.ndarray: ...
@overload
def joined(words: Iterable[Units]) -> Units: ...
def joined(words: Iterable[Units]) -> Units:
    """Words one after another; each of `words` is a sequence of them."""
    parts = list(words)
    if not any(isinstance(part, WordIds) for part in parts):
        return np.concatenate([np.empty(0, dtype=np.int32), *map(flat, parts)]).astype(np.int32)
    sizes = [part.sizes_W if isinstance(part, WordIds) else np.ones(len(part), dtype=np.int64) for part in parts]
    return WordIds(np.concatenate([*map(flat, parts)]), np.concatenate(sizes))
