"""Tokenizing on all cores: worker processes receive chunks of texts and return token ids, in order.

A worker is a Python process behind two pipes. It imports only the tokenizer, and never the script of the caller, as
`multiprocessing` would. A tokenizer that cannot be pickled is used in this process alone.
"""

from __future__ import annotations

import pickle
import subprocess
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import chain
from typing import NamedTuple

import numpy as np

from tmeattn.child_python import child_environment, program_command
from tmeattn.cpu import available_cores
from tmeattn.data.encoding.open_tokenizer import OpenTokenizer, open_tokenizer
from tmeattn.data.encoding.pool_worker import WordNumbering, receive, send, tokens_of
from tmeattn.data.encoding.vocabulary import SPECIAL
from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.specs import UNKNOWN

CHUNK = 2**20
"""Characters of text in a chunk."""
LONGEST_WORDS = 2**28
"""The most characters of all different words together, which are held in memory."""
LEAST_CHUNKS = 8
"""With fewer chunks, starting processes takes longer than it saves."""
_PROGRAM = "from tmeattn.data.encoding.pool_worker import work; work()"
_Result = tuple[list[str], bytes, bytes]
"""New words, their numbers in the texts (int32) and the lengths of the texts (int32), as a worker returns them."""


class TokenizedChunk(NamedTuple):
    """A chunk of N texts. ids: positions in `TokenizerPool.words`, flat, int32.   lengths_N: tokens a text, int32."""

    ids: np.ndarray
    lengths_N: np.ndarray


class TokenizerPool:
    """Tokenizes texts and numbers their words in the order of their first occurrence. Use as a context manager.

    words: every word so far, by its number; the first is the token of texts without tokens.
    """

    def __init__(self, tokenizer: OpenTokenizer | str, *, workers: int | None = None) -> None:
        self.tokenizer = open_tokenizer(tokenizer) if isinstance(tokenizer, str) else tokenizer
        own = self.tokenizer.own  # of a plugin, errors become one line
        self._numbering = WordNumbering(
            tokens_of(self.tokenizer.source) if own else self.tokenizer.tokens, SPECIAL[UNKNOWN]
        )
        self._most_workers = available_cores() if workers is None else workers
        self._workers: list[_Worker] = []
        self._characters = 0

    @property
    def words(self) -> list[str]:
        return list(self._numbering.number_of)

    def __enter__(self) -> TokenizerPool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.close()

    def chunks(self, texts: Iterable[str]) -> Iterator[TokenizedChunk]:
        """Tokenize the texts, chunk by chunk, in order. Only a few chunks are read ahead of the caller.

        Raises:
            BadInput: all different words together are too long, as in texts without spaces; or the tokenizer fails.
            EnvironmentProblem: a worker process died.
        """
        pieces = _split_into_chunks(texts)
        head: list[list[str]] = []
        if not self._workers and self._most_workers > 1:  # few chunks are tokenized in this process
            head = [piece for _, piece in zip(range(LEAST_CHUNKS), pieces, strict=False)]
            if len(head) == LEAST_CHUNKS and (pickled := _pickled(self.tokenizer)) is not None:
                self._workers = [_Worker(self.tokenizer.whose, pickled) for _ in range(self._most_workers)]
        pieces = chain(head, pieces)
        if not self._workers:
            for piece in pieces:
                ids, lengths = self._numbering.ids(piece)
                self._count(self._numbering.new_words())
                yield TokenizedChunk(np.frombuffer(ids, dtype=np.int32), np.frombuffer(lengths, dtype=np.int32))
            return
        pending: deque[tuple[_Worker, Future[_Result]]] = deque()
        for index, piece in enumerate(pieces):
            worker = self._workers[index % len(self._workers)]
            pending.append((worker, worker.submit(piece)))
            if len(pending) > 2 * len(self._workers):
                yield self._renumber(*pending.popleft())
        while pending:
            yield self._renumber(*pending.popleft())

    def _count(self, new_words: list[str]) -> None:
        self._characters += sum(map(len, new_words))
        if self._characters > LONGEST_WORDS:
            raise BadInput(
                f"The texts have different words of more than {LONGEST_WORDS // 2**20} million characters together.",
                hint="Check the column of the texts (--text-column): they seem to have no spaces between words.",
            )

    def _renumber(self, worker: _Worker, future: Future[_Result]) -> TokenizedChunk:
        """Replace the word numbers of a worker by those of the pool; results come in the order of submission."""
        words, ids, lengths = future.result()
        number = self._numbering.number_of.__getitem__
        worker.pool_numbers = np.concatenate(
            [worker.pool_numbers, np.fromiter(map(number, words), dtype=np.int32, count=len(words))]
        )
        self._count(self._numbering.new_words())
        return TokenizedChunk(
            worker.pool_numbers[np.frombuffer(ids, dtype=np.int32)], np.frombuffer(lengths, dtype=np.int32)
        )


class _Worker:
    """A worker process and the thread that writes to it and reads from it in turn, so that no pipe fills up.

    pool_numbers: the number in the pool of each word that the worker has numbered, int32.
    """

    def __init__(self, whose: str, pickled: bytes) -> None:
        self.whose, self.pool_numbers = whose, np.empty(0, dtype=np.int32)
        self._pickled: bytes | None = pickled
        self._process = subprocess.Popen(
            program_command(_PROGRAM, SPECIAL[UNKNOWN]),
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._thread = ThreadPoolExecutor(1)

    def submit(self, texts: list[str]) -> Future[_Result]:
        return self._thread.submit(self._tokenize, texts)

    def _tokenize(self, texts: list[str]) -> _Result:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            if self._pickled is not None:
                send(self._process.stdin, self._pickled)
                self._pickled = None
            send(self._process.stdin, texts)
            result = receive(self._process.stdout)
        except OSError:
            result = None
        if isinstance(result, str):
            raise BadInput(f"{self.whose} fails: {result}.", hint="See: tmeattn plugins doctor")
        if not isinstance(result, tuple):
            raise EnvironmentProblem(
                "A worker process that tokenizes texts died.", hint="Free some memory and run the same command again."
            )
        return result

    def close(self) -> None:
        self._process.kill()
        self._thread.shutdown(wait=True, cancel_futures=True)
        with suppress(OSError), self._process:  # closing stdin flushes a frame that no process reads any more
            pass


def _pickled(tokenizer: OpenTokenizer) -> bytes | None:
    """The tokenizer for the worker processes; None where it cannot be pickled."""
    try:
        return pickle.dumps(tokenizer.source)
    except Exception:
        return None


def _split_into_chunks(texts: Iterable[str]) -> Iterator[list[str]]:
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
