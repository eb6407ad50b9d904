"""The process of the command `tmeattn`: its signals, its standard streams and its exit code."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class SignalInterrupt(KeyboardInterrupt):
    """A signal ended the command. A plain KeyboardInterrupt that passes `exec` makes Python end by SIGINT after all,
    even if it is caught."""


class OutputProblem(OSError):
    """Standard output cannot be written: the disk is full, or the terminal was closed."""


def run_process(arguments: Sequence[str]) -> int:
    """Run a command line in a process of its own and return its exit code.

    SIGTERM, SIGHUP and SIGUSR1, which a cluster sends, interrupt a command as Ctrl-C does; under nohup, SIGHUP stays
    ignored. Messages that cannot be written to standard error are dropped, and only the exit code reports the result.
    """
    _open_missing_streams()
    _guard_streams()
    try:
        _interrupt_on_signals()
        from tmeattn.cli.main import run

        code = run(arguments)
    except KeyboardInterrupt:  # while the program is imported, or twice
        print("Interrupted.", file=sys.stderr)
        code = 130
    return flushed(code)


def flushed(code: int) -> int:
    """The exit code after the rest of standard output is written: 3 where it cannot be."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        discard(sys.stdout)
    except OutputProblem as error:
        discard(sys.stdout)
        if code == 0:
            print(f"Error: {output_message(error)}", file=sys.stderr)
            return 3
    return code


def output_message(error: OSError) -> str:
    """What a user reads about standard output that cannot be written."""
    from tmeattn.os_errors import ROOM, reason

    hint = " Free some space." if error.errno in ROOM else ""
    return f"Cannot write to standard output: {reason(error)}.{hint}"


def discard(stream: IO[str]) -> None:
    """Send what is left in a stream to nowhere. Without this, Python would print a second error at exit."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _open_missing_streams() -> None:
    """Give a closed standard stream (`tmeattn models >&-`) the null device: otherwise the next file that is opened gets
    its number, and the output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            mode = "r" if number == 0 else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", errors="replace", closefd=False))  # noqa: SIM115


class _StandardOutput(io.FileIO):
    """Standard output with errors of its own class, so that they differ from those of files."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputProblem(error.errno, error.strerror) from None


class _StandardError(io.FileIO):
    """Standard error whose errors are dropped: no command fails because its messages cannot be shown."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _guard_streams() -> None:
    if os.name == "nt":  # a console of Windows has its own kind of stream
        return
    for name, kind in (("stdout", _StandardOutput), ("stderr", _StandardError)):
        old = getattr(sys, name)
        with contextlib.suppress(OSError, ValueError):
            old.flush()
        raw = kind(old.fileno(), "wb", closefd=False)
        new = io.TextIOWrapper(
            io.BufferedWriter(raw),
            encoding=old.encoding,
            errors=old.errors,
            line_buffering=old.line_buffering,
            write_through=old.write_through,
        )
        setattr(sys, name, new)


def _interrupt_on_signals() -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        from tmeattn.training.signals import note_early

        note_early(number)
        raise SignalInterrupt

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # as SIGHUP is under nohup
            signal.signal(number, interrupt)
