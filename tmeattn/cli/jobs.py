"""`tmeattn submit list`: the jobs of the home folder."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from tmeattn.cli.support.command import echo_json
from tmeattn.cli.support.options import json_option

if TYPE_CHECKING:
    from tmeattn.cluster.jobs import Submitted

MOST_RUNS = 1
"""Runs of a job that the table names."""


@click.command("list")
@json_option("an array of jobs")
def list_jobs(as_json: bool) -> None:
    """The jobs that were submitted from this home folder, the newest first.

    Their states are those of squeue or, for jobs that have ended long ago, of sacct.
    """
    import time

    from tmeattn.cluster.jobs import submitted_jobs
    from tmeattn.paths import home
    from tmeattn.render.console import safe, stderr_console, stdout_console
    from tmeattn.render.numbers import age
    from tmeattn.render.tables import Column, table

    jobs, problem = submitted_jobs()
    console = stderr_console()
    if problem is not None:
        console.print(safe(f"The states of the jobs are not known: {problem}"), soft_wrap=True)
    if as_json:
        echo_json([_document(job) for job in jobs])
        return
    if not jobs:
        console.print("No job was submitted from this home folder. Submit one: tmeattn submit -- train lstm-attn")
        return
    folder, now = (home() / "jobs").absolute(), time.time()
    rows = []
    for job in jobs:
        log = str(job.log.relative_to(folder)) if job.log.is_relative_to(folder) else str(job.log)
        rows.append((job.id, _state(job), _runs(job), shlex.join(job.command), age(now - job.submitted), log))
    columns: list[str | Column] = ["job", "state", Column("run", drop=1)]
    columns += [Column("command", wrap=True, drop=3), Column("age", numeric=True, drop=2), "log"]
    stdout_console().print(table(columns, rows, caption=f"The logs are in {folder}."))


def _state(job: Submitted) -> str | None:
    """ "running", or of an array "2 running, 1 pending"; None where SLURM does not know the job."""
    if len(job.states) == 1 and "%a" not in job.log.name:
        return next(iter(job.states)).lower()
    return ", ".join(f"{number} {state.lower()}" for state, number in sorted(job.states.items())) or None


def _runs(job: Submitted) -> str | None:
    if not job.runs:
        return None
    more = len(job.runs) - MOST_RUNS
    return job.runs[0] + (f" and {more} more" if more > 0 else "")


def _document(job: Submitted) -> dict[str, Any]:
    from tmeattn.paths import runs_dir
    from tmeattn.runs.directory import RunDirectory

    runs = []
    for run in job.runs:
        there = RunDirectory(runs_dir() / run)
        runs.append({"id": run, "state": there.state() if (there.path / "run.json").exists() else None})
    return {
        "job": job.id,
        "states": dict(job.states),
        "command": list(job.command),
        "runs": runs,
        "submitted": job.submitted,
        "log": str(job.log),
    }
