"""A worker process that tokenizes: it reads frames of texts from stdin and writes frames of words and ids to stdout.

Frames are encoded with `marshal`, which is safe and fast here, as both processes run the same Python.
"""

from __future__ import annotations

import marshal
import signal
import struct
import sys
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from typing import IO, Any

from tmeattn.data.encoding.tokenizers import tokenizer

_LENGTH = struct.Struct("<Q")


class WordNumbering:
    """Numbers words in the order of their first occurrence; the number 0 is the token of a text without tokens."""

    def __init__(self, tokens_of: Callable[[str], list[str]], empty_token: str) -> None:
        self.tokens_of = tokens_of
        self.number_of: defaultdict[str, int] = defaultdict()
        self.number_of.default_factory = self.number_of.__len__
        self.empty = self.number_of[empty_token]
        self._returned = 0

    def ids(self, texts: Iterable[str]) -> tuple[array[int], array[int]]:
        """The word numbers of the texts, flat, and the number of tokens of each text."""
        ids: list[int] = []  # a list grows faster than an array
        lengths = array("i")
        number = self.number_of.__getitem__
        for text in texts:
            before = len(ids)
            ids += map(number, self.tokens_of(text))
            if len(ids) == before:
                ids.append(self.empty)
            lengths.append(len(ids) - before)
        return array("i", ids), lengths

    def new_words(self) -> list[str]:
        """The words numbered since the last call, in the order of their numbers."""
        words = list(islice(reversed(self.number_of), len(self.number_of) - self._returned))
        self._returned = len(self.number_of)
        return words[::-1]


def send(stream: IO[bytes], value: Any) -> None:
    """Write one frame: its length, then the marshalled value."""
    data = marshal.dumps(value)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read the value of the next frame; None at the end of the stream."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    data = stream.read(size)
    return marshal.loads(data) if len(data) == size else None


def work() -> None:
    """Tokenize frames until stdin ends. The first two arguments are the tokenizer and the token of an empty text."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group; the parent process decides
    numbering = WordNumbering(tokenizer(sys.argv[1]).tokens, sys.argv[2])
    while isinstance(texts := receive(sys.stdin.buffer), list):
        ids, lengths = numbering.ids(texts)
        send(sys.stdout.buffer, (numbering.new_words(), ids.tobytes(), lengths.tobytes()))
