"""A worker process that tokenizes: it reads frames of texts from stdin and writes frames of words and ids to stdout.

Frames are encoded with `marshal`, which is safe and fast here, as both processes run the same Python. The first frame
is the tokenizer, pickled by the process that has loaded it from its plugin.
"""

from __future__ import annotations

import marshal
import pickle
import signal
import struct
import sys
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from tmeattn.foreign import one_line

if TYPE_CHECKING:
    from tmeattn.specs import Tokenizer

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


def tokens_of(source: Tokenizer) -> Callable[[str], list[str]]:
    """The function that gives all pieces of a text, without offsets where the tokenizer can leave them out."""
    quick: Callable[[str], list[str]] | None = getattr(source, "tokens", None)
    return quick or (lambda text: list(source.pieces(text).pieces))


def work() -> None:
    """Tokenize frames until stdin ends; the argument is the token of an empty text. Where the tokenizer fails, the
    answer is its error in one line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group; the parent process decides
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # a tokenizer that prints must not damage a frame
    numbering, problem = None, ""
    try:
        numbering = WordNumbering(tokens_of(pickle.loads(receive(sys.stdin.buffer))), sys.argv[1])
    except Exception as error:
        problem = one_line(error)
    while isinstance(texts := receive(sys.stdin.buffer), list):
        if numbering is not None:
            try:
                ids, lengths = numbering.ids(texts)
                send(answers, (numbering.new_words(), ids.tobytes(), lengths.tobytes()))
                continue
            except Exception as error:
                problem = one_line(error)
        send(answers, problem)
