"""Which worker has which trial: taking trials, taking over those of dead workers, and giving them back.

A trial is taken inside the lock of the storage, so that no two workers have one trial and there are never more trials
than were asked for.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import optuna
from optuna.trial import FrozenTrial, TrialState

from tmeattn.errors import BadInput
from tmeattn.paths import runs_dir
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.liveness import exists, process_mark
from tmeattn.runs.lock import is_trained
from tmeattn.sweep.space import Value
from tmeattn.sweep.study import Study, suggest

BEAT = 15.0
"""Seconds between two beats of a worker."""
DEAD_AFTER = 60.0
"""Seconds without a beat after which a worker on another computer counts as dead."""


@dataclass(frozen=True)
class Taken:
    """A trial that this worker has. values: of the options that vary. runs: the id of the run of each seed."""

    trial: optuna.Trial
    values: dict[str, Value]
    runs: dict[str, str]


class Claims:
    """The trials that one worker takes from a study. Errors of the storage pass through."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.owner = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "process": process_mark(os.getpid()),
            "token": secrets.token_hex(8),
        }
        self._seen: dict[int, tuple[object, float]] = {}

    def take(self) -> tuple[Taken | None, int]:
        """A trial for this worker, and how many trials other workers have."""
        with self.study.store.exclusive():
            trials = self.study.optuna.get_trials(deepcopy=False)
            running = [trial for trial in trials if trial.state == TrialState.RUNNING]
            for frozen in running:
                if self._is_abandoned(frozen):
                    return self._mark(optuna.Trial(self.study.optuna, frozen._trial_id), frozen), 0
            if len(trials) < self.study.goal or any(trial.state == TrialState.WAITING for trial in trials):
                return self._mark(self.study.optuna.ask(), None), 0
            return None, len(running)

    def _mark(self, trial: optuna.Trial, before: FrozenTrial | None) -> Taken:
        trial.set_user_attr("owner", self.owner)
        values = {dimension.name: suggest(trial, dimension) for dimension in self.study.plan.space}
        runs = before.user_attrs.get("runs") if before is not None else None
        return Taken(trial, values, dict(runs) if isinstance(runs, dict) else {})

    def _is_abandoned(self, trial: FrozenTrial) -> bool:
        """Whether no worker trains a trial that was begun: it was given back, or its worker is dead."""
        owner = trial.user_attrs.get("owner")
        if not isinstance(owner, dict):
            return True
        if all(owner.get(key) == self.owner[key] for key in ("host", "pid", "process")):
            return True  # this worker takes a trial only when it has none
        known = owner_exists(owner)
        if known is not None:
            return not known
        for run in map(run_of, trial.user_attrs.get("runs", {}).values()):
            if run is not None and is_trained(run):
                return False
        beat = (trial.user_attrs.get("beat"), owner.get("token"))
        before = self._seen.get(trial.number)
        if before is None or before[0] != beat:
            self._seen[trial.number] = (beat, time.monotonic())
            return False
        return time.monotonic() - before[1] > DEAD_AFTER

    def has(self, trial: optuna.Trial) -> bool:
        """Whether this worker still has a trial."""
        frozen = self.study.store.storage.get_trial(trial._trial_id)
        owner = frozen.user_attrs.get("owner")
        return (
            frozen.state == TrialState.RUNNING and isinstance(owner, dict) and owner.get("token") == self.owner["token"]
        )

    def give_back(self, trial: optuna.Trial) -> None:
        """Let any worker continue a trial."""
        with contextlib.suppress(Exception):
            if self.has(trial):
                trial.set_user_attr("owner", None)

    @contextlib.contextmanager
    def beats(self, trial: optuna.Trial) -> Iterator[None]:
        """Show workers on other computers that this one lives, inside the block."""
        done = threading.Event()

        def beat() -> None:
            number = 0
            while not done.wait(BEAT):
                number += 1
                with contextlib.suppress(Exception):
                    trial.set_user_attr("beat", number)

        thread = threading.Thread(target=beat, name="sweep", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def owner_exists(owner: object) -> bool | None:
    """Whether the process of a worker exists; None where that cannot be known, as on another computer."""
    if not isinstance(owner, dict) or owner.get("host") != socket.gethostname():
        return None
    return exists(owner.get("pid"), owner.get("process"))


def living_worker(study: Study) -> str | None:
    """A worker that trains a trial of a study now, in words; None where none is known to live."""
    with study.store.errors():
        trials = study.optuna.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    for trial in trials:
        owner, runs = trial.user_attrs.get("owner"), trial.user_attrs.get("runs", {}).values()
        known = owner_exists(owner)
        if isinstance(owner, dict) and (known or any(run is not None and is_trained(run) for run in map(run_of, runs))):
            return f"Process {owner.get('pid')} on {owner.get('host')}"
    return None


def run_of(run_id: object) -> RunDirectory | None:
    """A run in the home folder; None where there is none of that id."""
    if not isinstance(run_id, str) or not run_id or "/" in run_id:
        return None
    run = RunDirectory(runs_dir() / run_id)
    try:
        _ = run.info
    except (BadInput, OSError):
        return None
    return run
