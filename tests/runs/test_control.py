"""The protocol of a run directory: requests, the heartbeat and the log of a training process."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from support.created_runs import create_run, dead_pid

from tmeattn.errors import EnvironmentProblem
from tmeattn.runs.control import (
    LOG,
    STALE_AFTER,
    error_in,
    heartbeat_age,
    log_tail,
    pending,
    process_alive,
    request,
    take_request,
)


def status(**fields: Any) -> Any:
    return {
        "state": "running",
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "heartbeat": time.time(),
        **fields,
    }


def test_a_run_on_another_machine_is_judged_by_its_heartbeat() -> None:
    assert process_alive(status(host="elsewhere", pid=dead_pid()))
    assert not process_alive(status(host="elsewhere", heartbeat=time.time() - 10 * STALE_AFTER))


@pytest.mark.parametrize("damage", [{"heartbeat": None}, {"heartbeat": "now"}, {"pid": 2**80}])
def test_a_damaged_status_is_not_alive(damage: dict[str, Any]) -> None:
    assert not process_alive(status(**damage))
    assert not process_alive({"state": "running"})


def test_a_request_is_taken_once(tmp_path: Path) -> None:
    run = create_run(tmp_path)
    assert not take_request(run, "stop")
    assert not pending(run, "stop")
    request(run, "stop")
    assert pending(run, "stop")
    assert not take_request(run, "checkpoint")
    assert take_request(run, "stop")
    assert not take_request(run, "stop")


def test_a_request_that_cannot_be_written_names_the_run(tmp_path: Path) -> None:
    run = create_run(tmp_path)
    (run.path / "control").rmdir()
    (run.path / "control").touch()
    with pytest.raises(EnvironmentProblem, match="Cannot write the request to") as caught:
        request(run, "stop")
    assert str(run.path) in caught.value.message


def test_the_log_is_in_the_run_or_beside_the_runs(isolated: Path, tmp_path: Path) -> None:
    run = create_run(tmp_path)
    assert log_tail(run) == []
    (isolated / "logs").mkdir(parents=True)
    (isolated / "logs" / f"{run.id}.log").write_text("early\n\n")
    assert log_tail(run) == ["early"]
    (run.path / LOG).write_bytes(b"x" * 10_000 + b"\none\n\xff two  \n\n")
    assert log_tail(run, 2) == ["one", "\ufffd two"]


EPOCH = "epoch 2/5  validation 81.3 %"


@pytest.mark.parametrize(
    ("log", "error"),
    [
        ([], None),
        ([EPOCH], None),  # killed
        (["Error: The disk is full.", EPOCH], None),  # of the process before it
        ([EPOCH, "Error: The disk is full."], "Error: The disk is full."),
        (["Traceback (most recent call last):", '  File "x.py", line 1', "ValueError: no"], "ValueError: no"),
        (["Traceback (most recent call last):", "torch.OutOfMemoryError"], "torch.OutOfMemoryError"),
        (
            ["Fatal Python error: Segmentation fault", "Current thread 0x1 (most recent call first):", '  File "x.py"'],
            "Fatal Python error: Segmentation fault",
        ),
        (
            ["terminate called after throwing an instance", "  what():  no", "Aborted (core dumped)"],
            "Aborted (core dumped)",
        ),
        ([EPOCH, "Killed"], "Killed"),
        ([EPOCH, "  an indented line"], None),
    ],
)
def test_the_line_of_a_log_that_tells_why_its_process_has_ended(log: list[str], error: str | None) -> None:
    assert error_in(log) == error


@pytest.mark.parametrize("heartbeat", [None, True, "now", 10**400, float("inf"), float("nan")])
def test_a_heartbeat_that_is_no_time_has_no_age(heartbeat: Any) -> None:
    assert heartbeat_age(status(heartbeat=heartbeat)) is None
    assert heartbeat_age({"state": "running"}) is None


def test_the_age_of_a_heartbeat_may_be_negative() -> None:
    assert 4 < (heartbeat_age(status(heartbeat=time.time() - 5)) or 0) < 300
    assert (heartbeat_age(status(heartbeat=time.time() + 1000)) or 0) < 0
