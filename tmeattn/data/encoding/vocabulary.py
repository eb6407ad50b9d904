"""The vocabulary: the words that have an id of their own."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from itertools import repeat
from json.encoder import encode_basestring
from typing import TYPE_CHECKING

import numpy as np

from tmeattn.errors import EnvironmentProblem
from tmeattn.files import open_regular, write_atomically
from tmeattn.os_errors import reason
from tmeattn.specs import UNKNOWN, UNKNOWN_PIECE

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable
    from pathlib import Path

SPECIAL = ["<pad>", UNKNOWN_PIECE]
"""The names of the ids `PADDING` and `UNKNOWN`. The same strings in a text, and in the fixed
vocabulary of a tokenizer, are encoded as `UNKNOWN`."""


class Vocabulary:
    """Words and their ids: `words[i]` has the id i, and `words[:2]` is `SPECIAL`."""

    def __init__(self, words: list[str]) -> None:
        if words[: len(SPECIAL)] != SPECIAL:
            raise ValueError(f"a vocabulary starts with {SPECIAL}")
        self.words = words
        self._ids = {word: i for i, word in enumerate(words) if word not in SPECIAL}

    @classmethod
    def build(cls, counter: Counter[str], min_count: int = 1) -> Vocabulary:
        """The words that occur `min_count` times or more, ordered by frequency, then by the alphabet."""
        from torchtext.vocab import Vocab

        return cls(Vocab(counter, min_freq=min_count, specials=SPECIAL).itos)

    @classmethod
    def fixed(cls, pieces: Iterable[str]) -> Vocabulary:
        """The fixed vocabulary of a tokenizer: its pieces, in the order of its own ids (see `specs.FIRST_OWN_ID`)."""
        return cls([*SPECIAL, *pieces])

    def grown(self, words: Iterable[str]) -> Vocabulary:
        """This vocabulary, followed by the words that it lacks, in their order."""
        return Vocabulary(self.words + [word for word in words if word not in self._ids and word not in SPECIAL])

    def __len__(self) -> int:
        return len(self.words)

    def knows(self, token: str) -> bool:
        """Whether the token has an id of its own."""
        return token in self._ids

    def encode(self, tokens: Iterable[str]) -> np.ndarray:
        """The ids of T tokens, (T,) int32; `UNKNOWN` for words outside the vocabulary."""
        return np.fromiter(map(self._ids.get, tokens, repeat(UNKNOWN)), dtype=np.int32)

    @cached_property
    def content(self) -> bytes:
        """The words as a JSON array in UTF-8. Lone surrogates survive, so it may be invalid UTF-8."""
        lines = ",\n".join(map(encode_basestring, self.words))  # the same as `indent=0` writes, but faster
        return f"[\n{lines}\n]".encode("utf-8", "surrogatepass")

    @property
    def checksum(self) -> str:
        """The SHA-256 of `content`, as checkpoints name it."""
        return hashlib.sha256(self.content).hexdigest()

    def save(self, path: Path) -> None:
        """Replace the file `path` by `content`, and wait until it is on the disk. Raises `OSError`."""
        write_atomically(path, self.content, durable=True)

    @classmethod
    def load(cls, path: Path, checksum: str = "", *, hint: str | None = None) -> Vocabulary:
        """Read what `save` wrote.

        checksum: the SHA-256 that the file must have; empty where none is known.
        hint:     what to do about a damaged file.

        Raises:
            EnvironmentProblem: the file is missing or damaged.
        """
        try:
            with open_regular(path) as file:
                return cls.parse(file.read(), checksum)
        except (OSError, ValueError) as error:
            raise EnvironmentProblem(
                f"The vocabulary {path} cannot be read: {reason(error)}.",
                hint=hint or "Restore the file from a copy, or train the run again.",
            ) from error

    @classmethod
    def parse(cls, content: bytes, checksum: str = "") -> Vocabulary:
        """The vocabulary of such a content.

        Raises:
            ValueError: it is damaged.
        """
        if checksum and hashlib.sha256(content).hexdigest() != checksum:
            raise ValueError("it does not fit the checksum in the run's checkpoint")
        try:
            words = json.loads(content.decode("utf-8", "surrogatepass"))
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ValueError("it is not a list of words")
        return cls(words)
