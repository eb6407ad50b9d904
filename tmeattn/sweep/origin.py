"""The sweep that a run belongs to, in words for a user who resumes the run by itself. No torch."""

from __future__ import annotations

import shlex

from tmeattn.errors import TmeattnError
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.run_files import SweepOrigin

_STATES = {
    "waiting": "the next worker of the sweep trains it anew",
    "running": "the next worker of the sweep takes its result",
    "finished": "the trial has ended, and its value stays",
    "pruned": "the sweep has pruned the trial, and its value stays",
    "failed": "the trial has failed, and stays so",
}


def sweep_note(run: RunDirectory, origin: SweepOrigin) -> str:
    """A sentence about the trial of a run, its state, and how the sweep goes on."""
    state = _state(run, origin)
    about = f": {_STATES[state]}" if state else ""
    command = shlex.join(["tmeattn", "sweep", "--study", origin["study"]])
    return (
        f"{run.reference} is a run of trial {origin['trial']} of the sweep {origin['study']}{about}. "
        f"The whole sweep goes on with: {command}"
    )


def _state(run: RunDirectory, origin: SweepOrigin) -> str | None:
    """The state of the trial; None where its study cannot be read here, such as in a database or without Optuna."""
    try:
        from tmeattn.sweep.storage import open_store
        from tmeattn.sweep.study import open_study

        trials = open_study(open_store(None, create=False), origin["study"]).trials()
    except (TmeattnError, ImportError):
        return None
    return next((one.state for one in trials if one.number == origin["trial"] and run.id in one.runs), None)
