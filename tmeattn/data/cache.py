"""Entries of the cache: folders that are complete or not there, whoever makes them, and however many at once."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tmeattn.errors import EnvironmentProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
STALE = 24 * 3600
"""Seconds after which an unfinished folder is one that its maker never came back to."""


def entry(folder: Path, opened: Callable[[Path], T | None], build: Callable[[Path], None], what: str) -> T:
    """What `opened(folder)` gives; where that is None, `build` fills a temporary neighbour, which becomes the folder.

    what: names the content in an error, such as "The encoded corpus".
    Raises `EnvironmentProblem` where the cache cannot be written, and whatever `build` raises; nothing is left then.
    """
    found = opened(folder)
    if found is None:
        temporary = folder.with_name(f"{folder.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
        try:
            # Made before the work, so that an unwritable cache is noticed before it.
            with writing(what, folder.parent):
                temporary.mkdir(parents=True)
                _sweep(folder.parent)
            build(temporary)
            with writing(what, folder.parent):
                found = _publish(temporary, folder, opened)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return found


@contextmanager
def writing(what: str, cache: Path) -> Iterator[None]:
    """Turn a full disk or a missing permission into an error that names the folder."""
    try:
        yield
    except OSError as error:
        raise EnvironmentProblem(
            f"{what} cannot be written to {cache}: {error.strerror or error}.",
            hint="Free some space or the permission, or set TMEATTN_HOME to another folder.",
        ) from error


def load_array(path: Path) -> np.ndarray:
    """A memory map, as a plain array: indexing a `np.memmap` is slower."""
    return np.asarray(np.load(path, mmap_mode="r"))


def _publish(temporary: Path, folder: Path, opened: Callable[[Path], T | None]) -> T:
    """Rename the finished folder into place. Where another process was faster, its entry is used."""
    failure = OSError(f"{folder.name} vanishes as soon as it is there")
    for _ in range(10):
        try:
            temporary.rename(folder)
        except OSError as error:
            failure = error
        if (found := opened(folder)) is not None:
            return found
        # What stands there is damaged, or gone by now: aside with it, so that nobody sees it half deleted.
        aside = temporary.with_name(f"{temporary.name}.damaged")
        with suppress(OSError):
            folder.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
    raise failure


def _sweep(cache: Path) -> None:
    """Remove what processes that were killed have left unfinished."""
    for path in cache.glob("*.tmp"):
        with suppress(OSError):
            if path.is_dir() and time.time() - path.stat().st_mtime > STALE:
                shutil.rmtree(path, ignore_errors=True)
