"""Rank 0's side: it starts the other processes on this computer, or meets those that torchrun or srun has started.

Each process that it starts has a pipe from rank 0 as its standard input: when rank 0 ends, however it ends, the pipe
closes, and the process ends at once. Rank 0 notices the end of another process by its connections to it, which break.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from tmeattn.child_processes import signal_that_ended
from tmeattn.child_python import child_environment, program_command
from tmeattn.errors import EnvironmentProblem, TmeattnError, shortened
from tmeattn.foreign import one_line
from tmeattn.training.distributed.place import Place, rank_name, started_place

if TYPE_CHECKING:
    import torch

    from tmeattn.training.distributed.group import Alone
    from tmeattn.training.distributed.job import Job

_PROGRAM = "from tmeattn.training.distributed.follow import main; main()"
_GRACE = 5.0
"""Seconds that the other processes have to end after rank 0."""
_SETTLE = 3.0
"""Seconds after a broken connection within which its cause is known."""
LOST = 75
"""The exit code of a process that ends because another one has ended."""
_MEMORY = "If the memory was full, use fewer processes or a smaller --batch-size."


class Follower:
    """A process that rank 0 has started. It waits for the address of the store on its standard input."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            program_command(_PROGRAM),
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self.errors,
        )

    def tell(self, address: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended, which is noticed elsewhere
            self.process.stdin.write(json.dumps(address).encode() + b"\n")
            self.process.stdin.flush()

    def end(self, until: float) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(max(until - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()

    def obituary(self, host: str) -> TmeattnError | None:
        """The error of a process that has ended; None while it runs."""
        code = self.process.poll()
        if code is None:
            return None
        name = f"{rank_name(self.rank, host)} (process {self.process.pid})"
        if (by := signal_that_ended(code)) is not None:
            return EnvironmentProblem(f"{name} was ended by {by}.", hint=_MEMORY if by == "SIGKILL" else None)
        return EnvironmentProblem(f"{name} ended with exit code {code}: {self._last_line()}")

    def _last_line(self) -> str:
        self.errors.seek(0, 2)
        self.errors.seek(max(self.errors.tell() - 4096, 0))
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return one_line(RuntimeError(lines[-1])) if lines else "it printed no error."


_early: list[Follower] = []
"""Those that were started before they are needed."""


def start_early(processes: int) -> None:
    """Start the other processes of the next training, unless torchrun or srun has done it: they import torch while this
    process does. Those that are not needed end with it."""
    if processes > 1 and started_place() is None:
        _early.extend(Follower(rank) for rank in range(len(_early) + 1, processes))


class Team:
    """The processes beside rank 0 that train a run. A context manager: they end when it is left.

    place: that of this process, if torchrun or srun has started it; None: it starts the others itself.
    size:  how many there are with rank 0; None: not decided yet.
    """

    def __init__(self, place: Place | None = None) -> None:
        self.place = place
        self.size: int | None = None
        self._followers: list[Follower] = []
        self._store: Any = None
        self._is_announced = False

    @property
    def processes(self) -> int:
        """How many there are with rank 0, once that is decided."""
        return self.size or 1

    @property
    def size_here(self) -> int:
        """How many of them are on this computer."""
        return self.processes if self.place is None else self.place.local_size

    def __enter__(self) -> Team:
        if self.place is not None and self.place.size > 1:
            from tmeattn.training.distributed.store import training_store

            self._store = training_store(self.place)
        return self

    def gather(self, size: int) -> None:
        """Start the others, unless torchrun or srun has done it."""
        self.size = size
        if self.place is None:
            early, _early[:] = _early[: size - 1], []
            self._followers = early + [Follower(rank) for rank in range(len(early) + 1, size)]

    def device(self, name: str) -> torch.device:
        """The device of rank 0 for a `--device` option; raises as `device_of`."""
        from tmeattn.training.distributed.devices import device_of

        return device_of(name, 0, self.size_here)

    def announce(self, job: Job) -> None:
        """Let the others open the data."""
        if self.processes == 1:
            return
        from tmeattn.training.distributed.store import JOB, own_store

        if self._store is None:
            self._store = own_store()
            for follower in self._followers:
                follower.tell({"rank": follower.rank, "size": self.size, "port": self._store.port})
        self._store.set(JOB, job.content())
        self._is_announced = True

    def join(self, device: torch.device) -> Alone:
        """The group of all processes, after each of them has opened the data.

        Raises:
            BadInput, EnvironmentProblem: one of them cannot, or has ended.
        """
        from tmeattn.training.distributed.group import Alone, join
        from tmeattn.training.distributed.store import READY, wait_for

        if self.processes == 1:
            return Alone()
        for rank in range(1, self.processes):
            wait_for(self._store, f"{READY}/{rank}", self._check_reports)
        return join(self._store, 0, self.processes, device, local=self.place is None, check=self._check)

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Inside the block, a broken connection becomes an error that names the process which has ended.

        Raises:
            EnvironmentProblem: a process has ended.
            TmeattnError: a process has failed, with its own error.
        """
        from tmeattn.training.distributed.group import RankLost

        try:
            yield
        except RankLost as lost:
            raise self._cause(lost) from lost

    def _check(self) -> None:
        from tmeattn.training.distributed.group import RankLost

        if any(follower.process.poll() is not None for follower in self._followers):
            raise RankLost("a process has ended")

    def _check_reports(self) -> None:
        if (error := self._known_cause()) is not None:
            raise error

    def _known_cause(self, *, lost_ones: bool = False) -> TmeattnError | None:
        """Why another process has ended. `lost_ones`: also one that has only noticed the end of another."""
        from tmeattn.training.distributed.store import reported_error

        if (error := reported_error(self._store, self.processes)) is not None:
            return error
        host = socket.gethostname()
        ended = [follower for follower in self._followers if follower.process.poll() not in (None, LOST)]
        if lost_ones:
            ended += self._followers
        return next((error for follower in ended if (error := follower.obituary(host)) is not None), None)

    def _cause(self, lost: BaseException) -> TmeattnError:
        """The error behind a broken connection, which is known a little later."""
        until = time.monotonic() + _SETTLE
        while time.monotonic() < until:
            if (error := self._known_cause()) is not None:
                return error
            time.sleep(0.02)
        if (error := self._known_cause(lost_ones=True)) is not None:
            return error
        first = next(iter(str(lost).splitlines()), "")
        return EnvironmentProblem(f"The connection to another process of the training broke: {shortened(first)}.")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: object) -> None:
        if self._store is not None:
            from tmeattn.training.distributed.store import JOB, OVER

            with contextlib.suppress(RuntimeError):
                if not self._is_announced:
                    self._store.set(JOB, "null")
                self._store.set(OVER, "0" if kind is None else str(LOST))
        until = time.monotonic() + _GRACE
        for follower in self._followers:
            follower.end(until)
        self._followers.clear()
