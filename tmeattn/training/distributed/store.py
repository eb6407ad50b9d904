"""The store in which the processes of a run find each other: a server of torch, in rank 0 or in torchrun's agent.

Keys of one training, below its own prefix: `job` from rank 0 (see `tmeattn.training.distributed.job`), `ready/RANK` and
`error/RANK` from the others, `over` when rank 0 has ended.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from torch import distributed

from tmeattn.errors import EnvironmentProblem, TmeattnError, error_with
from tmeattn.training.distributed.group import LOOPBACK, RankLost
from tmeattn.training.distributed.place import Place, rank_name
from tmeattn.training.signals import stop_with_parent

JOB, READY, ERROR, OVER = "job", "ready", "error", "over"
CONNECT = timedelta(minutes=5)
"""How long a process tries to reach the store."""
_POLL = 0.02
_dist: Any = distributed  # its stores are public, but not in its list of exports
_shared: Any = None


def own_store() -> Any:
    """A store in this process, for processes of this computer only; `port` is where it listens."""
    listener = socket.create_server((LOOPBACK, 0), backlog=1024)
    port = listener.getsockname()[1]
    return _dist.TCPStore(
        LOOPBACK, port, None, True, CONNECT, wait_for_workers=False, master_listen_fd=listener.detach()
    )  # fmt: skip


def store_at(place: Place, timeout: timedelta = CONNECT) -> Any:
    """The store of processes that torchrun or srun has started.

    Raises:
        EnvironmentProblem: its port is in use, or it cannot be reached.
    """
    serves = place.hosts_store and place.rank == 0
    try:
        return _dist.TCPStore(place.host, place.port, None, serves, timeout, wait_for_workers=False)
    except RuntimeError as error:
        if "EADDRINUSE" in str(error) or "in use" in str(error):
            raise EnvironmentProblem(
                f"The port {place.port} of {place.host} is in use, and the processes meet there.",
                hint="Set MASTER_PORT to another one, or torchrun --master-port.",
            ) from None
        raise EnvironmentProblem(
            f"{place.name} cannot reach rank 0 at {place.host}, port {place.port}.",
            hint="Check that MASTER_ADDR and MASTER_PORT name it, and that no firewall is between them.",
        ) from None


_trainings = itertools.count()


def training_store(place: Place) -> Any:
    """The store of the next training of processes that torchrun or srun has started, which may train one after the
    other. All of them call this for the same trainings in the same order; raises as `store_at`."""
    global _shared
    if _shared is None:
        stop_with_parent()
        _shared = store_at(place)
    return _dist.PrefixStore(f"tmeattn/{place.attempt}/{next(_trainings)}", _shared)


def report_error(store: Any, rank: int, error: BaseException) -> None:
    """Tell rank 0 why this process ends."""
    content = {
        "host": socket.gethostname(),
        "message": error.message if isinstance(error, TmeattnError) else f"{type(error).__name__}: {error}"[:500],
        "hint": error.hint if isinstance(error, TmeattnError) else None,
        "code": error.exit_code if isinstance(error, TmeattnError) else 1,
    }
    with contextlib.suppress(RuntimeError):
        store.set(f"{ERROR}/{rank}", json.dumps(content))


def reported_error(store: Any, size: int) -> TmeattnError | None:
    """The error that the lowest other rank has reported."""
    for rank in range(1, size):
        if store.check([f"{ERROR}/{rank}"]):
            told = json.loads(store.get(f"{ERROR}/{rank}"))
            message = f"{rank_name(rank, told['host'])}: {told['message']}"
            return error_with(told["code"], message, told["hint"])
    return None


def wait_for(store: Any, key: str, check: Callable[[], None] = lambda: None) -> bytes:
    """The value of a key, as soon as it exists.

    check: called again and again; what it raises ends the wait.

    Raises:
        RankLost: the store has ended.
    """
    try:
        while not store.check([key]):
            check()
            time.sleep(_POLL)
        value: bytes = store.get(key)
        return value
    except RuntimeError as error:
        raise RankLost(str(error)) from error
