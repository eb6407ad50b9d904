"""Commands of tmeattn in forked processes: the imports are made once, so that one takes a fraction of a second."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from .faults import Faults
from .patience import STILL, Patience, ticks

_NO_LINES_FOR_USERS = [
    re.compile(mark, re.MULTILINE)
    for mark in (r"Traceback \(most recent call last\)", "Exception ignored", "panicked at", r"^\S+:\d+: \w*Warning: ")
]
Setup = Callable[[], None]
LIMIT = STILL
"""Seconds without progress after which a command counts as one that does not end."""


@dataclass(frozen=True)
class Result:
    """The end of a command.

    code:    its exit code; the negative number of the signal that ended it.
    changes: the changes that it made to files, as pairs of kind and path, where they were counted.
    past:    what was written to descriptor 2 past `sys.stderr`, where that was told apart: by a library, or a child.
    """

    code: int
    out: str
    err: str
    changes: list[tuple[str, str]] = field(default_factory=list)
    hangs: bool = False
    past: str = ""

    @property
    def last_line(self) -> str:
        return (self.err.strip().splitlines() or [""])[-1]

    @property
    def is_clean_refusal(self) -> bool:
        """Whether it ended with one line of error that is no internal error."""
        errors = [line for line in self.err.splitlines() if line.startswith("Error: ")]
        return self.code in (2, 3) and len(errors) == 1 and "Internal error" not in errors[0] and not self.has_traceback

    @property
    def has_traceback(self) -> bool:
        """Whether it printed a traceback, a warning of Python or the panic of a library."""
        return any(mark.search(self.err) for mark in _NO_LINES_FOR_USERS)


_LIBRARIES = (
    "polars", "torch._dynamo", "rich.live", "rich.progress", "rich.table", "rich.box", "numpy.ma", "sklearn.metrics",
    "scipy.stats", "filelock",
)  # fmt: skip
"""What commands import inside functions, by themselves or through an optimizer."""


def preload() -> None:
    """Import what commands import, so that forked processes need not. Starts no thread."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["TMEATTN_PLUGINS"] = "off"
    import torch

    import tmeattn
    from tmeattn.registry import registry

    torch.set_num_threads(1)
    package = Path(tmeattn.__file__).parent
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        if not {"tui", "scaffold", "docs", "__main__", "__init__"} & set(parts):
            importlib.import_module(".".join(parts))
    for name in _LIBRARIES:
        importlib.import_module(name)
    registry()


class Running:
    """A command that was started.

    pid: its process.   result: its end; None while it runs.
    """

    def __init__(self, work: Path, arguments: tuple[str, ...], faults: Faults | None, setup: Setup | None) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        pipes = {name: os.pipe() for name in ("out", "err", "changes")}
        self.pid = os.fork()
        if self.pid == 0:
            _child(work, {name: write for name, (_, write) in pipes.items()}, arguments, faults, setup)
        self.result: Result | None = None
        self._pipes: dict[str, int] = {}
        self._texts: dict[str, bytearray] = {}
        for name, (read, write) in pipes.items():
            os.close(write)
            os.set_blocking(read, False)
            self._pipes[name], self._texts[name] = read, bytearray()

    def poll(self, *, hangs: bool = False) -> Result | None:
        """The end of the command, or None. `hangs`: what to write into it."""
        if self.result is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self._drain()
            if ended:
                for read in self._pipes.values():
                    os.close(read)
                out, err, changes = (bytes(text).decode(errors="replace") for text in self._texts.values())
                pairs = [(kind, path) for kind, path in json.loads(changes)] if changes else []
                self.result = Result(os.waitstatus_to_exitcode(status), out, err, pairs, hangs)
        return self.result

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, limit: float = LIMIT) -> Result:
        """The end of the command, which is killed after `limit` seconds without progress."""
        patience, hangs = Patience(lambda: ticks(self.pid), limit), False
        while (result := self.poll(hangs=hangs)) is None:
            if patience.is_over:
                os.kill(self.pid, signal.SIGKILL)
                hangs = True
            time.sleep(0.002)
        return result

    def _drain(self) -> None:
        for name, read in self._pipes.items():
            with suppress(BlockingIOError):
                while data := os.read(read, 2**16):
                    self._texts[name] += data


def start(work: Path, *arguments: str, faults: Faults | None = None, setup: Setup | None = None) -> Running:
    """Start `tmeattn ARGUMENTS` in the folder `work`, whose `home` is its home.

    faults: the faults to install in it.   setup: called in it, such as to set a limit.
    """
    return Running(work, arguments, faults, setup)


def command(work: Path, *arguments: str, faults: Faults | None = None, setup: Setup | None = None) -> Result:
    """Run a command to its end; see `start`."""
    return start(work, *arguments, faults=faults, setup=setup).wait()


def _child(
    work: Path, pipes: dict[str, int], arguments: tuple[str, ...], faults: Faults | None, setup: Setup | None
) -> None:
    code = 70
    try:
        os.chdir(work)
        os.environ["TMEATTN_HOME"] = str(work / "home")
        os.environ["TERM"] = "dumb"
        os.environ["COLUMNS"] = "200"
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, descriptor in ((0, nothing), (1, pipes["out"]), (2, pipes["err"])):
            os.dup2(descriptor, number)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        sys.argv = ["tmeattn", *arguments]
        from tmeattn.cli.process import run_process

        if setup is not None:
            setup()
        if faults is not None:
            faults.install()
        try:
            code = run_process(arguments)
        except SystemExit as leave:
            code = leave.code if isinstance(leave.code, int) else 1
        sys.stdout.flush()
        sys.stderr.flush()
        if faults is not None:
            faults.at = 0
            _send(pipes["changes"], json.dumps(faults.changes).encode())
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def _send(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
