"""A pipe whose lines are used as they arrive: before it waits for more bytes, what has arrived is dealt with."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

MOST_BYTES = 2**16
"""The most bytes that are read at once: what a pipe holds on Linux."""


class ArrivingInput(io.BufferedIOBase):
    """A binary stream that calls `before_wait` each time before it reads from the pipe, which may wait for its writer.

    An exception of `before_wait` ends the stream; it is kept in `failure`, so that it is not taken for an error of
    reading.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._head = b""
        self.before_wait: Callable[[], None] = lambda: None
        self.failure: BaseException | None = None

    def readable(self) -> bool:
        return True

    def peek(self, size: int = 0, /) -> bytes:
        """The next bytes, without reading them; empty at the end."""
        self._head = self._head or self._arrived()
        return self._head

    def read1(self, size: int = -1, /) -> bytes:
        """What has arrived, also where that is more than `size` bytes; empty at the end."""
        data, self._head = self._head or self._arrived(), b""
        return data

    def _arrived(self) -> bytes:
        if self.failure is not None:
            return b""
        try:
            self.before_wait()
        except BaseException as error:
            self.failure = error
            return b""
        read: Callable[[int], bytes] = getattr(self._stream, "read1", self._stream.read)
        return read(MOST_BYTES)
