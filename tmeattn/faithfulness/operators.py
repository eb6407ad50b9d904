"""Operators of erasure: what stands in place of the words that are erased.

Erasure by `delete` makes texts that the model has not been trained on. `unknown` keeps the length, and `infill` keeps
the text in distribution: each erased word is replaced by a word of another text at the same relative position
(retrieval infill, after Basu and Chakraborty, arXiv 2603.18579; no language model). Shapes: N words.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from tmeattn.data.encoding.words import Units, WordIds, joined
from tmeattn.errors import BadInput, UnknownName
from tmeattn.faithfulness.results import DELETE, OPERATORS, WITH_UNKNOWN
from tmeattn.specs import UNKNOWN


def operators_in(text: str) -> tuple[str, ...]:
    """The operators of `--operator`, separated by commas, without repetitions.

    Raises:
        UnknownName: there is no such operator.
        BadInput: the text names none.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise BadInput(f"--operator: {text[:200]!r} names no operator.", hint=f"Choose from {', '.join(OPERATORS)}.")
    for name in names:
        if name not in OPERATORS:
            raise UnknownName("operator", name, OPERATORS)
    return names


class Donors:
    """The texts that `infill` draws words from.

    Words of a text are drawn with a seed from its token ids, so all methods and all random rationales get the same
    ones.
    """

    def __init__(self, pool: Sequence[Units]) -> None:
        """Keep the different texts of a pool, by their token ids; each is a sequence of words."""
        self.texts = list({text.tobytes(): text for text in pool if len(text)}.values())

    @property
    def enough(self) -> bool:
        """Whether every text has another one to draw words from."""
        return len(self.texts) > 1

    def fill(self, ids_N: Units, draw: int = 0) -> Units:
        """(N,) a word of another text for each position t of N: of a text of M words, the word at
        floor((t + 1/2) M / N). The texts are drawn anew for each position."""
        own = ids_N.tobytes()
        others = [text for text in self.texts if text.tobytes() != own]
        rng = np.random.default_rng([zlib.crc32(own), 0xF111, draw])
        drawn_N = rng.integers(len(others), size=len(ids_N))
        places = (np.arange(len(ids_N)) + 0.5) / max(len(ids_N), 1)
        chosen = [(others[text], int(place * len(others[text]))) for text, place in zip(drawn_N, places, strict=True)]
        words: list[Units] = [text[at : at + 1] for text, at in chosen]
        return joined(words)


def erase(ids_N: Units, erased_N: np.ndarray, operator: str, fill_N: Units | None = None) -> Units:
    """The token ids after the words marked in `erased_N` are erased, with all their tokens.

    fill_N: the words of `Donors.fill`, for `infill`.
    """
    if operator == DELETE:
        return ids_N[~erased_N]
    if operator == WITH_UNKNOWN:
        if isinstance(ids_N, WordIds):
            return ids_N.with_unknown(erased_N)
        return np.where(erased_N, np.array(UNKNOWN, dtype=ids_N.dtype), ids_N)
    if fill_N is None:
        raise ValueError(f"{operator} needs the words that stand in place of the erased ones")
    if isinstance(ids_N, WordIds) or isinstance(fill_N, WordIds):
        return joined([(fill_N if is_erased else ids_N)[at : at + 1] for at, is_erased in enumerate(erased_N)])
    return np.where(erased_N, fill_N, ids_N)
