"""Code of plugins while it is imported or called: what it raises is caught, and what it prints is kept off stdout."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from typing import IO, Any

from tmeattn.errors import shortened


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
        KeyboardInterrupt: the user pressed Ctrl-C, even if the foreign code caught that.
    """
    previous = signal.getsignal(signal.SIGINT)
    pressed = []

    def press(number: int, frame: Any) -> Any:
        pressed.append(number)
        return previous(number, frame) if callable(previous) else None

    watched = callable(previous)
    if watched:
        try:
            signal.signal(signal.SIGINT, press)
        except ValueError:  # not the main thread, which alone gets signals
            watched = False
    try:
        yield
    except BaseException as error:
        if pressed:
            raise KeyboardInterrupt from None
        raise ForeignFailure(error) from error
    finally:
        if watched:
            signal.signal(signal.SIGINT, previous)
    if pressed:
        raise KeyboardInterrupt


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
    with contextlib.redirect_stdout(into):
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
