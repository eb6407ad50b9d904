"""The jobs that were submitted from this home folder: what each of them runs, and its state as SLURM tells it.

A submission keeps `job.json` beside its script and its logs, in `jobs/KEY/` of the home folder.
"""

# No `from __future__ import annotations`: as strings, annotations would hide types from `typed_json`.

import collections
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict, cast

from tmeattn.cluster.submission import Job, unreachable
from tmeattn.errors import EnvironmentProblem, shortened
from tmeattn.files import disk_errors, read_json, to_json, write_atomically
from tmeattn.paths import home
from tmeattn.runs.typed_json import matches

FORMAT = 1
"""The version of `JobDocument`."""
_NAME = "job.json"
_SCRIPT_END = "_submission.sh"
_SQUEUE = ("squeue", "--noheader", "--array", "--states=all", "--format=%F|%T")
_SACCT = ("sacct", "--noheader", "--parsable2", "--allocations", "--format=JobID,State")
_TIMEOUT = 30
_AT_ONCE = 200
"""Jobs that one call of squeue or sacct is asked about."""


class JobDocument(TypedDict):
    """`job.json`.

    job: the number of the job. command: the arguments that it runs. runs: the ids of the runs that it trains.
    submitted: seconds since 1970. log: the path of its log; of an array, with %a in place of the number of a task.
    """

    format: int
    job: str
    command: list[str]
    runs: list[str]
    submitted: float
    log: str


@dataclass(frozen=True)
class Submitted:
    """A job that was submitted.

    command: the arguments that it runs; empty for one that an earlier version has submitted.
    states:  the number of its tasks in each state, as SLURM spells it; empty where SLURM does not know the job.
    """

    id: str
    command: tuple[str, ...]
    runs: tuple[str, ...]
    submitted: float
    log: Path
    states: Mapping[str, int] = field(default_factory=dict)


def remember(job: Job, command: Sequence[str], runs: Sequence[str]) -> None:
    """Write what a submitted job runs beside its script.

    Raises:
        EnvironmentProblem: the folder cannot be written.
    """
    document: JobDocument = {
        "format": FORMAT,
        "job": job.id,
        "command": list(command),
        "runs": list(runs),
        "submitted": time.time(),
        "log": str(job.log),
    }
    with disk_errors("the job", job.script.parent):
        write_atomically(job.script.parent / _NAME, to_json(document))


def submitted_jobs() -> tuple[list[Submitted], EnvironmentProblem | None]:
    """The jobs of this home folder, the newest first, and why SLURM did not tell their states, where it did not."""
    folder = home() / "jobs"
    found = [job for path in folder.iterdir() if (job := _read(path)) is not None] if folder.is_dir() else []
    states, problem = _states([job.id for job in found]) if found else ({}, None)
    known = [Submitted(job.id, job.command, job.runs, job.submitted, job.log, states.get(job.id, {})) for job in found]
    return sorted(known, key=lambda job: job.submitted, reverse=True), problem


def _read(folder: Path) -> Submitted | None:
    """The job in a folder; None where there is none."""
    stored = read_json(folder / _NAME)
    if stored is not None and stored.get("format") == FORMAT and matches(stored, JobDocument):
        one = cast(JobDocument, stored)
        return Submitted(one["job"], tuple(one["command"]), tuple(one["runs"]), one["submitted"], Path(one["log"]))
    for script in sorted(folder.glob(f"*{_SCRIPT_END}")) if folder.is_dir() else []:  # of an earlier version
        job = script.name.removesuffix(_SCRIPT_END)
        if job.isdecimal():
            log = folder / f"{job}_0_log.out"
            return Submitted(job, (), (folder.name,), script.stat().st_mtime, log)
    return None


def _states(jobs: Sequence[str]) -> tuple[dict[str, Mapping[str, int]], EnvironmentProblem | None]:
    """The states of the tasks of each job: of squeue, and of sacct for those that squeue has forgotten."""
    found: dict[str, collections.Counter[str]] = {}
    problem = None
    for first in range(0, len(jobs), _AT_ONCE):
        some = jobs[first : first + _AT_ONCE]
        told, problem = _ask(*_SQUEUE, f"--jobs={','.join(some)}")
        _count(told, found)
        if left := [job for job in some if job not in found]:
            told, _ = _ask(
                *_SACCT,
                f"--jobs={','.join(left)}",
            )
            _count(told, found)
    return dict(found), problem


def _count(told: str, found: dict[str, collections.Counter[str]]) -> None:
    """Count lines such as `47_3|CANCELLED by 0`."""
    for line in told.splitlines():
        job, _, state = line.strip().partition("|")
        if state.split():
            found.setdefault(job.partition("_")[0], collections.Counter())[state.split()[0]] += 1


def _ask(*command: str) -> tuple[str, EnvironmentProblem | None]:
    """What a program of SLURM prints, and why it could not tell."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT)
    except subprocess.TimeoutExpired:
        return "", EnvironmentProblem(f"{command[0]} does not answer.", hint="Ask the controller with scontrol ping.")
    except OSError:
        return "", EnvironmentProblem(
            f"There is no SLURM on this computer: the program {command[0]} is missing.",
            hint="List the jobs on a login node.",
        )
    told = " ".join(done.stderr.split())
    if done.returncode == 0 or "Invalid job id" in told:
        return done.stdout, None
    return "", unreachable(told) or EnvironmentProblem(f"{command[0]} fails: {shortened(told)!r}.")
