"""Who is told what happens in a training process: the event log, listeners, trackers and the heartbeat."""

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
from tmeattn.training.trackers import PATIENCE, Tracking
from tmeattn.training.trainer import Diverged


@contextlib.contextmanager
def reporting(
    run: RunDirectory, listeners: Sequence[Listener], trackers: Sequence[TrackerSpec]
) -> Iterator[tuple[Listener, Heartbeat]]:
    """The event log, the listeners, the trackers and the heartbeat of a training process; failures are logged on the
    way out."""
    with disk_errors("the event log", run.path):
        writer = EventWriter(run.events_path)

    def emit(event: Event) -> None:
        event = event.copy()
        event["time"] = time.time()
        with disk_errors("the event log", run.events_path):
            writer(event)
        for listener in listeners:
            listener(event)
        tracking(event)

    tracking = Tracking(run, trackers, warn=lambda message: emit({"kind": "warning", "message": message}))
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
            tracking.close(0.0 if isinstance(sys.exception(), KeyboardInterrupt) else PATIENCE)
        with contextlib.suppress(OSError):
            writer.close()
