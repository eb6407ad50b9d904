"""Both sides of the protocol of a run directory: requests to a training process, and what it says."""

from __future__ import annotations

import contextlib
from typing import Literal

from tmeattn.files import disk_errors
from tmeattn.paths import home
from tmeattn.runs.directory import RunDirectory

LOG = "worker.log"


_TAIL_BYTES = 8192


def request(run: RunDirectory, what: Literal["stop", "checkpoint"]) -> None:
    """Ask whoever trains a run, on whatever machine, to stop or to save after its current step.

    Raises:
        EnvironmentProblem: the request cannot be written.
    """
    with disk_errors("the request", run.path):
        (run.path / "control").mkdir(exist_ok=True)
        (run.path / "control" / what).touch()


def pending(run: RunDirectory, what: Literal["stop", "checkpoint"]) -> bool:
    """Whether a request has been made and not been read yet."""
    return (run.path / "control" / what).exists()


def last_words(run: RunDirectory, lines: int = 12) -> list[str]:
    """The last lines that the process of a run wrote on stderr; none where it was started elsewhere."""
    for path in (run.path / LOG, home() / "logs" / f"{run.id}.log"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            file.seek(max(path.stat().st_size - _TAIL_BYTES, 0))
            found = [line.rstrip() for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
            if found:
                return found[-lines:]
    return []
