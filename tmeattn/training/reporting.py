"""Everything that a training process reports to: the event log, listeners, trackers and the heartbeat."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tmeattn.errors import EnvironmentProblem, Interrupted, TmeattnError
from tmeattn.files import disk_errors
from tmeattn.foreign import one_line
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event, EventWriter, Listener
from tmeattn.runs.heartbeat import Heartbeat
from tmeattn.specs import TrackerSpec
from tmeattn.training.trackers import CLOSE_TIMEOUT, RunTrackers
from tmeattn.training.trainer import Diverged

_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


@contextlib.contextmanager
def reporting(
    run: RunDirectory, heartbeat: Heartbeat, listeners: Sequence[Listener], trackers: Sequence[TrackerSpec]
) -> Iterator[Listener]:
    """Context manager around the training of a run: it gives a function that logs an event and passes it to listeners
    and trackers. An exception that leaves the block is logged as a `failed` event, and the state of the heartbeat ends.

    Raises:
        EnvironmentProblem: the event log cannot be written, or the folder of the run was lost inside the block.
    """
    with disk_errors("the event log", run.path):
        writer = EventWriter(run.events_path)

    def emit(event: Event) -> None:
        event = event.copy()
        event["time"] = time.time()
        with disk_errors("the event log", run.events_path):
            writer(event)
        if event["kind"] in ("finished", "stopped"):  # from here on, nothing that a listener does can change it
            heartbeat.end(event["kind"])
        for listener in listeners:
            listener(event)
        run_trackers(event)

    run_trackers = RunTrackers(run, trackers, warn=lambda message: emit({"kind": "warning", "message": message}))
    try:
        with folder_problems(run, heartbeat):
            yield emit
    except (Interrupted, KeyboardInterrupt):
        if heartbeat.state == "running":
            heartbeat.end("stopped")
        raise
    except Exception as error:
        if heartbeat.state == "running":
            message = error.message if isinstance(error, TmeattnError) else one_line(error)
            heartbeat.end("failed", message=message)
            with contextlib.suppress(TmeattnError, OSError):
                emit({"kind": "failed", "message": message, "diverged": isinstance(error, Diverged)})
        raise
    finally:
        with contextlib.suppress(TmeattnError, OSError):
            run_trackers.close(0.0 if isinstance(sys.exception(), KeyboardInterrupt) else CLOSE_TIMEOUT)
        with contextlib.suppress(OSError):
            writer.close()


@contextlib.contextmanager
def folder_problems(run: RunDirectory, heartbeat: Heartbeat) -> Iterator[None]:
    """Name the cause where the folder of a run can no longer be written: it was moved or deleted, or is read-only.

    Raises:
        EnvironmentProblem: instead of an `OSError` or of an `EnvironmentProblem` that it caused.
    """
    try:
        yield
    except (OSError, EnvironmentProblem) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(cause, OSError):
            raise
        if heartbeat.folder_is_gone:
            raise EnvironmentProblem(
                f"The folder of the run was moved or deleted while it was trained: {run.path}.",
                hint="If you moved it, continue the run at its new path: tmeattn resume PATH",
            ) from error
        if cause.errno in _READ_ONLY and _is_below(run.path, cause.filename):
            raise EnvironmentProblem(
                f"The folder of the run is read-only: {run.path}.",
                hint=f"Make it writable, then continue the run: tmeattn resume {run.reference}",
            ) from error
        raise


def _is_below(folder: Path, name: object) -> bool:
    """Whether a failed operation was on a file of the folder, as far as the error names it."""
    return not isinstance(name, str | os.PathLike) or Path(name).is_relative_to(folder)
