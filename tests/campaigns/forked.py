"""Commands of tmeattn in forked processes: the imports are made once, so that one takes a fraction of a second."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .faults import Faults

LIMIT = 120.0
"""Seconds after which a command counts as one that does not end."""


@dataclass(frozen=True)
class Result:
    """The end of a command.

    code:    its exit code; the negative number of the signal that ended it.
    changes: the changes that it made to files, as pairs of kind and path, where they were counted.
    """

    code: int
    out: str
    err: str
    changes: list[tuple[str, str]] = field(default_factory=list)
    hangs: bool = False

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
        return "Traceback (most recent call last)" in self.err or "Exception ignored" in self.err


def preload() -> None:
    """Import what commands import, so that forked processes need not. Starts no thread."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["TMEATTN_PLUGINS"] = "off"
    import torch

    torch.set_num_threads(1)
    import polars  # noqa: F401

    from tmeattn.cli import config, data, main, plugins, predict, runs, train  # noqa: F401
    from tmeattn.inference import classifier, streaming  # noqa: F401
    from tmeattn.registry import registry
    from tmeattn.training import session  # noqa: F401

    registry()
    for name in ("torch._dynamo", "rich.live", "rich.progress", "rich.table", "rich.box", "tmeattn.api", "numpy.ma"):
        importlib.import_module(name)  # imported by an optimizer, and by what prints


def command(
    work: Path, *arguments: str, faults: Faults | None = None, setup: Callable[[], None] | None = None,
    limit: float = LIMIT,
) -> Result:  # fmt: skip
    """Run `tmeattn ARGUMENTS` in the folder `work`, whose `home` is its home.

    faults: the faults to install in it.   setup: called in it, such as to set a limit.
    limit:  seconds after which it hangs, and is killed.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    pipes = {name: os.pipe() for name in ("out", "err", "changes")}
    pid = os.fork()
    if pid == 0:
        _child(work, {name: write for name, (_, write) in pipes.items()}, arguments, faults, setup)
    texts: dict[str, bytearray] = {}
    for name, (read, write) in pipes.items():
        os.close(write)
        os.set_blocking(read, False)
        texts[name] = bytearray()
    start, hangs = time.monotonic(), False
    while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        _drain(pipes, texts)
        if time.monotonic() - start > limit:
            os.kill(pid, signal.SIGKILL)
            hangs = True
        time.sleep(0.002)
    _drain(pipes, texts)
    for read, _ in pipes.values():
        os.close(read)
    out, err, changes = (bytes(text).decode(errors="replace") for text in texts.values())
    pairs = [(kind, path) for kind, path in json.loads(changes)] if changes else []
    return Result(os.waitstatus_to_exitcode(ended[1]), out, err, pairs, hangs)


def _drain(pipes: dict[str, tuple[int, int]], texts: dict[str, bytearray]) -> None:
    for name, (read, _) in pipes.items():
        with suppress(BlockingIOError):
            while data := os.read(read, 2**16):
                texts[name] += data


def _child(work: Path, pipes: dict[str, int], arguments: tuple[str, ...], faults: Faults | None, setup: Any) -> None:
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
        from tmeattn.cli.main import run

        if setup is not None:
            setup()
        if faults is not None:
            faults.install()
        try:
            code = run(list(arguments))
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
