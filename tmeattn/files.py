"""Files that are either the old one or the new one, never half of each."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tmeattn.errors import EnvironmentProblem

OTHER_HOME = "Free some space or choose another folder with --home or TMEATTN_HOME."
OTHER_FOLDER = "Free some space or choose another folder."


@contextlib.contextmanager
def disk_errors(what: str, path: Path, *, hint: str = OTHER_HOME) -> Iterator[None]:
    """Turn a full disk, missing permission and the like into one line that names the file."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise EnvironmentProblem(
            f"Cannot write {what} to {path}: {reason}.",
            hint=hint,
        ) from error


def write_atomically(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Replace `path` by `data` through a temporary neighbour; `durable` waits until the bytes are on disk.

    Raises:
        OSError: nothing was replaced, and no temporary file is left.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def to_json(value: Any) -> bytes:
    """Readable JSON, as written to `run.json` and `meta.json`."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None where there is no file, no JSON, or no object in it."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
