"""Commands of tmeattn in processes of their own that start at once: forks of a process that has made the imports.

A fork differs from `python -m tmeattn` in the time that imports and the end of the interpreter take, which is several
seconds where torch is needed: it has its own environment, standard streams and signals, and finds the plugins on its
own import path. What happens while Python starts and ends is under test in cli/test_process.py and
test_child_python.py.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Process:
    """A command that has been started. Its process is a child of the server, which is asked for its exit code."""

    server: Preloaded
    pid: int

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, seconds: float = 120.0) -> int:
        """The exit code; the negative number of the signal that ended it."""
        until = time.monotonic() + seconds
        while (code := self.server.ask(wait=self.pid)) is None:
            if time.monotonic() > until:
                self.send_signal(signal.SIGKILL)
                raise AssertionError(f"the command has not ended in {seconds} seconds")
            time.sleep(0.01)
        return int(code)


class Preloaded:
    """The server of the forks. It imports once, when the first command is started."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None

    def ask(self, **request: Any) -> Any:
        """The server's answer to a request."""
        if self._server is None:
            path = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH", "")]))
            self._server = subprocess.Popen(
                [sys.executable, "-m", "support.preloaded"], env={**os.environ, "PYTHONPATH": path},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return json.loads(self._server.stdout.readline())

    def start(
        self, *arguments: str, env: dict[str, str], cwd: Path | None = None, stdout: Path | None = None,
        stderr: Path | None = None, ignoring: Sequence[int] = (),
    ) -> Process:  # fmt: skip
        """Start `tmeattn ARGUMENTS`, with nothing on its standard input.

        stdout, stderr: the files or named pipes that it writes to, or None for nowhere.
        ignoring:       the signals that whoever starts it ignores; it gets the others, whoever runs the tests.
        """
        streams = [str(path or os.devnull) for path in (stdout, stderr)]
        folder = str(cwd or Path.cwd())
        pid = self.ask(arguments=arguments, env=env, cwd=folder, streams=streams, ignoring=[*map(int, ignoring)])
        return Process(self, pid)

    def run(
        self, *arguments: str, env: dict[str, str], folder: Path, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `tmeattn ARGUMENTS` to its end; its output passes through files in `folder`."""
        out, err = folder / "stdout", folder / "stderr"
        code = self.start(*arguments, env=env, cwd=cwd, stdout=out, stderr=err).wait()
        return subprocess.CompletedProcess(arguments, code, out.read_text("utf-8"), err.read_text("utf-8"))

    def close(self) -> None:
        if self._server is not None:
            self._server.communicate()


def serve() -> int:
    """Answer requests until there are no more; in a fork, the exit code of its command."""
    from campaigns.forked import preload

    preload()
    gc.freeze()  # no collection in a fork touches, and so copies, the memory of the imports
    while line := sys.stdin.readline():
        request = json.loads(line)
        if "wait" in request:
            pid, status = os.waitpid(request["wait"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        elif (answer := os.fork()) == 0:
            return become(**request)
        print(json.dumps(answer), flush=True)
    return 0


def become(arguments: list[str], env: dict[str, str], cwd: str, streams: list[str], ignoring: list[int]) -> int:
    """Run the command in this process, in the state in which Python would have started it."""
    from tmeattn.cli.process import run_process
    from tmeattn.registry import _discovered

    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    for number, path in enumerate([os.devnull, *streams]):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC if number else os.O_RDONLY)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ignored in ignoring:
        signal.signal(ignored, signal.SIG_IGN)
    sys.path[:0] = [path for path in env.get("PYTHONPATH", "").split(os.pathsep) if path and path not in sys.path]
    sys.argv = ["tmeattn", *arguments]
    _discovered.cache_clear()
    return run_process(arguments)


if __name__ == "__main__":
    code = 70
    try:
        code = serve()
    finally:
        os._exit(code)
