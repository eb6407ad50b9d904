"""The job that this process runs in: its number, its share of an array, its cores, and how it is queued again.

See `man scontrol` and the section OUTPUT ENVIRONMENT VARIABLES of `man sbatch`.
"""

from __future__ import annotations

import os
import re
import subprocess

_STATE = re.compile(r"\bJobState=([A-Z_]+)")
_RUNNING = "RUNNING"
_TIMEOUT = 60


def job_id() -> str | None:
    """The number of the job as scontrol takes it, of a task of an array with the number of the task; None outside."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID")


def array_position() -> tuple[int, int] | None:
    """The position of this task in its array, from 0, and the number of tasks; None outside of an array."""
    task, count = (os.environ.get(f"SLURM_ARRAY_TASK_{name}", "") for name in ("ID", "COUNT"))
    return (int(task), int(count)) if task.isdecimal() and count.isdecimal() and int(count) else None


def restarts() -> int:
    """How often the job was queued again."""
    value = os.environ.get("SLURM_RESTART_COUNT", "")
    return int(value) if value.isdecimal() else 0


def allocated_cpus() -> int | None:
    """The CPU cores that SLURM has given to this job on this node; None outside a job."""
    for name in ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"):
        value = os.environ.get(name, "")
        if value.isdecimal() and int(value):
            return int(value)
    return None


def requeue() -> str | None:
    """Queue this job again, unless SLURM itself is ending it; why it was not queued, or None.

    A signal alone leaves a job in the state RUNNING. One that its user cancels, or that SLURM queues again itself, is
    COMPLETING while its processes end: to queue that one would bring a cancelled job back.
    """
    job = job_id()
    if job is None:
        return "this is no job of SLURM"
    shown = _scontrol("show", "job", job)
    if shown.returncode:
        return _told(shown)
    state = _STATE.search(shown.stdout)
    if state is None or state[1] != _RUNNING:
        return f"SLURM itself is ending it ({state[1] if state else 'no state'}), as after scancel"
    done = _scontrol("requeue", job)
    return None if done.returncode == 0 else _told(done)


def _told(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join(done.stderr.split())[:200] or f"exit code {done.returncode}"


def _scontrol(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["scontrol", *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", str(error))
