"""Cache folders: complete or absent, even where several processes build the same one at once."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tmeattn.errors import EnvironmentProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")
STALE = 24 * 3600
"""Age in seconds after which an unfinished folder is taken to belong to a process that died."""
_header_lock = threading.Lock()
"""numpy parses the header of a file with `ast`, which Python 3.11 cannot do safely in several threads at once."""
DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError)
"""What reading a damaged folder can raise. Its opener returns None then, and the folder is built again."""


def open_or_build(
    folder: Path, open_folder: Callable[[Path], T | None], build: Callable[[Path], None], content: str
) -> T:
    """Open `folder`; where it is missing or damaged, build it first.

    A temporary folder beside it is built and then renamed, so that no process sees half of it.

    open_folder: returns the opened content, or None where the folder is missing or damaged.
    build:       fills the temporary folder that it is given.
    content:     names the content in an error, such as "The encoded corpus".

    Raises:
        EnvironmentProblem: the cache cannot be written. Like any error of `build`, it leaves nothing behind.
    """
    opened = open_folder(folder)
    if opened is not None:
        return opened
    temporary = folder.with_name(f"{folder.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        # The folder is made before the work, so that a cache that cannot be written is reported first.
        with writing(content, folder.parent):
            temporary.mkdir(parents=True)
            _remove_stale(folder.parent)
        build(temporary)
        with writing(content, folder.parent):
            return _publish(temporary, folder, open_folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def writing(content: str, cache: Path) -> Iterator[None]:
    """Turn a full disk or a missing permission into an error that names the folder."""
    try:
        yield
    except OSError as error:
        raise EnvironmentProblem(
            f"{content} cannot be written to {cache}: {error.strerror or error}.",
            hint="Free some space, change the permissions, or set TMEATTN_HOME to another folder.",
        ) from error


def load_array(path: Path) -> np.ndarray:
    """Memory-map an .npy file, as a plain array: indexing a `np.memmap` is slower."""
    with _header_lock:
        return np.asarray(np.load(path, mmap_mode="r"))


def file_sizes(folder: Path) -> dict[str, int]:
    """The size in bytes of each file of the folder, for its manifest."""
    return {path.name: path.stat().st_size for path in sorted(folder.iterdir())}


def write_manifest(path: Path, manifest: Mapping[str, object]) -> None:
    """Write the manifest of a folder, which is always its last file."""
    path.write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def read_manifest(path: Path, version: int) -> Any:
    """Read a manifest that `write_manifest` wrote; its writer declares its type.

    Raises:
        ValueError: the manifest has another format version, or a file beside it has another size. `DAMAGE` lists the
            other errors.
    """
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if manifest["format"] != version:
        raise ValueError(f"format {manifest['format']}, not {version}")
    for name, size in manifest["sizes"].items():
        if (path.parent / name).stat().st_size != size:
            raise ValueError(f"{name} is not {size} bytes long")
    return manifest


def _publish(temporary: Path, folder: Path, open_folder: Callable[[Path], T | None]) -> T:
    """Rename the finished folder to its final name. Where another process was faster, open what that one built."""
    failure = OSError(f"{folder.name} disappears as soon as it is written")
    for _ in range(10):
        try:
            temporary.rename(folder)
        except OSError as error:
            failure = error
        if (opened := open_folder(folder)) is not None:
            return opened
        # The folder with the final name is damaged. Rename it before deleting, so that no process sees half of it.
        damaged = temporary.with_name(f"{temporary.name}.damaged")
        with suppress(OSError):
            folder.rename(damaged)
            shutil.rmtree(damaged, ignore_errors=True)
    raise failure


def _remove_stale(cache: Path) -> None:
    """Remove the unfinished folders of processes that were killed."""
    for path in cache.glob("*.tmp"):
        with suppress(OSError):
            if path.is_dir() and time.time() - path.stat().st_mtime > STALE:
                shutil.rmtree(path, ignore_errors=True)
