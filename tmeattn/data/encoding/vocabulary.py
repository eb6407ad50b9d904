"""The vocabulary: the words that have an id of their own."""

from __future__ import annotations

import json
from itertools import repeat
from json.encoder import encode_basestring
from typing import TYPE_CHECKING

import numpy as np

from tmeattn.errors import EnvironmentProblem
from tmeattn.specs import PADDING, UNKNOWN

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable
    from pathlib import Path

SPECIAL = ["<pad>", "<unk>"]
"""The names of the ids `PADDING` and `UNKNOWN`. The same strings in a text are encoded as `UNKNOWN`."""


class Vocabulary:
    """Words and their ids: `words[i]` has the id i, and `words[:2]` is `SPECIAL`."""

    def __init__(self, words: list[str]) -> None:
        if words[: len(SPECIAL)] != SPECIAL:
            raise ValueError(f"a vocabulary starts with {SPECIAL}")
        self.words = words
        self._ids = {word: i for i, word in enumerate(words) if i not in (PADDING, UNKNOWN)}

    @classmethod
    def build(cls, counter: Counter[str], min_count: int = 1) -> Vocabulary:
        """The words that occur `min_count` times or more, ordered by frequency, then by the alphabet."""
        from torchtext.vocab import Vocab

        return cls(Vocab(counter, min_freq=min_count, specials=SPECIAL).itos)

    def __len__(self) -> int:
        return len(self.words)

    def knows(self, token: str) -> bool:
        """Whether the token has an id of its own."""
        return token in self._ids

    def encode(self, tokens: Iterable[str]) -> np.ndarray:
        """The ids of T tokens, (T,) int32; `UNKNOWN` for words outside the vocabulary."""
        return np.fromiter(map(self._ids.get, tokens, repeat(UNKNOWN)), dtype=np.int32)

    def save(self, path: Path) -> None:
        """Write the words as a JSON array in UTF-8. Lone surrogates survive, so such a file may be invalid UTF-8."""
        lines = ",\n".join(map(encode_basestring, self.words))  # the same as `indent=0` writes, but faster
        path.write_bytes(f"[\n{lines}\n]".encode("utf-8", "surrogatepass"))

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read what `save` wrote.

        Raises:
            EnvironmentProblem: the file is missing or damaged.
        """
        try:
            words = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise ValueError("it is not a list of words")
            return cls(words)
        except (OSError, ValueError) as error:
            raise EnvironmentProblem(
                f"The vocabulary {path} cannot be read: {error}.",
                hint="Restore the file from a copy, or train the run again.",
            ) from error
