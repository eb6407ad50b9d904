"""Commands of tmeattn in processes of their own that start at once: forks of a process that has made the imports.

A fork differs from `python -m tmeattn` in the time that imports and the end of the interpreter take, which is several
seconds where torch is needed: it has its own environment, standard streams and signals, and finds the plugins on its
own import path. What happens while Python starts and ends is under test in cli/test_process.py and
test_child_python.py.

The processes that a fork starts itself, such as those of `train --processes`, are forks too: it has `Preloaded.python`
in the place of Python. A test whose own process starts some uses the fixture `quick_python`.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
SOCKET = "socket"


def _tells_when_a_process_ends() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):  # no Linux, an old one, or a container that forbids it
        return False
    return True


CAN_STAND_FOR_PYTHON = _tells_when_a_process_ends()
"""Whether there is a stand-in for Python; where there is none, the processes of a fork are real ones."""


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


def write_client(folder: Path) -> Path:
    """The program python_client.py, for the server whose socket is in `folder`."""
    source = (TESTS / "support" / "python_client.py").read_text("utf-8")
    client = folder / "python"
    client.write_text(f"#!{sys.executable} -IS\n" + source.replace('SERVER = ""', f"SERVER = {str(folder / SOCKET)!r}"))
    client.chmod(0o700)
    return client


class Preloaded:
    """The server of the forks. It imports once, when the first command is started."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="tmeattn-"))  # the path of a socket must be short
        self._client = write_client(self._folder) if CAN_STAND_FOR_PYTHON else Path(sys.executable)

    @property
    def python(self) -> str:
        """A program that runs a command line of Python, with -P, in a fork of the server."""
        self.ask(ready=True)
        return str(self._client)

    def ask(self, **request: Any) -> Any:
        """The server's answer to a request."""
        if self._server is None:
            path = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH", "")]))
            self._server = subprocess.Popen(
                [sys.executable, "-P", "-m", "support.preloaded", str(self._folder), str(self._client)],
                env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
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
        shutil.rmtree(self._folder, ignore_errors=True)


def serve(folder: str, client: str) -> int:
    """Answer requests until there are no more; in a fork, the exit code of its command."""
    from campaigns.forked import preload

    from .forked_python import Clients, become_python, end_as_python

    preload()
    gc.freeze()  # no collection in a fork touches, and so copies, the memory of the imports
    clients = Clients(Path(folder) / SOCKET if CAN_STAND_FOR_PYTHON else None)
    sys.executable = client
    while True:
        request = clients.serve_until_readable(sys.stdin.fileno())
        if request is not None:
            return end_as_python(partial(become_python, request))
        if not (line := sys.stdin.readline()):
            return 0
        asked = json.loads(line)
        if "wait" in asked:
            pid, status = os.waitpid(asked["wait"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        elif "ready" in asked:
            answer = True
        elif (answer := os.fork()) == 0:
            clients.forget()
            return become(**asked)
        print(json.dumps(answer), flush=True)


def become(arguments: list[str], env: dict[str, str], cwd: str, streams: list[str], ignoring: list[int]) -> int:
    """Run the command in this process, in the state in which Python would have started it."""
    from tmeattn.cli.process import run_process

    from .forked_python import reset

    descriptors = [
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC if number else os.O_RDONLY)
        for number, path in enumerate([os.devnull, *streams])
    ]
    reset(env, cwd, descriptors, ignoring)
    sys.argv = ["tmeattn", *arguments]
    return run_process(arguments)


if __name__ == "__main__":
    code = 70
    try:
        code = serve(*sys.argv[1:])
    finally:
        os._exit(code)
