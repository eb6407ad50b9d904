"""Micro-batches: the texts of requests that wait at the same time are classified together.

While one batch is classified in a thread, the requests that arrive meanwhile wait, and are the next batch. So a single
request never waits for others, and under load the batches grow by themselves.

Shapes: N texts, C classes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

MOST_TOGETHER = 256
"""Texts from which on a batch takes no further request."""
MOST_WAITING = 8192
"""Texts that may wait; further requests are refused."""

Probabilities = Callable[[Sequence[str]], np.ndarray]
"""Takes N texts, returns (N, C)."""


class Busy(Exception):
    """So many texts wait that another request is refused."""


@dataclass(frozen=True, eq=False)
class _Waiting:
    texts: Sequence[str]
    answer: asyncio.Future[np.ndarray]


class Batcher:
    """Classifies texts in one thread of its own. To be used in one event loop.

    waiting: the number of texts that wait or are being classified.
    """

    def __init__(
        self,
        probabilities: Probabilities,
        *,
        most_together: int = MOST_TOGETHER,
        most_waiting: int = MOST_WAITING,
        on_batch: Callable[[int], None] = lambda texts: None,
    ) -> None:
        """on_batch: called with the number of texts of each batch."""
        self._probabilities, self._on_batch = probabilities, on_batch
        self._most_together, self._most_waiting = most_together, most_waiting
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self._worker: asyncio.Task[None] | None = None
        self.waiting = 0

    async def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """The class probabilities (N, C) of N texts.

        Raises:
            Busy: too many texts wait already.
            Exception: what `probabilities` raises for these texts.
        """
        if self.waiting and self.waiting + len(texts) > self._most_waiting:
            raise Busy
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        request = _Waiting(texts, asyncio.get_running_loop().create_future())
        self.waiting += len(texts)
        try:
            self._queue.put_nowait(request)
            return await request.answer
        finally:
            self.waiting -= len(texts)

    async def close(self) -> None:
        """End the thread, after the requests that wait have been answered."""
        while not self._queue.empty() or self.waiting:
            await asyncio.sleep(0.01)
        if self._worker is not None:
            self._worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker
        self._thread.shutdown(wait=False)

    async def _work(self) -> None:
        while True:
            requests = [await self._queue.get()]
            texts = len(requests[0].texts)
            while texts < self._most_together and not self._queue.empty():
                requests.append(self._queue.get_nowait())
                texts += len(requests[-1].texts)
            await self._answer([request for request in requests if not request.answer.done()])

    async def _answer(self, requests: Sequence[_Waiting]) -> None:
        """Answer requests together; where that fails, each alone, so that none fails because of another."""
        if not requests:
            return
        texts = [text for request in requests for text in request.texts]
        try:
            rows_NC = await asyncio.get_running_loop().run_in_executor(self._thread, self._probabilities, texts)
        except Exception as error:
            if len(requests) > 1:
                for request in requests:
                    await self._answer([request])
            elif not requests[0].answer.done():
                requests[0].answer.set_exception(error)
            return
        self._on_batch(len(texts))
        at = 0
        for request in requests:
            if not request.answer.done():
                request.answer.set_result(rows_NC[at : at + len(request.texts)])
            at += len(request.texts)
