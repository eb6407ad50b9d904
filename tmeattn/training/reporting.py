"""Everything that a training process reports to: the event log, listeners, trackers and the heartbeat."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence

from tmeattn.errors import Interrupted, TmeattnError
from tmeattn.files import disk_errors
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event, EventWriter, Listener
from tmeattn.runs.heartbeat import Heartbeat
from tmeattn.specs import TrackerSpec
from tmeattn.training.trackers import CLOSE_TIMEOUT, RunTrackers
from tmeattn.training.trainer import Diverged


@contextlib.contextmanager
def reporting(
    run: RunDirectory, listeners: Sequence[Listener], trackers: Sequence[TrackerSpec]
) -> Iterator[tuple[Listener, Heartbeat]]:
    """Context manager around the training of a run: it gives a function that logs an event and passes it to listeners
    and trackers, and the heartbeat. An exception that leaves the block is logged as a `failed` event.

    Raises:
        EnvironmentProblem: the event log or the status cannot be written.
    """
    with disk_errors("the event log", run.path):
        writer = EventWriter(run.events_path)

    def emit(event: Event) -> None:
        event = event.copy()
        event["time"] = time.time()
        with disk_errors("the event log", run.events_path):
            writer(event)
        for listener in listeners:
            listener(event)
        run_trackers(event)

    run_trackers = RunTrackers(run, trackers, warn=lambda message: emit({"kind": "warning", "message": message}))
    try:
        with Heartbeat(run) as heartbeat:
            try:
                yield emit, heartbeat
            except (Interrupted, KeyboardInterrupt):
                if heartbeat.state == "running":
                    heartbeat.end("stopped")
                raise
            except Exception as error:
                message = error.message if isinstance(error, TmeattnError) else f"{type(error).__name__}: {error}"
                heartbeat.end("failed", message=message)
                with contextlib.suppress(TmeattnError, OSError):
                    emit({"kind": "failed", "message": message, "diverged": isinstance(error, Diverged)})
                raise
    finally:
        with contextlib.suppress(TmeattnError, OSError):
            run_trackers.close(0.0 if isinstance(sys.exception(), KeyboardInterrupt) else CLOSE_TIMEOUT)
        with contextlib.suppress(OSError):
            writer.close()
