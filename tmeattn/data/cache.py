"""Cache folders: complete or absent, even where several processes build the same one at once."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import numpy as np

from tmeattn.data.checksums import sampled_sha256
from tmeattn.files import disk_errors, read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
STALE = 24 * 3600
"""Age in seconds after which an unfinished folder is taken to belong to a process that was killed."""
_UNFINISHED = re.compile(r".*\.(?:([0-9a-f]{8})-)?([0-9]{1,10})-[0-9a-f]+\.tmp(?:\.damaged)?")
"""The name of an unfinished folder: computer and id of its process, and a random part."""
_header_lock = threading.Lock()
"""numpy parses the header of a file with `ast`, which Python 3.11 cannot do safely in several threads at once."""
DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a damaged folder can raise. Its opener returns None then, and the folder is built again."""
_verified: set[tuple[int, int, int, int]] = set()
"""The files whose checksums this process has computed: device, inode, size and modification time."""


class FileChecks(TypedDict):
    """What a manifest states about the files beside it: bytes, and the `sampled_sha256`. Folders of earlier versions
    have no checksums."""

    sizes: dict[str, int]
    checksums: dict[str, str]


def open_or_build(
    folder: Path,
    open_folder: Callable[[Path], T | None],
    build: Callable[[Path], None],
    content: str,
    narrate: Callable[[str], None] = lambda line: None,
) -> T:
    """Open `folder`; where it is missing or damaged, build it first.

    A temporary folder beside it is built and then renamed, so that no process opens an incomplete folder.

    open_folder: returns the opened content, or None where the folder is missing or damaged.
    build:       fills the temporary folder that it is given.
    content:     names the content in a message, such as "the encoded corpus".
    narrate:     called with a line when a damaged folder is built again.

    Raises:
        EnvironmentProblem: the cache cannot be written. Like any error of `build`, it leaves nothing behind, and a
            damaged folder stays until it can be replaced.
    """
    opened = open_folder(folder)
    if opened is not None:
        return opened
    if folder.exists():
        narrate(f"A file of {content} in {folder} is damaged; it is built again.")
    unique = f"{_computer()}-{os.getpid()}-{secrets.token_hex(4)}"
    temporary = folder.with_name(f"{folder.name}.{unique}.tmp")
    try:
        # The folder is made before the work, so that a cache that cannot be written is reported first.
        with disk_errors(content, folder.parent):
            temporary.mkdir(parents=True)
            _remove_stale(folder.parent)
        build(temporary)
        with disk_errors(content, folder.parent):
            return _publish(temporary, folder, open_folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def load_array(path: Path) -> np.ndarray:
    """Memory-map an .npy file, as a plain array: indexing a `np.memmap` is slower."""
    with _header_lock:
        return np.asarray(np.load(path, mmap_mode="r"))


def save_array(path: Path, array: np.ndarray) -> None:
    """Write an .npy file. The error of a full disk is clear, other than that of `np.save`."""
    array = np.ascontiguousarray(array)
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        file.write(array.reshape(-1).view(np.uint8).data)


def file_checks(folder: Path) -> FileChecks:
    """The sizes and checksums of the files of a folder, for its manifest."""
    files = sorted(folder.iterdir())
    return {
        "sizes": {path.name: path.stat().st_size for path in files},
        "checksums": {path.name: _checksum(path) for path in files},
    }


def write_manifest(path: Path, manifest: Mapping[str, object]) -> None:
    """Write the manifest of a folder, which is always its last file."""
    path.write_text(json.dumps({**manifest, _OWN: _own_checksum(manifest)}, indent=1), encoding="utf-8")


def read_manifest(path: Path, version: int) -> Any:
    """Read a manifest that `write_manifest` wrote; its writer declares its type.

    Sizes are verified each time, checksums at the first time that a process opens the files.

    Raises:
        ValueError: the manifest is no JSON object, is damaged or has another format version, or a file beside it has
            another size or checksum. `DAMAGE` lists the other errors.
    """
    manifest: Any = read_json(path)
    if manifest is None:
        raise ValueError("the manifest is missing or damaged")
    own = manifest.pop(_OWN, None)
    if own is not None and own != _own_checksum(manifest):
        raise ValueError("the manifest is damaged")
    if manifest["format"] != version:
        raise ValueError(f"format {manifest['format']}, not {version}")
    checksums = manifest.get("checksums", {})
    for name, size in manifest["sizes"].items():
        file = path.parent / name
        if file.stat().st_size != size:
            raise ValueError(f"{name} is not {size} bytes long")
        if name in checksums and _identity(file) not in _verified and _checksum(file) != checksums[name]:
            _verified.discard(_identity(file))
            raise ValueError(f"{name} has another checksum")
    return manifest


_OWN = "checksum"


def _own_checksum(manifest: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _checksum(path: Path) -> str:
    """The checksum of a file, which then counts as verified in this process."""
    checksum = sampled_sha256(path)
    _verified.add(_identity(path))
    return checksum


def _identity(path: Path) -> tuple[int, int, int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


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
        # The folder with the final name is damaged. Rename it before deleting, so that no process opens a part of it.
        damaged = temporary.with_name(f"{temporary.name}.damaged")
        with suppress(OSError):
            folder.rename(damaged)
            shutil.rmtree(damaged, ignore_errors=True)
    raise failure


def _remove_stale(cache: Path) -> None:
    """Remove the unfinished folders of processes that were killed: of this computer at once, else after a day."""
    here = _computer()
    for path in cache.glob("*.tmp*"):
        parts = _UNFINISHED.fullmatch(path.name)
        with suppress(OSError):
            if parts is None or not path.is_dir():
                continue
            dead = parts[1] == here and not _is_alive(int(parts[2]))
            if dead or time.time() - path.stat().st_mtime > STALE:
                shutil.rmtree(path, ignore_errors=True)


def _computer() -> str:
    """Names the computer and, in a container, its own numbers of processes."""
    try:
        numbers = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        numbers = ""
    return hashlib.sha256(f"{socket.gethostname()}\0{numbers}".encode()).hexdigest()[:8]


def _is_alive(pid: int) -> bool:
    """Whether a process of this computer exists; True where the system gives no answer."""
    if os.name != "posix" or pid <= 0:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
