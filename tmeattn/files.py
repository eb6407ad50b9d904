"""Files: written completely or not at all, JSON objects read from them, and disk errors as messages."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from tmeattn.errors import EnvironmentProblem

OTHER_HOME = "Free some space or choose another folder with --home or TMEATTN_HOME."
OTHER_FOLDER = "Free some space or choose another folder."


@contextlib.contextmanager
def disk_errors(
    what: str, path: Path, *, verb: Literal["write", "delete"] = "write", hint: str = OTHER_HOME
) -> Iterator[None]:
    """Turn an `OSError` inside the block (a full disk, a missing permission) into an `EnvironmentProblem` whose message
    names the content, the path and the reason."""
    try:
        yield
    except OSError as error:
        raise disk_error(what, path, error, verb=verb, hint=hint) from error


def disk_error(
    what: str, path: Path, error: OSError, *, verb: Literal["write", "delete"] = "write", hint: str = OTHER_HOME
) -> EnvironmentProblem:
    """The `EnvironmentProblem` of an `OSError`, for code that is too hot for `disk_errors`."""
    place = f"to {path}" if verb == "write" else f"at {path}"
    return EnvironmentProblem(f"Cannot {verb} {what} {place}: {error.strerror or error}.", hint=hint)


def write_atomically(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Replace `path` by `data`: write a temporary file beside it and rename that.

    durable: wait until the bytes are on the disk, so that a power failure loses nothing.


    Raises:
        OSError: `path` is unchanged, and no temporary file remains.
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
