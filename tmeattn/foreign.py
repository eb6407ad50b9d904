"""Code of plugins while it is imported or called: what it raises is caught, and what it prints is kept off stdout."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import IO, Any

from tmeattn.errors import BadInput, EnvironmentProblem, TmeattnError, shortened
from tmeattn.os_errors import advice, environment_problem

stdout_lock = threading.RLock()
"""Held while standard output is another file, which is so in all threads of the process."""

_INTERRUPTING = [signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class ForeignFailure(Exception):
    """Foreign code raised `error`, which may be any exception: `SystemExit`, a panic of a Rust extension ..."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(one_line(error))
        self.error = error


@contextlib.contextmanager
def foreign_code() -> Iterator[None]:
    """Run foreign code in the block.

    Raises:
        ForeignFailure: it raised something, a `KeyboardInterrupt` of its own included.
        KeyboardInterrupt: the user interrupted the program, even if the foreign code caught that.
    """
    interrupted: list[int] = []
    with _watched_signals(interrupted):
        try:
            yield
        except BaseException as error:
            if interrupted:
                raise KeyboardInterrupt from None
            raise ForeignFailure(error) from error
    if interrupted:
        raise KeyboardInterrupt


@contextlib.contextmanager
def _watched_signals(interrupted: list[int]) -> Iterator[None]:
    """Add each signal to `interrupted` whose handler raises an exception inside the block. A handler that only takes
    note, as that of a training does, is called as without this."""
    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield
        return
    handlers = {number: signal.getsignal(number) for number in _INTERRUPTING}

    def watch(number: int, frame: Any) -> Any:
        handler = handlers[signal.Signals(number)]
        try:
            return handler(number, frame) if callable(handler) else None
        except BaseException:
            interrupted.append(number)
            raise

    watched = [number for number, handler in handlers.items() if callable(handler)]
    for number in watched:
        signal.signal(number, watch)
    try:
        yield
    finally:
        for number in watched:
            signal.signal(number, handlers[number])


@contextlib.contextmanager
def plugin_call(whose: str, does: str) -> Iterator[None]:
    """Call the code of a plugin in the block. A `TmeattnError` that it raises is not changed.

    whose, does: the beginning of the message, such as "Model 'x' (from y)" and "fails in forward".

    Raises:
        BadInput: it raised something else, whatever that is.
        EnvironmentProblem: the computer is the cause, such as a full disk.
        KeyboardInterrupt: the user interrupted the program.
    """
    try:
        with foreign_code():
            yield
    except ForeignFailure as failure:
        raise plugin_error(failure.error, whose, does) from failure.error


def plugin_error(error: BaseException, whose: str, does: str) -> TmeattnError:
    """The error of a plugin that raised another: see `plugin_call`."""
    if isinstance(error, TmeattnError):
        return error
    message = f"{whose} {does}: {one_line(error).removesuffix('.')}."
    if environment_problem(error) is None:
        return BadInput(message, hint="See: tmeattn plugins doctor")
    hint = advice(error) if isinstance(error, OSError) else "Close other programs, or choose a smaller batch or model."
    return EnvironmentProblem(message, hint=hint)


def one_line(error: BaseException) -> str:
    """The type and the first line of an error, such as `ImportError: no module named x`, with at most 200 characters of
    its text."""
    name = type(error).__name__
    try:
        text = str(error).strip().splitlines()
    except BaseException:  # the text of a foreign exception is code of its own
        return f"{name} (its text cannot be shown)"
    return f"{name}: {shortened(text[0])}" if text else name


def formatted(error: BaseException) -> str:
    """The traceback of an error, without its text where that cannot be shown."""
    try:
        return "".join(traceback.format_exception(error))
    except BaseException:
        lines = traceback.format_tb(error.__traceback__)
        return "".join(["Traceback (most recent call last):\n", *lines, f"{one_line(error)}\n"])


@contextlib.contextmanager
def stdout_kept(into: IO[str]) -> Iterator[None]:
    """Write what the block prints to stdout into a file that has a descriptor, also what it prints past `sys.stdout`:
    from C, by `os.write` or in a subprocess.

    Standard output is reserved for results: a line of a plugin would damage a JSON document.
    """
    with stdout_lock, contextlib.redirect_stdout(into):
        _flush()
        try:
            saved = os.dup(1)
        except OSError:  # there is no standard output
            yield
            return
        try:
            os.dup2(into.fileno(), 1)
            yield
        finally:
            _flush()
            os.dup2(saved, 1)
            os.close(saved)


def _flush() -> None:
    """Flush what Python and C hold back for standard output."""
    for stream in (sys.__stdout__, sys.stdout):
        with contextlib.suppress(Exception):
            stream.flush()  # type: ignore[union-attr]
    with contextlib.suppress(Exception):
        import ctypes

        ctypes.CDLL(None).fflush(None)


@contextlib.contextmanager
def printed_lines() -> Iterator[list[str]]:
    """The lines that the block prints to stdout; they are there when it has ended."""
    import tempfile

    lines: list[str] = []
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as file:
        # A duplicate, because the foreign code may close what it prints to.
        with os.fdopen(os.dup(file.fileno()), "w", encoding="utf-8", errors="replace") as target, stdout_kept(target):
            yield lines
        file.seek(0)
        lines.extend(file.read(100_000).splitlines())
