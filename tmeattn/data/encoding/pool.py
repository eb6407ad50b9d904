"""Tokenizing on all cores: texts go to worker processes in chunks, token ids come back in order.

A worker is a Python behind two pipes that imports nothing but the tokenizers, and never the caller's own script, as
`multiprocessing` would.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import chain
from typing import NamedTuple

import numpy as np

from tmeattn.cpu import available_cores
from tmeattn.data.encoding.pool_worker import Numbering, receive, send
from tmeattn.data.encoding.tokenizers import tokenizer
from tmeattn.data.encoding.vocabulary import SPECIAL
from tmeattn.errors import EnvironmentProblem
from tmeattn.specs import UNKNOWN

CHUNK = 2**20
"""Characters of text that travel at once."""
WORTH_IT = 8
"""Chunks below which starting processes takes longer than it saves."""
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from tmeattn.data.encoding.pool_worker import work; work()"
)
_Answer = tuple[list[str], bytes, bytes]


class Tokenized(NamedTuple):
    """A chunk of N texts: their token ids (numbers of `Tokenizing.words`), flat, int32, and lengths_N, int32."""

    ids: np.ndarray
    lengths_N: np.ndarray


class Tokenizing:
    """Tokenizes texts and numbers their words as they turn up; use as a context manager.

    words: every word so far, by its number; the first is the one for texts without a token.
    """

    def __init__(self, name: str, *, workers: int | None = None) -> None:
        self.name = name
        self._numbering = Numbering(tokenizer(name).tokens, SPECIAL[UNKNOWN])
        self._wanted = available_cores() if workers is None else workers
        self._workers: list[_Worker] = []

    @property
    def words(self) -> list[str]:
        return list(self._numbering.seen)

    def __enter__(self) -> Tokenizing:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.close()

    def chunks(self, texts: Iterable[str]) -> Iterator[Tokenized]:
        """The texts, chunk by chunk, in order. Few of them are read ahead of what has been taken."""
        pieces = _chunked(texts)
        head: list[list[str]] = []
        if not self._workers and self._wanted > 1:  # short work is done here
            head = [piece for _, piece in zip(range(WORTH_IT), pieces, strict=False)]
            if len(head) == WORTH_IT:
                self._workers = [_Worker(self.name) for _ in range(self._wanted)]
        pieces = chain(head, pieces)
        if not self._workers:
            for piece in pieces:
                ids, lengths = self._numbering.ids(piece)
                yield Tokenized(np.frombuffer(ids, dtype=np.int32), np.frombuffer(lengths, dtype=np.int32))
            return
        under_way: deque[tuple[_Worker, Future[_Answer]]] = deque()
        for at, piece in enumerate(pieces):
            worker = self._workers[at % len(self._workers)]
            under_way.append((worker, worker.ask(piece)))
            if len(under_way) > 2 * len(self._workers):
                yield self._merged(*under_way.popleft())
        while under_way:
            yield self._merged(*under_way.popleft())

    def _merged(self, worker: _Worker, future: Future[_Answer]) -> Tokenized:
        """A worker's ids as ids of all workers; its answers come in the order of its questions."""
        words, ids, lengths = future.result()
        number = self._numbering.seen.__getitem__
        worker.number_of = np.concatenate(
            [worker.number_of, np.fromiter(map(number, words), dtype=np.int32, count=len(words))]
        )
        return Tokenized(worker.number_of[np.frombuffer(ids, dtype=np.int32)], np.frombuffer(lengths, dtype=np.int32))


class _Worker:
    """A process, and the thread that talks to it: writing and reading by turns, so that no pipe fills up."""

    def __init__(self, name: str) -> None:
        self.number_of = np.empty(0, dtype=np.int32)
        paths = json.dumps([path for path in sys.path if isinstance(path, str)])
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, paths, name, SPECIAL[UNKNOWN]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._thread = ThreadPoolExecutor(1)

    def ask(self, texts: list[str]) -> Future[_Answer]:
        return self._thread.submit(self._exchange, texts)

    def _exchange(self, texts: list[str]) -> _Answer:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            send(self._process.stdin, texts)
            answer = receive(self._process.stdout)
        except OSError:
            answer = None
        if not isinstance(answer, tuple):
            raise EnvironmentProblem("A process that tokenizes has died.", hint="Is there enough memory? Try again.")
        return answer

    def close(self) -> None:
        self._process.kill()
        self._thread.shutdown(wait=True, cancel_futures=True)
        with suppress(OSError), self._process:  # what it was still to be told cannot be told any more
            pass


def _chunked(texts: Iterable[str]) -> Iterator[list[str]]:
    piece: list[str] = []
    size = 0
    for text in texts:
        piece.append(text)
        size += len(text)
        if size >= CHUNK:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece
