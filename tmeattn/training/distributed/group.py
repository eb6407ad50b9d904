"""What the processes of a run tell each other while they train: sums, decisions of rank 0, tensors.

`Alone` is the group of a single process, whose methods return what they are given. `Group` is several processes that
are joined by gloo, or by NCCL where the model is on a GPU. Every process calls the same methods in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from tmeattn.errors import EnvironmentProblem
from tmeattn.evaluation.part import Part

TIMEOUT = timedelta(minutes=30)
"""How long a process waits for another, such as for the watch list and the checkpoint that rank 0 makes alone."""
LOOPBACK = "127.0.0.1"


class RankLost(Exception):
    """Another process of the group has ended, or cannot be reached."""


class Alone:
    """The group of a single process.

    rank, size: the number of this process, from 0, and how many there are.
    """

    rank = 0
    size = 1
    device = torch.device("cpu")

    @property
    def is_first(self) -> bool:
        """Whether this process writes the run."""
        return self.rank == 0

    @property
    def part(self) -> Part:
        """The part of an evaluation that this process does."""
        return Part()

    def decide(self, choice: Callable[[], bool]) -> bool:
        """What rank 0 chooses: the function is called there alone."""
        return choice()

    def of_all(self, tensors: dict[str, Tensor]) -> list[dict[str, Tensor]]:
        """The tensors of all processes by name, in the order of the ranks; those of a name have the same size."""
        return [tensors]

    def close(self) -> None:
        """Leave the group."""


class Group(Alone):
    """Several processes.

    group:  the process group of torch.
    device: where the tensors are that it sends.
    check:  raises `RankLost` where another process is known to have ended; called now and then in long calculations.
    """

    def __init__(self, group: Any, device: torch.device, check: Callable[[], None] = lambda: None) -> None:
        self.rank, self.size = group.rank(), group.size()
        self.device, self.check, self._group = device, check, group
        self._ordered = self.size > 2 and device.type == "cpu"

    @property
    def part(self) -> Part:
        return Part(self.rank, self.size, self.total, self.check)

    def sum(self, values_N: Tensor) -> Tensor:
        """(N,) the sum over all processes, in the order of the ranks, so that it does not depend on what else is
        summed in the same call. NCCL chooses its own order."""
        if not self._ordered:  # the sum of two numbers does not depend on their order
            self._wait(lambda: self._group.allreduce([values_N]))
            return values_N
        count = len(values_N)
        padded = values_N.new_zeros(-(-count // self.size) * self.size)
        padded[:count] = values_N
        parts, own = torch.empty_like(padded), padded.new_empty(len(padded) // self.size)
        self._wait(lambda: self._group.alltoall_base(parts, padded, [], []))
        rows = parts.view(self.size, -1)
        own.copy_(rows[0])
        for row in rows[1:]:
            own += row
        self._gather(padded, own)
        return padded[:count]

    def total(self, sums: np.ndarray) -> np.ndarray:
        """The sum of float64 arrays of one shape over all processes."""
        flat = torch.from_numpy(np.ascontiguousarray(sums, dtype=np.float64).reshape(-1)).to(self.device)
        return self.sum(flat).cpu().numpy().reshape(sums.shape)

    def decide(self, choice: Callable[[], bool]) -> bool:
        mine = torch.tensor([float(choice()) if self.is_first else 0.0], device=self.device)
        return bool(self.sum(mine).item())

    def of_all(self, tensors: dict[str, Tensor]) -> list[dict[str, Tensor]]:
        gathered: list[dict[str, Tensor]] = [{} for _ in range(self.size)]
        for name, tensor in tensors.items():
            sent = tensor.to(self.device)
            received = sent.new_empty(self.size * len(sent))
            self._gather(received, sent)
            for of_rank, row in zip(gathered, received.cpu().view(self.size, -1), strict=True):
                of_rank[name] = row
        return gathered

    def share_bytes(self, content: bytes = b"") -> bytes:
        """The bytes that rank 0 gives, in every process."""
        size = torch.tensor([len(content)], dtype=torch.int64, device=self.device)
        self._broadcast(size)
        data = torch.empty(int(size.item()), dtype=torch.uint8)
        data.numpy()[:] = np.frombuffer(content, dtype=np.uint8) if self.is_first else 0
        data = data.to(self.device)
        self._broadcast(data)
        return content if self.is_first else data.cpu().numpy().tobytes()

    def _gather(self, received: Tensor, sent: Tensor) -> None:
        self._wait(lambda: self._group._allgather_base(received, sent))

    def _broadcast(self, tensor: Tensor) -> None:
        options = dist.BroadcastOptions()
        options.rootRank = 0
        self._wait(lambda: self._group.broadcast([tensor], options))

    def _wait(self, operation: Callable[[], Any]) -> None:
        """Do an operation on all processes.

        Raises:
            RankLost: another process has ended.
        """
        try:
            operation().wait()
        except RuntimeError as error:
            raise RankLost(str(error)) from error


def join(
    store: Any,
    rank: int,
    size: int,
    device: torch.device,
    *,
    local: bool,
    check: Callable[[], None] = lambda: None,
    timeout: timedelta = TIMEOUT,
) -> Group:
    """The group of `size` processes that share a store; each calls this at the same time.

    local: all of them are on this computer, and talk over its loopback interface only.

    Raises:
        RankLost: the others cannot be reached.
        EnvironmentProblem: this build of torch has no gloo or NCCL.
    """
    name = "NCCL" if device.type == "cuda" else "gloo"
    if not dist.is_available() or not (dist.is_nccl_available() if name == "NCCL" else dist.is_gloo_available()):
        raise EnvironmentProblem(f"This build of torch has no {name}, which several processes need.",
                                 hint="Train with --processes 1.")  # fmt: skip
    try:
        group = _nccl(store, rank, size, timeout) if name == "NCCL" else _gloo(store, rank, size, timeout, local=local)
    except RuntimeError as error:
        raise RankLost(str(error)) from error
    return Group(group, device, check)


def _gloo(store: Any, rank: int, size: int, timeout: timedelta, *, local: bool) -> Any:
    if not local:  # torch chooses the interface, or GLOO_SOCKET_IFNAME
        return dist.ProcessGroupGloo(store, rank, size, timeout)
    options: Any = dist.ProcessGroupGloo._Options()  # type: ignore[attr-defined]
    options._devices = [dist.ProcessGroupGloo.create_device(hostname=LOOPBACK)]
    options._timeout = timeout
    return dist.ProcessGroupGloo(store, rank, size, options)


def _nccl(store: Any, rank: int, size: int, timeout: timedelta) -> Any:
    options: Any = dist.ProcessGroupNCCL.Options()
    options._timeout = timeout
    return dist.ProcessGroupNCCL(store, rank, size, options)
