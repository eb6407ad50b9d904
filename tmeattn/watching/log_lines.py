"""The events of a run as lines of the log that the screen shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tmeattn.plurals import counted
from tmeattn.render.numbers import count, decimal, percent, seconds
from tmeattn.runs.event_types import EpochEvent, Event, StartedEvent

MOST_LINES = 1000
"""Lines of the log that are kept."""
Level = Literal["info", "good", "warning", "error"]


@dataclass(frozen=True)
class LogLine:
    """One line of the log on the screen. time: seconds since 1970."""

    time: float
    text: str
    level: Level = "info"


def log_line(event: Event) -> LogLine | None:
    """The line about an event; None for a step and for watched texts, which the log leaves out."""
    found = _text(event)
    return None if found is None else LogLine(event.get("time", 0.0), *found)


def _text(event: Event) -> tuple[str, Level] | None:
    match event["kind"]:
        case "started":
            return _started(event), "info"
        case "resumed":
            return f"resumed after step {count(event['step'])}", "info"
        case "threads":
            return f"threads {event['threads']}, not {event['before']}, after step {count(event['step'])}", "info"
        case "epoch":
            return _epoch(event), "good" if event["best"] else "info"
        case "checkpoint":
            return f"checkpoint at step {count(event['step'])}", "info"
        case "warning":
            return event["message"], "warning"
        case "stopped":
            return f"stopped at step {count(event['step'])} ({event['reason']}), can be resumed", "warning"
        case "finished":
            why = "validation accuracy did not improve" if event["reason"] == "patience" else "all epochs are done"
            return f"finished: {why}; {seconds(event['seconds'])}", "good"
        case "failed":
            return f"failed: {event['message']}", "error"
        case _:
            return None


def _started(event: StartedEvent) -> str:
    processes = event.get("processes", 1)
    together = f", processes {processes}" if processes > 1 else ""
    return (
        f"started: {count(event['train_texts'])} training and {counted(event['validation_texts'], 'validation text')}, "
        f"{counted(event['parameters'], 'parameter')}, {event['device']}, threads {event['threads']}{together}"
    )


def _epoch(event: EpochEvent) -> str:
    validation = event["validation"]
    best = ", the best so far" if event["best"] else ""
    accuracy = percent(validation["accuracy"], 2)
    loss = decimal(validation["cross_entropy"])
    return f"epoch {event['epoch']}: validation loss {loss}, accuracy {accuracy}{best}; {seconds(event['seconds'])}"
