"""Memory that a training step frees is kept for the next step.

GNU's C library returns large blocks to the operating system as soon as they are freed. The next step asks for them
again, and the system fills every page with zeros before it is used: a fifth of the time of an LSTM's step. Within
`kept_memory`, freed blocks stay with the process, which holds some hundred MiB more. Other C libraries are left as they
are.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator
from typing import Any

KEPT = 1 << 29
"""Bytes: free memory at the end of the heap above which it is returned, and the size of blocks that always are."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h of GNU's C library
_DEFAULT_TRIM, _DEFAULT_MMAP = 64 << 20, 32 << 20  # the largest values that the library itself chooses


@contextlib.contextmanager
def kept_memory() -> Iterator[None]:
    """In this block, freed memory is kept for later use; at its end it is returned to the operating system."""
    library = _gnu_c_library()
    if library is None:
        yield
        return
    library.mallopt(_MMAP_THRESHOLD, KEPT)
    library.mallopt(_TRIM_THRESHOLD, KEPT)
    try:
        yield
    finally:
        library.mallopt(_MMAP_THRESHOLD, _DEFAULT_MMAP)
        library.mallopt(_TRIM_THRESHOLD, _DEFAULT_TRIM)
        library.malloc_trim(0)


def _gnu_c_library() -> Any:
    """The C library of this process; None where it is not GNU's."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        library = ctypes.CDLL(None)
        return library if library.mallopt and library.malloc_trim and library.gnu_get_libc_version else None
    except (AttributeError, OSError):
        return None
