"""What killed processes leave in a run's folder: temporary files, a checkpoint that was not renamed, an old status."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tmeattn.errors import TmeattnError
from tmeattn.files import remove_leftovers
from tmeattn.runs.checksums import NEXT
from tmeattn.runs.lock import writing

if TYPE_CHECKING:
    from tmeattn.runs.directory import RunDirectory
    from tmeattn.runs.run_files import RunStatus


def tidy(run: RunDirectory, *, training: bool = False) -> None:
    """Remove the temporary files of processes that no longer exist from a run's folder.

    training: this process trains the run, so that a checkpoint under its temporary name is its own.
    """
    for folder in (run.path, run.checkpoints, run.path / "control"):
        remove_leftovers(folder)
    if training:
        with contextlib.suppress(OSError):
            (run.checkpoints / NEXT).unlink(missing_ok=True)


def put_right(run: RunDirectory, status: RunStatus) -> None:
    """Do what a process that was killed after its last event could not do: write the state `finished`, and remove its
    temporary files. A run that another process writes, or that cannot be written, stays as it is."""
    with contextlib.suppress(TmeattnError, OSError), writing(run):
        write_finished(run, status)
        tidy(run, training=True)


def write_finished(run: RunDirectory, status: RunStatus) -> None:
    """Write the state of a run that this process holds, and whose log ends with `finished`."""
    if status["state"] in ("running", "stopped", "failed"):
        with contextlib.suppress(OSError):
            run.write_status({**status, "state": "finished"})
