"""What tmeattn's own processes share: the end together with the parent or without it, and how one of them ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from typing import Any


def when_parent_ends(end: Callable[[], object]) -> threading.Thread:
    """Call `end`, in the thread that is returned, when standard input ends.

    The parent holds its other end, and the pipe closes however the parent ends. What is to be read from standard input
    must have been read before.
    """

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):  # not sys.stdin, whose lock would be held when Python shuts down
                pass
        end()

    thread = threading.Thread(target=wait, name="parent", daemon=True)
    thread.start()
    return thread


def stop_with_signal() -> None:
    """Send this process SIGTERM, which its handler answers as if it came from outside."""
    os.kill(os.getpid(), signal.SIGTERM)


def signal_that_ended(exit_code: int) -> str | None:
    """The name of the signal behind an exit code of `subprocess`, such as "SIGKILL"; None where there was none."""
    if exit_code >= 0:
        return None
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"


def detached() -> dict[str, Any]:
    """The options of `Popen` that keep a child alive when its terminal closes."""
    if os.name == "posix":
        return {"start_new_session": True}
    flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS  # type: ignore[attr-defined,unused-ignore]
    return {"creationflags": flags}
