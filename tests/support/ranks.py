"""The processes of a training as threads of this one, so that a test of several needs no start of Python.

`as_ranks` calls a function in each of them with its group. `ThreadFollower` stands in for the processes that rank 0
starts: `tmeattn.train(..., processes=3)` then trains in three threads. They share torch's random state: no dropout.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import torch
from torch import distributed

from tmeattn.training.distributed.follow import follow
from tmeattn.training.distributed.group import LOOPBACK, Group, join
from tmeattn.training.distributed.launch import Follower
from tmeattn.training.distributed.place import Place
from tmeattn.training.distributed.store import store_at


def as_ranks(size: int, function: Callable[[Group], Any]) -> list[Any]:
    """The results of the function in each process, by rank."""
    store, results, errors = distributed.HashStore(), [None] * size, []

    def work(rank: int) -> None:
        try:
            group = join(store, rank, size, torch.device("cpu"), local=True, timeout=timedelta(seconds=30))
            results[rank] = function(group)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


class _Process:
    """What `Follower` reads of its process."""

    def __init__(self) -> None:
        self.pid = 0
        self.code: int | None = None

    def poll(self) -> int | None:
        return self.code


class ThreadFollower(Follower):
    """A process that is a thread."""

    def __init__(self, rank: int) -> None:
        self.rank, self.process = rank, _Process()
        self.thread: threading.Thread | None = None

    def tell(self, address: dict[str, Any]) -> None:
        self.thread = threading.Thread(target=self._follow, args=(address,))
        self.thread.start()

    def _follow(self, address: dict[str, Any]) -> None:
        rank, size = address["rank"], address["size"]
        place = Place(rank, size, rank, size, LOOPBACK, address["port"], "tmeattn", hosts_store=False)
        self.process.code = follow(place, store_at(place), local=True)

    def end(self, until: float) -> None:
        if self.thread is not None:
            self.thread.join(30)
            assert not self.thread.is_alive()

    def _last_line(self) -> str:
        return ""
