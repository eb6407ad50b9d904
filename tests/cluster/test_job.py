"""The job that a process runs in."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.fake_programs import fake_programs

from tmeattn.cluster import job


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JOB_ID", "ARRAY_JOB_ID", "ARRAY_TASK_ID", "ARRAY_TASK_COUNT", "RESTART_COUNT", "CPUS_PER_TASK",
                 "CPUS_ON_NODE"):  # fmt: skip
        monkeypatch.delenv(f"SLURM_{name}", raising=False)


def test_outside_of_a_job() -> None:
    assert (job.job_id(), job.array_position(), job.restarts(), job.allocated_cpus()) == (None, None, 0, None)
    assert job.requeue() == "this is no job of SLURM"


def test_in_a_task_of_an_array(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("JOB_ID", "19"), ("ARRAY_JOB_ID", "17"), ("ARRAY_TASK_ID", "2"), ("ARRAY_TASK_COUNT", "16"),
                        ("RESTART_COUNT", "1"), ("CPUS_ON_NODE", "8")):  # fmt: skip
        monkeypatch.setenv(f"SLURM_{name}", value)
    assert (job.job_id(), job.array_position(), job.restarts(), job.allocated_cpus()) == ("17_2", (2, 16), 1, 8)
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "4")
    assert job.allocated_cpus() == 4


@pytest.mark.parametrize(
    ("scontrol", "problem", "calls"),
    [
        ("echo 'JobId=7 JobState=RUNNING Reason=None'", None, 2),
        ("echo '   JobState=COMPLETING Reason=None'", "SLURM itself is ending it (COMPLETING), as after scancel", 1),
        ("echo '   JobState=CANCELLED Reason=None'", "SLURM itself is ending it (CANCELLED), as after scancel", 1),
        ("echo", "SLURM itself is ending it (no state), as after scancel", 1),
        (
            "[ $1 = show ] && echo JobState=RUNNING || { echo 'Requested operation\nis disabled' >&2; exit 1; }",
            "Requested operation is disabled",
            2,
        ),
        ("exit 5", "exit code 5", 1),
    ],
)
def test_a_job_is_queued_again_unless_it_was_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scontrol: str, problem: str | None, calls: int
) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    programs = fake_programs(tmp_path, monkeypatch, scontrol=scontrol)
    assert job.requeue() == problem
    assert (programs / "calls").read_text().splitlines() == ["scontrol show job 7", "scontrol requeue 7"][:calls]
