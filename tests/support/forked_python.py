"""The server's side of python_client.py: forks that run a command line of Python for a client each."""

from __future__ import annotations

import atexit
import importlib
import marshal
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """A command line of Python behind its name, and the state in which its process begins.

    streams: its standard input, output and error.   ignoring: the signals that it ignores.
    """

    arguments: list[str]
    env: dict[str, str]
    cwd: str
    ignoring: list[int]
    streams: list[int]


class Clients:
    """The clients at a socket, and the fork of each. A fork is killed when its client ends before it."""

    def __init__(self, path: Path | None) -> None:
        self._selector = selectors.DefaultSelector()
        self._listener: socket.socket | None = None
        if path is not None:
            self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._listener.bind(str(path))
            self._listener.listen(64)
            self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def serve_until_readable(self, descriptor: int) -> Request | None:
        """Answer clients until something can be read from `descriptor`. In a fork: what it has to run."""
        self._selector.register(descriptor, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fd == descriptor:
                    self._selector.unregister(descriptor)
                    return None
                if self._selector.get_map().get(key.fileobj) is not None and (request := key.data()) is not None:
                    return request

    def forget(self) -> None:
        """In a fork: close what belongs to the server."""
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        self._selector.close()

    def _accept(self) -> Request | None:
        assert self._listener is not None
        client, _ = self._listener.accept()
        head, streams, *_ = socket.recv_fds(client, 8, 3)
        with client.makefile("rb") as stream:
            asked = marshal.loads(stream.read(int.from_bytes(head, "big")))
        pid = os.fork()
        if pid == 0:
            self.forget()
            client.close()
            return Request(*asked, streams)
        for descriptor in streams:
            os.close(descriptor)
        client.sendall(pid.to_bytes(8, "big"))
        ended = os.pidfd_open(pid)

        def end() -> None:
            self._selector.unregister(ended)
            self._selector.unregister(client)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with suppress(OSError), client:
                client.sendall(code.to_bytes(8, "big", signed=True))
            os.close(ended)

        def client_has_ended() -> None:
            os.kill(pid, signal.SIGKILL)
            end()

        self._selector.register(ended, selectors.EVENT_READ, end)
        self._selector.register(client, selectors.EVENT_READ, client_has_ended)
        return None


def reset(env: dict[str, str], cwd: str, streams: Sequence[int], ignoring: Sequence[int]) -> None:
    """Give this process the environment, folder, standard streams, signals and import path of a new one."""
    from tmeattn.registry import _discovered

    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    for number, descriptor in enumerate(streams):
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
    importlib.invalidate_caches()
    _discovered.cache_clear()


def become_python(request: Request) -> None:
    """Run a command line of Python in this process. The current folder is never on the import path, as with -P."""
    os.setsid()
    reset(request.env, request.cwd, request.streams, request.ignoring)
    rest = list(request.arguments)
    while rest[0] in ("-P", "-u"):
        if rest.pop(0) == "-u":
            sys.stdout.reconfigure(write_through=True)
    if rest[0] == "-c":
        sys.argv = ["-c", *rest[2:]]
        exec(compile(rest[1], "<string>", "exec"), {"__name__": "__main__"})
    elif rest[0] == "-m":
        sys.argv = rest[1:]
        runpy.run_module(rest[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = rest
        runpy.run_path(rest[0], run_name="__main__")


def end_as_python(run: Callable[[], None]) -> int:
    """Run something to its end, and do what Python does at its end; the exit code."""
    code = 0
    try:
        run()
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else 0 if leave.code is None else 1
        if isinstance(leave.code, str):
            print(leave.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    return code
