"""A process that tokenizes: frames of marshalled texts on stdin, frames of new words and token ids on stdout.

It shares no state but what travels; `marshal` is safe and fast here, as both ends are the same Python.
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


class Numbering:
    """Gives words ids as they turn up; id 0 stands for a text that holds no token."""

    def __init__(self, tokens_of: Callable[[str], list[str]], nothing: str) -> None:
        self.tokens_of = tokens_of
        self.seen: defaultdict[str, int] = defaultdict()
        self.seen.default_factory = self.seen.__len__
        self.nothing = self.seen[nothing]
        self._told = 0

    def ids(self, texts: Iterable[str]) -> tuple[array[int], array[int]]:
        """Token ids of the texts, flat, and how many each has."""
        ids: list[int] = []  # a list grows faster than an array
        lengths = array("i")
        number = self.seen.__getitem__
        for text in texts:
            before = len(ids)
            ids += map(number, self.tokens_of(text))
            if len(ids) == before:
                ids.append(self.nothing)
            lengths.append(len(ids) - before)
        return array("i", ids), lengths

    def new_words(self) -> list[str]:
        """The words that turned up since this was last asked, by their ids."""
        words = list(islice(reversed(self.seen), len(self.seen) - self._told))
        self._told = len(self.seen)
        return words[::-1]


def send(stream: IO[bytes], value: Any) -> None:
    """Write one frame."""
    data = marshal.dumps(value)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """The value of the next frame; None where the stream has ended."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    data = stream.read(size)
    return marshal.loads(data) if len(data) == size else None


def work() -> None:
    """Answer frames until stdin ends. The tokenizer and the word for an empty text are the first two arguments."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    numbering = Numbering(tokenizer(sys.argv[2]).tokens, sys.argv[3])
    while isinstance(texts := receive(sys.stdin.buffer), list):
        ids, lengths = numbering.ids(texts)
        send(sys.stdout.buffer, (numbering.new_words(), ids.tobytes(), lengths.tobytes()))
