"""A worker of a sweep: it takes trials, trains their runs with the one trainer, and tells the study their values.

A trial is taken inside the lock of the storage, so that no two workers have one trial and there are never more trials
than were asked for. The trials of workers that have died are taken first, and their runs are resumed.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import optuna
from optuna.trial import FrozenTrial, TrialState

from tmeattn.errors import BadInput, EnvironmentProblem, Interrupted, TmeattnError
from tmeattn.foreign import one_line
from tmeattn.paths import runs_dir
from tmeattn.run_config import RunConfig, resolve_run
from tmeattn.runs.creation import new_id
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Listener, diverged, epoch_events
from tmeattn.runs.figures import SETTLED
from tmeattn.runs.index import check_name
from tmeattn.runs.liveness import exists, process_mark
from tmeattn.runs.lock import is_trained
from tmeattn.sweep.measure import Watcher, seconds_of, stop_reason, value_of
from tmeattn.sweep.plan import Plan
from tmeattn.sweep.search import SeededSampler, pruner_of
from tmeattn.sweep.space import Value, shown_values, trial_options
from tmeattn.sweep.study import Study, Trial, suggest
from tmeattn.training.distributed.place import forget_place

ORIGIN_FORMAT = 1
"""The version of `tmeattn.runs.run_files.SweepOrigin`."""
BEAT = 15.0
"""Seconds between two beats of a worker."""
DEAD_AFTER = 60.0
"""Seconds without a beat after which a worker on another computer counts as dead."""
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


@dataclass(frozen=True)
class _Taken:
    """A trial that this worker has. before: its attributes when it was taken."""

    trial: optuna.Trial
    values: dict[str, Value]
    runs: dict[str, str]
    is_new: bool


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


def check_data(plan: Plan, narrate: Narrate) -> None:
    """Open the data of a sweep, before a study or a trial is made.

    Raises:
        BadInput, EnvironmentProblem: they are missing, or do not fit the options.
    """
    from tmeattn.training.run_data import open_data

    open_data(resolve_run(plan.model, plan.options).train, narrate)


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
        self.owner = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "process": process_mark(os.getpid()),
            "token": secrets.token_hex(8),
        }
        self.seen: dict[int, tuple[object, float]] = {}
        self.failures = 0

    def work(self) -> None:
        waits = False
        while True:
            taken, running = self._patiently(self._take)
            if taken is not None:
                waits = False
                self._carry_out(taken)
            elif running:
                if not waits:
                    trials = "1 trial" if running == 1 else f"{running} trials"
                    self.narrate(f"Waiting for {trials} of other workers, to take over if one dies. Ctrl-C ends this.")
                    waits = True
                time.sleep(POLL)
            else:
                return

    # Taking trials

    def _take(self) -> tuple[_Taken | None, int]:
        """A trial for this worker, and how many trials other workers have."""
        with self.study.store.exclusive():
            trials = self.study.optuna.get_trials(deepcopy=False)
            running = [trial for trial in trials if trial.state == TrialState.RUNNING]
            for frozen in running:
                if self._is_abandoned(frozen):
                    return self._taken(optuna.Trial(self.study.optuna, frozen._trial_id), frozen), 0
            if len(trials) < self.study.goal or any(trial.state == TrialState.WAITING for trial in trials):
                return self._taken(self.study.optuna.ask(), None), 0
            return None, len(running)

    def _taken(self, trial: optuna.Trial, before: FrozenTrial | None) -> _Taken:
        trial.set_user_attr("owner", self.owner)
        values = {dimension.name: suggest(trial, dimension) for dimension in self.plan.space}
        runs = before.user_attrs.get("runs") if before is not None else None
        return _Taken(trial, values, dict(runs) if isinstance(runs, dict) else {}, before is None)

    def _is_abandoned(self, trial: FrozenTrial) -> bool:
        """Whether no worker trains a trial that was begun: it was given back, or its worker is dead."""
        owner = trial.user_attrs.get("owner")
        if not isinstance(owner, dict):
            return True
        pid, here = owner.get("pid"), owner.get("host") == socket.gethostname()
        if here and pid == os.getpid() and owner.get("process") == self.owner["process"]:
            return True  # this worker takes a trial only when it has none
        known = exists(pid, owner.get("process")) if here else None
        if known is not None:
            return not known
        for run in map(_run, trial.user_attrs.get("runs", {}).values()):
            if run is not None and is_trained(run):
                return False
        beat = (trial.user_attrs.get("beat"), owner.get("token"))
        before = self.seen.get(trial.number)
        if before is None or before[0] != beat:
            self.seen[trial.number] = (beat, time.monotonic())
            return False
        return time.monotonic() - before[1] > DEAD_AFTER

    # Training

    def _carry_out(self, taken: _Taken) -> None:
        """Train the runs of a trial and tell its value; give it back if the training is stopped."""
        number = taken.trial.number
        try:
            with self._beats(taken.trial):
                self._train(taken)
            self.failures = 0
        except (Interrupted, KeyboardInterrupt):
            self._give_back(taken.trial)
            raise Interrupted(
                f"The sweep stopped in trial {number}; its training can be continued.",
                hint=f"Continue: {self.command}",
            ) from None
        except EnvironmentProblem:
            self._give_back(taken.trial)
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

    def _train(self, taken: _Taken) -> None:
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

    def _run_of_seed(self, taken: _Taken, config: RunConfig, seed: int, *, prunes: bool) -> tuple[RunDirectory, Ending]:
        """Train the run of one seed, or continue it."""
        from tmeattn.training.session import resume, start
        from tmeattn.training.signals import StopFlag
        from tmeattn.training.trainer import Diverged

        number, stop = taken.trial.number, StopFlag()
        before = _run(taken.runs.get(str(seed)))
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

    def _announce(self, taken: _Taken, seed: int) -> str:
        """Choose the id of a new run and write it into the trial before the run is made, so that it is found again."""
        run_id = new_id(self.plan.model)
        while os.path.lexists(runs_dir() / run_id):
            run_id = new_id(self.plan.model)
        taken.runs[str(seed)] = run_id

        def write() -> None:
            with self.study.store.exclusive():
                if not self._has(taken.trial):
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

    def _tell(self, taken: _Taken, state: TrialState, values: Sequence[float], reason: str | None) -> None:
        """Tell the study how a trial has ended, unless another worker has taken it over."""
        seconds = sum(seconds_of(run) for run in map(_run, taken.runs.values()) if run is not None)

        def tell() -> None:
            if not self._has(taken.trial):
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

    def _fail(self, taken: _Taken, error: Exception) -> None:
        """Count a trial whose values cannot be trained; after several in a row, they are not the cause."""
        self.failures += 1
        message = error.message if isinstance(error, TmeattnError) else one_line(error)
        if self.failures >= MOST_FAILURES:
            self._give_back(taken.trial)
            raise error
        self.narrate(f"Trial {taken.trial.number} failed: {message}")
        self._tell(taken, TrialState.FAIL, [], message)

    def _has(self, trial: optuna.Trial) -> bool:
        """Whether this worker still has a trial."""
        frozen = self.study.store.storage.get_trial(trial._trial_id)
        owner = frozen.user_attrs.get("owner")
        return (
            frozen.state == TrialState.RUNNING and isinstance(owner, dict) and owner.get("token") == self.owner["token"]
        )

    def _give_back(self, trial: optuna.Trial) -> None:
        """Let any worker continue a trial."""
        with contextlib.suppress(Exception):
            if self._has(trial):
                trial.set_user_attr("owner", None)

    @contextlib.contextmanager
    def _beats(self, trial: optuna.Trial) -> Iterator[None]:
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


def _run(run_id: object) -> RunDirectory | None:
    """A run in the home folder; None where there is none of that id."""
    if not isinstance(run_id, str) or not run_id or "/" in run_id:
        return None
    run = RunDirectory(runs_dir() / run_id)
    try:
        _ = run.info
    except (BadInput, OSError):
        return None
    return run


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
