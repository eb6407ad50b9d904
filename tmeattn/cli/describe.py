"""A run's key figures, as the summary shows them."""

from __future__ import annotations

from typing import Any

from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event
from tmeattn.runs.index import summarize


def describe(run: RunDirectory, events: list[Event]) -> dict[str, Any]:
    """What `render.summary` takes as `run_info`."""
    facts = summarize(run, events)
    started = next((event for event in events if event["kind"] == "started"), {})
    return {**facts.__dict__, "parameters": started.get("parameters")}
