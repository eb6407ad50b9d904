"""Files: written completely or not at all, JSON objects read from them, and disk errors as messages."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import json
import math
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any, Literal

from tmeattn.errors import BadInput, EnvironmentProblem, shortened
from tmeattn.os_errors import ELSEWHERE, advice, is_environment, reason

OTHER_HOME = f"{ELSEWHERE} with --home or TMEATTN_HOME"
LARGEST_JSON = 64 * 2**20
"""Bytes of the largest JSON file that `read_json` reads."""
LARGEST_INTEGER = 2**63
DEEPEST_JSON = 100
ABANDONED = 24 * 3600
"""Seconds after which a temporary file is a leftover although a process with its number exists: the number was given
to another process since."""
_TEMPORARY = re.compile(r"\.(?P<name>.+)\.(?P<pid>\d{1,10})\.tmp", re.DOTALL)
_STARTED = time.time()


@contextlib.contextmanager
def disk_errors(
    what: str,
    path: Path,
    *,
    verb: Literal["write", "delete"] = "write",
    elsewhere: str = OTHER_HOME,
    then: str = "",
) -> Iterator[None]:
    """Turn an `OSError` inside the block (a full disk, a missing permission) into an `EnvironmentProblem` whose message
    names the content, the path, the reason, and the advice that fits it.

    elsewhere: how the user chooses another place, see `tmeattn.os_errors.advice`.   then: a sentence after the advice.
    """
    try:
        yield
    except OSError as error:
        raise disk_error(what, path, error, verb=verb, elsewhere=elsewhere, then=then) from error


def disk_error(
    what: str,
    path: Path,
    error: OSError,
    *,
    verb: Literal["write", "delete"] = "write",
    elsewhere: str = OTHER_HOME,
    then: str = "",
) -> EnvironmentProblem:
    """The `EnvironmentProblem` of an `OSError`, for code that is too hot for `disk_errors`."""
    place = f"to {shortened(path)}" if verb == "write" else f"at {shortened(path)}"
    hint = f"{advice(error, verb, elsewhere=elsewhere)} {then}".rstrip()
    return EnvironmentProblem(f"Cannot {verb} {what} {place}: {reason(error)}.", hint=hint)


def read_error(path: Path, error: OSError, *, what: str = "", hint: str | None = None) -> BadInput | EnvironmentProblem:
    """The error of a file that cannot be read: an `EnvironmentProblem` where the computer is the cause, such as a
    faulty disk, and else a `BadInput`, because the user gave its path.

    what: words before the path, such as the option that names it.   hint: instead of the advice that fits the error.
    """
    kind = EnvironmentProblem if is_environment(error) else BadInput
    return kind(f"{what}{shortened(path)} cannot be read: {reason(error)}.", hint=hint or advice(error, "read"))


def check_place(path: Path, *, replaces: bool) -> None:
    """Check that there is place for a file or a folder, before anything is computed for it.

    replaces: whether it may replace an older one.

    Raises:
        BadInput: something is there, or its folder does not exist.
    """
    if os.path.lexists(path) and not replaces:
        raise BadInput(f"{shortened(path)} exists already.", hint="Choose another name or add --force.")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise BadInput(f"There is no folder {shortened(folder)}.", hint="Create it, or choose another.")


def check_new_folder(path: Path) -> None:
    """Check that a path can be a folder, which is created where it does not exist.

    Raises:
        BadInput: it is a file, or below a file.
    """
    first = next(place for place in (path.absolute(), *path.absolute().parents) if os.path.lexists(place))
    if not first.is_dir():
        raise BadInput(f"{shortened(first)} is not a folder.", hint="Choose another.")


def temporary_name(path: Path) -> Path:
    """The name beside `path` under which this process writes what it renames to `path` when it is complete."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def write_atomically(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Replace `path` by `data`: write a temporary file beside it and rename that.

    durable: wait until the bytes and the new name are on the disk, so that a power failure loses nothing.

    Raises:
        OSError: `path` is unchanged, and no temporary file remains.
    """
    temporary = temporary_name(path)
    try:
        write_temporary(temporary, data, durable=durable)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def rewrite(path: Path, data: bytes, *, durable: bool = False) -> None:
    """`write_atomically` for a file that is written seldom: also remove what killed processes left of earlier tries."""
    remove_leftovers(path.parent, path.name)
    write_atomically(path, data, durable=durable)


def write_temporary(path: Path, data: bytes, *, durable: bool) -> None:
    """Write a file that is renamed later. `durable`: wait until its bytes are on the disk."""
    with path.open("wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk. Systems that cannot do this for folders are passed over."""
    if os.name != "posix":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder that may be written and not read
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EROFS):
            raise
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path, name: str | None = None, *, older_than: float = 0.0) -> None:
    """Remove the temporary files and folders (see `temporary_name`) that processes which no longer exist have left in a
    folder. Those of a process that exists are kept, and what cannot be removed is passed over.

    name:       remove only those of this file or folder.
    older_than: remove only those that have not changed for so many seconds. A folder that several computers write at
                once needs this, because a process of another computer is not known here.
    """
    with contextlib.suppress(OSError):
        for path in list(folder.iterdir()):
            found = _TEMPORARY.fullmatch(path.name)
            if found is None or name not in (None, found["name"]):
                continue
            with contextlib.suppress(OSError):
                changed = path.lstat().st_mtime
                if time.time() - changed >= older_than and _is_abandoned(int(found["pid"]), changed):
                    remove(path)


def is_temporary(path: Path) -> bool:
    """Whether a path has a name as `temporary_name` gives it."""
    return _TEMPORARY.fullmatch(path.name) is not None


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder. Raises `OSError`."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def publish(fresh: Path, place: Path) -> None:
    """Give a complete file or folder its name. An older folder is exchanged with it in one step where the system can do
    that; else it is renamed first, and is missing for a moment. Raises `OSError`."""
    if place.is_symlink() or not place.is_dir():
        if place.is_symlink() and fresh.is_dir():
            place.unlink()
        fresh.replace(place)
        return
    if _exchange(fresh, place):
        remove(fresh)
        return
    aside = temporary_name(place.with_name(f"{place.name}-old"))
    place.rename(aside)
    try:
        fresh.rename(place)
    except BaseException:
        aside.rename(place)
        raise
    remove(aside)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange the names of two folders in one step, as only Linux can; False where nothing was done."""
    if sys.platform != "linux":
        return False
    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):
        return False
    return bool(rename(-100, os.fsencode(first), -100, os.fsencode(second), 2) == 0)  # AT_FDCWD, RENAME_EXCHANGE


def _is_abandoned(pid: int, changed: float) -> bool:
    """Whether the process that left a temporary file no longer exists. `changed`: when it was written last."""
    if time.time() - changed > ABANDONED:
        return True
    if pid == os.getpid():
        return changed < _STARTED  # of an earlier process with the same number
    if os.name != "posix":  # there, a signal 0 is not only a question
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    return pid <= 0


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading bytes. Unlike `open`, it never waits for the other end of a pipe.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def sha256_of(path: Path) -> str:
    """The SHA-256 of a regular file. Raises `OSError`."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Characters that JSON may contain and that mislead a reader or control a terminal: DEL, C1 controls, format characters
# (among them all bidirectional controls), line and paragraph separators, and lone surrogates.
_MISLEADING = re.compile(
    "[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)


def without_nan(value: Any) -> Any:
    """A JSON value in which numbers that are not finite are None: JSON cannot hold them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    return [without_nan(item) for item in value] if isinstance(value, list | tuple) else value


def escaped(document: str) -> str:
    """A JSON document with misleading characters as `\\u` escapes: its value stays the same."""
    return _MISLEADING.sub(_escape, document)


def _escape(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def to_json(value: Any) -> bytes:
    """Readable JSON, as written to `run.json` and `meta.json`."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def parse_json(text: str) -> Any:
    """The value of a JSON text, whose numbers are finite and whose integers fit in 64 bits.

    Raises:
        ValueError: it is no such JSON, or is nested too deeply.
    """
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    _check(value, DEEPEST_JSON)
    return value


def _check(value: Any, left: int) -> None:
    """Raise ValueError where a number is too large, or a value is nested so deeply that it cannot be written again."""
    if isinstance(value, dict | list):
        if not left:
            raise ValueError("it is nested too deeply")
        for item in value.values() if isinstance(value, dict) else value:
            if item.__class__ is not str:
                _check(item, left - 1)
    elif value.__class__ is float:
        if not abs(value) < math.inf:
            raise ValueError("a number is too large")
    elif value.__class__ is int and not -LARGEST_INTEGER <= value < LARGEST_INTEGER:
        raise ValueError("a number is too large")


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no finite number")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
"""Made once: to make it takes as long as to read a small file."""


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None where there is no regular file, it is too large, or holds no object.

    Numbers that are not finite, and integers of more than 64 bits, are damage, too.
    """
    try:
        with open_regular(path) as file:
            data = file.read(LARGEST_JSON + 1)
        value = parse_json(data.decode("utf-8")) if len(data) <= LARGEST_JSON else None
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
