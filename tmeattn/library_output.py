"""What libraries print on standard error past Python: a panic of Rust code, with a stack trace, before its exception.

The message of tmeattn says what happened, in one line. So descriptor 2 leads into a temporary file while such a library
works, and Python's own stream is meanwhile written to a copy of it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import IO

_MOST = 2**20
"""Bytes of what was printed that are shown afterwards."""


class _Redirection:
    """Descriptor 2 while at least one block keeps it; the blocks may end in any order, in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._failed = False
        self._undo = contextlib.ExitStack()

    def begin(self) -> None:
        with self._lock:
            self._blocks += 1
            if self._blocks == 1:
                self._failed = False
                with contextlib.suppress(OSError):  # no descriptor 2, or no room for a temporary file
                    self._redirect()

    def end(self, *, failed: bool) -> None:
        with self._lock:
            self._blocks -= 1
            self._failed |= failed
            if not self._blocks:
                self._undo.close()

    def _redirect(self) -> None:
        with contextlib.ExitStack() as stack:
            real = os.dup(2)
            stack.callback(os.close, real)
            file = stack.enter_context(tempfile.TemporaryFile())
            stack.callback(self._show, file, real)
            stack.enter_context(_python_writes_to(real))
            os.dup2(file.fileno(), 2)
            stack.callback(os.dup2, real, 2)
            self._undo = stack.pop_all()

    def _show(self, file: IO[bytes], real: int) -> None:
        """Show what was printed, unless it belongs to an error that is reported anyway."""
        if not self._failed:
            with contextlib.suppress(OSError):
                file.seek(0)
                os.write(real, file.read(_MOST))


@contextlib.contextmanager
def _python_writes_to(descriptor: int) -> Iterator[None]:
    """Let `sys.stderr` write to another descriptor, where it would write to descriptor 2."""
    before = sys.stderr
    try:
        replaceable = before.fileno() == 2
    except (AttributeError, OSError, ValueError):  # the stream of a notebook, a test or a full-screen application
        replaceable = False
    if not replaceable:
        yield
        return
    before.flush()
    with open(
        descriptor, "w", buffering=1, encoding=before.encoding, errors="backslashreplace", closefd=False
    ) as stream:
        sys.stderr = stream
        try:
            yield
        finally:
            if sys.stderr is stream:
                sys.stderr = before


_REDIRECTION = _Redirection()


@contextlib.contextmanager
def library_output_kept() -> Iterator[None]:
    """Keep what a library prints on descriptor 2 inside the block, and show it afterwards unless the block fails."""
    _REDIRECTION.begin()
    failed = True
    try:
        yield
        failed = False
    except GeneratorExit:  # the reader wants no more
        failed = False
        raise
    finally:
        _REDIRECTION.end(failed=failed)


@contextlib.contextmanager
def screen_kept() -> Iterator[None]:
    """Let nothing that a library prints on descriptor 2 reach the screen of a full-screen application inside the block.

    The application writes to `sys.__stderr__`, which has a copy of the descriptor meanwhile.
    """
    before = sys.__stderr__
    real = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        encoding = getattr(before, "encoding", None) or "utf-8"
        errors = "backslashreplace" if encoding.lower().startswith("utf") else "replace"
        with open(real, "w", encoding=encoding, errors=errors, closefd=False) as stream:
            sys.__stderr__ = stream  # type: ignore[misc]
            os.dup2(nowhere, 2)
            try:
                yield
            finally:
                os.dup2(real, 2)
                sys.__stderr__ = before  # type: ignore[misc]
    finally:
        os.close(nowhere)
        os.close(real)
