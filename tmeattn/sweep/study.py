"""A study: a plan and its trials in a storage. Finding, joining, listing and deleting studies. No torch.

A trial of Optuna has these user attributes:

runs:    the id of the run of each seed; it is written before the run is made.
owner:   the worker that trains it (host, pid, process, token), or null where it was given back.
beat:    a number that its worker raises, so that workers on other computers know that it lives.
values:  the value of each seed. seconds: of training. reason: why it was pruned or failed.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast

from tmeattn.errors import BadInput, UnknownName
from tmeattn.paths import runs_dir
from tmeattn.runs.directory import RunDirectory
from tmeattn.sweep.plan import ATTRIBUTE, DERIVED, Objective, Plan, check_same, stored_plan
from tmeattn.sweep.space import Dimension, Range, Value, rounded
from tmeattn.sweep.storage import Store

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

TRIALS = "tmeattn_trials"
"""The user attribute of a study that holds the number of its trials, which can rise."""
State = Literal["waiting", "running", "finished", "pruned", "failed"]
_STATES: Mapping[str, State] = {
    "WAITING": "waiting",
    "RUNNING": "running",
    "COMPLETE": "finished",
    "PRUNED": "pruned",
    "FAIL": "failed",
}


@dataclass(frozen=True)
class Trial:
    """A trial as it is shown.

    value:  the mean over its seeds; of a pruned trial the last that it reported. values: of each seed.
    params: the options that vary. runs: the id of the run of each seed, in the order of the seeds.
    owned:  whether a worker has it, as far as the study says.
    """

    number: int
    state: State
    value: float | None
    values: tuple[float, ...]
    params: dict[str, Value]
    runs: tuple[str, ...]
    reason: str | None
    seconds: float | None
    owned: bool

    @property
    def is_over(self) -> bool:
        return self.state in ("finished", "pruned", "failed")


@dataclass(frozen=True)
class Study:
    """A study that was read or joined. goal: the number of its trials. created: of its first trial, seconds since 1970.

    optuna: Optuna's study.
    """

    name: str
    plan: Plan
    goal: int
    store: Store
    optuna: optuna.Study

    def trials(self) -> list[Trial]:
        """All trials in the order of their numbers."""
        with self.store.errors():
            return [_trial(each, self.plan) for each in self.optuna.get_trials(deepcopy=False)]

    @property
    def objective(self) -> Objective:
        return Objective.parse(self.plan.objective)


def best_of(trials: list[Trial], rises: bool) -> Trial | None:
    """The finished trial with the best value, the first of equals."""
    finished = [trial for trial in trials if trial.state == "finished" and trial.value is not None]
    if not finished:
        return None
    return min(finished, key=lambda trial: -(trial.value or 0.0) if rises else (trial.value or 0.0))


def join(
    store: Store,
    name: str,
    plan: Plan,
    trials: int | None,
    default_trials: int,
    derived: Mapping[str, Any] = MappingProxyType({}),
) -> Study:
    """Make the study of a plan, or join it where it exists. More `trials` than it has raise its number.

    derived: options of all trials that a new study has because of its data; an existing one has its own.

    Raises:
        BadInput: the study has another plan, or another program made it.
        EnvironmentProblem: the storage cannot be used.
    """
    import optuna

    with store.errors(), store.exclusive():
        names = optuna.get_all_study_names(store.storage)
        if name not in names:
            rises = Objective.parse(plan.objective).rises
            direction = optuna.study.StudyDirection.MAXIMIZE if rises else optuna.study.StudyDirection.MINIMIZE
            made = optuna.create_study(storage=store.storage, study_name=name, direction=direction)
        else:
            made = optuna.load_study(study_name=name, storage=store.storage)
        stored = made.user_attrs.get(ATTRIBUTE)
        if stored is None and not made.get_trials(deepcopy=False):  # new, or its maker was killed
            plan = plan.with_options(derived)
            made.set_user_attr(ATTRIBUTE, dict(plan.document()))
        else:
            has = stored_plan(name, stored)
            check_same(name, has, plan)
            plan = plan.with_options({key: has.options[key] for key in DERIVED if key in has.options})
        return _with_goal(Study(name, plan, 0, store, made), trials, default_trials)


def extended(study: Study, trials: int | None) -> Study:
    """The study with more trials, where `trials` is more than it has."""
    if trials is None or trials <= study.goal:
        return study
    with study.store.errors(), study.store.exclusive():
        return _with_goal(study, trials, study.goal)


def _with_goal(study: Study, trials: int | None, default: int) -> Study:
    before = study.optuna.user_attrs.get(TRIALS)
    known = before if isinstance(before, int) and not isinstance(before, bool) else None
    goal = max(known or 0, trials or 0) or default
    if goal != known:
        study.optuna.set_user_attr(TRIALS, goal)
    return Study(study.name, study.plan, goal, study.store, study.optuna)


def study_names(store: Store) -> list[str]:
    """The names of the studies of tmeattn, the newest first."""
    with store.errors():
        every = store.storage.get_all_studies()  # in the order in which they were made
    return [one.study_name for one in reversed(every) if isinstance(one.user_attrs.get(ATTRIBUTE), dict)]


def open_study(store: Store | None, name: str | None) -> Study:
    """The study of that name, or the newest.

    Raises:
        UnknownName: there is no study of that name.
        BadInput: there is no study, or it is not one that this version reads.
    """
    names = study_names(store) if store is not None else []
    if name is None and not names:
        raise BadInput("There is no sweep yet.", hint="Begin one: tmeattn sweep lstm-attn")
    if store is None or (name is not None and name not in names):
        raise UnknownName("sweep", name or "", names, list_command="tmeattn sweep list")
    import optuna

    name = name or names[0]
    with store.errors():
        found = optuna.load_study(study_name=name, storage=store.storage)
        attributes = found.user_attrs
    goal = attributes.get(TRIALS)
    plan = stored_plan(name, attributes.get(ATTRIBUTE))
    return Study(name, plan, goal if isinstance(goal, int) else 0, store, found)


def unfinished(store: Store | None) -> Study:
    """The newest study that has trials to train.

    Raises:
        BadInput: there is none.
    """
    for name in study_names(store) if store is not None else []:
        study = open_study(store, name)
        if sum(trial.is_over for trial in study.trials()) < study.goal:
            return study
    raise BadInput("There is no sweep to continue.", hint="Begin one: tmeattn sweep lstm-attn. All: tmeattn sweep list")


def runs_of(study: Study) -> list[RunDirectory]:
    """The runs of all trials that are in the home folder."""
    found = []
    for run_id in (run_id for trial in study.trials() for run_id in trial.runs):
        run = RunDirectory(runs_dir() / run_id)
        with contextlib.suppress(BadInput, OSError):
            if run.info.get("sweep", {}).get("study") == study.name:
                found.append(run)
    return found


def delete_study(study: Study) -> None:
    """Delete a study with its trials from the storage. Their runs stay."""
    import optuna

    with study.store.errors(), study.store.exclusive():
        optuna.delete_study(study_name=study.name, storage=study.store.storage)


def suggest(trial: optuna.Trial, dimension: Dimension) -> Value:
    """The value of an option in a trial: chosen by the sampler, unless it has one already, and rounded."""
    return rounded(dimension, _suggested(trial, dimension))


def _suggested(trial: optuna.Trial, dimension: Dimension) -> Value:
    if isinstance(dimension, Range):
        if dimension.whole:
            step = int(dimension.step or 1)
            return trial.suggest_int(
                dimension.name, int(dimension.low), int(dimension.high), step=step, log=dimension.log
            )
        return trial.suggest_float(
            dimension.name, dimension.low, dimension.high, step=dimension.step, log=dimension.log
        )
    return cast(Value, trial.suggest_categorical(dimension.name, dimension.values))


def _trial(frozen: FrozenTrial, plan: Plan) -> Trial:
    attributes: Mapping[str, Any] = frozen.user_attrs
    runs, values = attributes.get("runs"), attributes.get("values")
    reason, seconds = attributes.get("reason"), attributes.get("seconds")
    return Trial(
        number=frozen.number,
        state=_STATES[frozen.state.name],
        value=frozen.value if frozen.values else None,
        values=tuple(values) if isinstance(values, list) else (),
        params={
            each.name: rounded(each, frozen.params[each.name]) for each in plan.space if each.name in frozen.params
        },
        runs=tuple(runs.values()) if isinstance(runs, dict) else (),
        reason=reason if isinstance(reason, str) else None,
        seconds=seconds if isinstance(seconds, int | float) else None,
        owned=attributes.get("owner") is not None,
    )


def created(study: Study) -> float:
    """When the first trial began, seconds since 1970; now for a study without trials."""
    with study.store.errors():
        starts = [each.datetime_start for each in study.optuna.get_trials(deepcopy=False) if each.datetime_start]
    return min(starts).timestamp() if starts else time.time()
