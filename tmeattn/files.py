"""Files: written completely or not at all, JSON objects read from them, and disk errors as messages."""

from __future__ import annotations

import contextlib
import json
import os
import re
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


# Characters that JSON may contain and that mislead a reader or control a terminal: DEL, C1 controls, format characters
# (among them all bidirectional controls), line and paragraph separators, and lone surrogates.
_MISLEADING = re.compile(
    "[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)


def escaped(document: str) -> str:
    """A JSON document with misleading characters as `\\u` escapes: its value stays the same."""
    return _MISLEADING.sub(_escape, document)


def _escape(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


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
