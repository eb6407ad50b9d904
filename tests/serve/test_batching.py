"""Micro-batches of a service."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from tmeattn.serve.batching import Batcher, Busy


def lengths(texts: Sequence[str]) -> np.ndarray:
    return np.array([[len(text), 0] for text in texts])


def test_what_arrives_during_a_batch_is_the_next_batch() -> None:
    batches: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def slowly(texts: Sequence[str]) -> np.ndarray:
        begun.set()
        assert go_on.wait(10)
        return lengths(texts)

    async def ask() -> list[np.ndarray]:
        batcher = Batcher(slowly, on_batch=batches.append)
        first = asyncio.create_task(batcher.probabilities(["a"]))
        await asyncio.to_thread(begun.wait, 10)
        others = [asyncio.create_task(batcher.probabilities(["b" * at, "c"])) for at in range(2, 5)]
        await asyncio.sleep(0)
        assert batcher.waiting == 7
        go_on.set()
        answers = await asyncio.gather(first, *others)
        await batcher.close()
        assert batcher.waiting == 0
        return answers

    answers = asyncio.run(ask())
    assert batches == [1, 6]
    assert [answer[:, 0].tolist() for answer in answers] == [[1], [2, 1], [3, 1], [4, 1]]


def test_a_request_that_fails_does_not_fail_the_others() -> None:
    def picky(texts: Sequence[str]) -> np.ndarray:
        if "bad" in texts:
            raise ValueError("bad")
        return lengths(texts)

    async def ask() -> list[object]:
        batcher = Batcher(picky)
        asked = [batcher.probabilities([text]) for text in ("good", "bad", "fine!")]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        await batcher.close()
        return list(answers)

    good, bad, fine = asyncio.run(ask())
    assert isinstance(bad, ValueError)
    assert [np.asarray(good)[0, 0], np.asarray(fine)[0, 0]] == [4, 5]


def test_too_many_waiting_texts_are_refused_and_a_given_up_request_is_left_out() -> None:
    batches: list[int] = []
    go_on = threading.Event()

    def slowly(texts: Sequence[str]) -> np.ndarray:
        assert go_on.wait(10)
        return lengths(texts)

    async def ask() -> None:
        batcher = Batcher(slowly, most_waiting=3, on_batch=batches.append)
        first = asyncio.create_task(batcher.probabilities(["a"]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        second = asyncio.create_task(batcher.probabilities(["b", "c"]))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await batcher.probabilities(["d"])
        second.cancel()
        await asyncio.sleep(0)
        third = asyncio.create_task(batcher.probabilities(["e"]))
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(first, third)
        await batcher.close()

    asyncio.run(ask())
    assert batches == [1, 1]
