"""A run that a node of a cluster trains, seen from a login node: its heartbeat decides, in every command."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from support.created_runs import create_run

from tmeattn.runs.control import STALE_AFTER, pending, request
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.lock import writing


@pytest.fixture
def elsewhere(isolated: Path, planted: Any) -> RunDirectory:
    """A run whose process is on another computer; `beat` sets the age of its heartbeat."""
    return create_run(isolated / "runs", "far")


def beat(run: RunDirectory, age: float) -> None:
    run.write_status({"state": "running", "pid": 7, "host": "node17", "heartbeat": time.time() - age, "step": 40})


def listed(tmeattn: Any) -> str:
    (run,) = tmeattn("runs", "list", "--json").json
    return str(run["state"])


def test_a_fresh_heartbeat_is_a_running_run(tmeattn: Any, elsewhere: RunDirectory) -> None:
    beat(elsewhere, 3)
    assert listed(tmeattn) == "running"
    for command in (["resume", "far"], ["resume"]):
        refusal = tmeattn(*command).refused()
        assert refusal.startswith(f"The run {elsewhere.id} is being trained by process 7 on node17 (heartbeat ")
    assert tmeattn("runs", "delete", "--yes", "far").refused().startswith(f"The run {elsewhere.id} is being trained.")
    request(elsewhere, "stop")
    assert pending(elsewhere, "stop")


def test_a_stale_heartbeat_is_a_crashed_run(tmeattn: Any, elsewhere: RunDirectory) -> None:
    beat(elsewhere, 2 * STALE_AFTER)
    assert listed(tmeattn) == "crashed"
    with writing(elsewhere):
        pass
    assert tmeattn("runs", "delete", "--yes", "far").code == 0
    assert not elsewhere.path.exists()
