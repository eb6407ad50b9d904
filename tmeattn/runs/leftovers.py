"""What killed processes leave in a run's folder: temporary files, and a checkpoint that was not renamed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tmeattn.files import remove_leftovers
from tmeattn.runs.checksums import NEXT

if TYPE_CHECKING:
    from tmeattn.runs.directory import RunDirectory


def tidy(run: RunDirectory, *, training: bool = False) -> None:
    """Remove the temporary files of processes that no longer exist from a run's folder.

    training: this process trains the run, so that a checkpoint under its temporary name is nobody else's.
    """
    for folder in (run.path, run.checkpoints, run.path / "control"):
        remove_leftovers(folder)
    if training:
        with contextlib.suppress(OSError):
            (run.checkpoints / NEXT).unlink(missing_ok=True)
