"""A worker of a sweep: it takes trials, trains their runs with the one trainer, and tells the study their values.

The trials of workers that have died are taken first, and their runs are resumed.
"""

from __future__ import annotations

import os
import shlex
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, TypeVar

from optuna.trial import TrialState

from tmeattn.errors import BadInput, EnvironmentProblem, Interrupted, TmeattnError
from tmeattn.foreign import one_line
from tmeattn.paths import runs_dir
from tmeattn.plurals import counted
from tmeattn.run_config import RunConfig, resolve_run
from tmeattn.runs.creation import new_id
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Listener, diverged, epoch_events
from tmeattn.runs.figures import SETTLED
from tmeattn.runs.index import check_name
from tmeattn.sweep.claims import Claims, Taken, run_of
from tmeattn.sweep.measure import Watcher, seconds_of, stop_reason, value_of
from tmeattn.sweep.search import SeededSampler, pruner_of
from tmeattn.sweep.space import shown_values, trial_options
from tmeattn.sweep.study import Study, Trial
from tmeattn.training.distributed.place import forget_place

ORIGIN_FORMAT = 1
"""The version of `tmeattn.runs.run_files.SweepOrigin`."""
POLL = 2.0
"""Seconds between two looks at the trials of other workers, when no other trial is left."""
MOST_FAILURES = 3
"""Trials that fail one after the other, after which the worker gives up: the values are not the cause."""
_ATTEMPTS = 5
"""How often the storage is tried; 30 seconds lie between the first and the last attempt."""

Narrate = Callable[[str], None]
Watch = Callable[[str], AbstractContextManager[Listener]]
"""Called with a title before a run is trained; yields a listener that shows the events of the run."""
Result = TypeVar("Result")
Ending = Literal["finished", "pruned", "diverged"]


def work(
    study: Study, *, trackers: Sequence[str], watch: Watch, narrate: Narrate, on_trial: Callable[[Trial], None]
) -> None:
    """Train trials of a study until all have ended, also those of workers that die meanwhile.

    on_trial: called with each trial that has ended here.

    Raises:
        Interrupted: the worker was stopped; its trial can be continued by any worker.
        BadInput, EnvironmentProblem: several trials failed one after the other, or the storage cannot be used.
    """
    forget_place()  # each process of srun or torchrun is a worker of its own
    study.optuna.sampler = SeededSampler(study.plan.seed)
    study.optuna.pruner = pruner_of(study.plan)
    _Worker(study, trackers, watch, narrate, on_trial).work()


class _Worker:
    def __init__(
        self,
        study: Study,
        trackers: Sequence[str],
        watch: Watch,
        narrate: Narrate,
        on_trial: Callable[[Trial], None],
    ) -> None:
        self.study, self.plan, self.objective = study, study.plan, study.objective
        self.trackers, self.watch, self.narrate, self.on_trial = trackers, watch, narrate, on_trial
        self.claims = Claims(study)
        self.failures = 0

    def work(self) -> None:
        waits = False
        while True:
            taken, running = self._patiently(self.claims.take)
            if taken is not None:
                waits = False
                self._carry_out(taken)
            elif running:
                if not waits:
                    trials = counted(running, "trial")
                    self.narrate(f"Waiting for {trials} of other workers, to take over if one dies. Ctrl-C ends this.")
                    waits = True
                time.sleep(POLL)
            else:
                return

    # Training

    def _carry_out(self, taken: Taken) -> None:
        """Train the runs of a trial and tell its value; give it back if the training is stopped."""
        number = taken.trial.number
        try:
            with self.claims.beats(taken.trial):
                self._train(taken)
            self.failures = 0
        except (Interrupted, KeyboardInterrupt):
            self.claims.give_back(taken.trial)
            raise Interrupted(
                f"The sweep stopped in trial {number}; its training can be continued.",
                hint=f"Continue: {self.command}",
            ) from None
        except EnvironmentProblem:
            self.claims.give_back(taken.trial)
            raise
        except Exception as error:
            self._fail(taken, error)
        (trial,) = (each for each in self.study.trials() if each.number == number)
        self.on_trial(trial)

    @property
    def command(self) -> str:
        """What continues the sweep, as typed in a shell; a password is not in it."""
        words = ["tmeattn", "sweep", "--study", self.study.name]
        return shlex.join(words + (["--storage", self.study.store.label] if self.study.store.given else []))

    def _train(self, taken: Taken) -> None:
        options = trial_options(self.plan.options, taken.values)
        values: list[float] = []
        for seed in self.plan.seeds:
            config = resolve_run(self.plan.model, {**options, "seed": seed})
            run, ending = self._run_of_seed(taken, config, seed, prunes=not values)
            value = value_of(epoch_events(run.events("epoch", "resumed")), self.objective)
            if ending == "diverged" or value is None:
                self._tell(taken, TrialState.PRUNED, values, "diverged")
                return
            if ending == "pruned":
                self._tell(taken, TrialState.PRUNED, [*values, value], "pruned")
                return
            values.append(value)
        self._tell(taken, TrialState.COMPLETE, values, None)

    def _run_of_seed(self, taken: Taken, config: RunConfig, seed: int, *, prunes: bool) -> tuple[RunDirectory, Ending]:
        """Train the run of one seed, or continue it."""
        from tmeattn.training.session import resume, start
        from tmeattn.training.signals import StopFlag
        from tmeattn.training.trainer import Diverged

        number, stop = taken.trial.number, StopFlag()
        before = run_of(taken.runs.get(str(seed)))
        if before is not None and (ending := _ending(before)) is not None:
            return before, ending
        known = set(self.study.store.storage.get_trial(taken.trial._trial_id).intermediate_values)

        def prune(epoch: int, value: float) -> bool:
            if epoch in known:
                return False
            try:
                taken.trial.report(value, epoch)
                return bool(taken.trial.should_prune())
            except Exception:  # the training goes on without the storage, which is needed again at its end
                return False

        seconds = seconds_of(before) if before is not None else 0.0
        watcher = Watcher(self.objective, stop, prune if prunes and self.plan.pruner != "none" else None, seconds)
        seeds = f", seed {seed}" if len(self.plan.seeds) > 1 else ""
        again = "continued, " if before is not None else ""
        title = f"Trial {number} ({number + 1} of {self.study.goal}){seeds}: {again}{shown_values(taken.values)}"
        with self.watch(title) as listener:
            common: dict[str, Any] = {"narrate": self.narrate, "trackers": self.trackers, "stop": stop}
            try:
                if before is not None:
                    return resume(before, listeners=[watcher, listener], **common), "finished"
                run_id = self._announce(taken, seed)
                start(
                    self.plan.model,
                    {key: value for key, value in config.flat().items() if value is not None},
                    name=self._run_name(number, seed),
                    listeners=[watcher, listener],
                    run_id=run_id,
                    sweep={"format": ORIGIN_FORMAT, "study": self.study.name, "trial": number, "seed": seed},
                    **common,
                )
                return RunDirectory(runs_dir() / run_id), "finished"
            except Interrupted:
                if stop.reason not in SETTLED:
                    raise
                run = RunDirectory(runs_dir() / taken.runs[str(seed)])
                return run, "pruned" if stop.reason == "pruned" else "finished"
            except Diverged as error:
                self.narrate(f"{error.message} The sweep goes on.")
                return RunDirectory(runs_dir() / taken.runs[str(seed)]), "diverged"

    def _announce(self, taken: Taken, seed: int) -> str:
        """Choose the id of a new run and write it into the trial before the run is made, so that it is found again."""
        run_id = new_id(self.plan.model)
        while os.path.lexists(runs_dir() / run_id):
            run_id = new_id(self.plan.model)
        taken.runs[str(seed)] = run_id

        def write() -> None:
            with self.study.store.exclusive():
                if not self.claims.has(taken.trial):
                    raise BadInput(f"Another worker has taken over trial {taken.trial.number}.")
                taken.trial.set_user_attr("runs", dict(taken.runs))

        self._patiently(write)
        return run_id

    def _run_name(self, number: int, seed: int) -> str | None:
        """The name of a run: its study and trial; None where another run has that name."""
        name = f"{self.study.name}-{number}" + (f"-{seed}" if len(self.plan.seeds) > 1 else "")
        try:
            check_name(name)
        except BadInput:
            return None
        return name

    # Telling

    def _tell(self, taken: Taken, state: TrialState, values: Sequence[float], reason: str | None) -> None:
        """Tell the study how a trial has ended, unless another worker has taken it over."""
        seconds = sum(seconds_of(run) for run in map(run_of, taken.runs.values()) if run is not None)

        def tell() -> None:
            if not self.claims.has(taken.trial):
                return
            taken.trial.set_user_attr("values", list(values))
            taken.trial.set_user_attr("seconds", seconds)
            if reason is not None:
                taken.trial.set_user_attr("reason", reason)
            mean = statistics.fmean(values) if state == TrialState.COMPLETE else None
            self.study.optuna.tell(taken.trial.number, mean, state)

        self._patiently(tell)

    def _patiently(self, do: Callable[[], Result]) -> Result:
        """Call `do`, several times where the storage cannot be used for a while.

        Raises:
            EnvironmentProblem: it cannot be used for half a minute.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self.study.store.errors():
                    return do()
            except EnvironmentProblem as error:
                if attempt == _ATTEMPTS:
                    raise
                self.narrate(f"{error.message} Trying again.")
                time.sleep(2.0**attempt)
        raise AssertionError

    def _fail(self, taken: Taken, error: Exception) -> None:
        """Count a trial whose values cannot be trained; after several in a row, they are not the cause."""
        self.failures += 1
        message = error.message if isinstance(error, TmeattnError) else one_line(error)
        if self.failures >= MOST_FAILURES:
            self.claims.give_back(taken.trial)
            raise error
        self.narrate(f"Trial {taken.trial.number} failed: {message}")
        self._tell(taken, TrialState.FAIL, [], message)


def _ending(run: RunDirectory) -> Ending | None:
    """How a run of a trial has ended; None where it is to be trained on."""
    if run.is_finished():
        return "finished"
    if diverged(run.events("failed")):
        return "diverged"
    reason = stop_reason(run)
    if reason in SETTLED and run.state() != "running":
        return "pruned" if reason == "pruned" else "finished"
    return None
