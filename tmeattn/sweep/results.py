"""What a study has found: the best trial, the command that trains it again, the importance of options. No torch."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tmeattn.config import TrainOptions
from tmeattn.errors import BadInput
from tmeattn.runs.directory import RunDirectory
from tmeattn.sweep.claims import run_of
from tmeattn.sweep.plan import Plan, document_of
from tmeattn.sweep.space import Value, trial_options
from tmeattn.sweep.storage import Store
from tmeattn.sweep.study import Study, Trial, best_of, created, open_study, study_names

LEAST_FOR_IMPORTANCE = 5
"""Finished trials from which on importances are computed."""


@dataclass(frozen=True)
class Results:
    """A study as it is shown. importance: of each option that varies, in [0, 1], which sum to 1; None with too few
    finished trials."""

    study: Study
    trials: list[Trial]
    best: Trial | None
    importance: Mapping[str, float] | None

    @property
    def command(self) -> str | None:
        """The command that trains a model with the options of the best trial."""
        return None if self.best is None else train_command(self.study.plan, self.best.params)

    @property
    def over(self) -> int:
        """Trials that have ended."""
        return sum(trial.is_over for trial in self.trials)

    def document(self) -> dict[str, Any]:
        """The results as `--json` prints them."""
        return {
            "study": self.study.name,
            "storage": self.study.store.label,
            "goal": self.study.goal,
            **document_of(self.study.plan),
            "trials": [trial_document(trial) for trial in self.trials],
            "best": None if self.best is None else self.best.number,
            "command": self.command,
            "importance": None if self.importance is None else dict(self.importance),
        }


def trial_document(trial: Trial) -> dict[str, Any]:
    """A trial as `--json` prints it."""
    return {
        "number": trial.number,
        "state": trial.state,
        "value": trial.value,
        "values": list(trial.values),
        "options": dict(trial.params),
        "runs": list(trial.runs),
        "reason": trial.reason,
        "seconds": trial.seconds,
    }


def results(study: Study) -> Results:
    """Read the results of a study."""
    trials = study.trials()
    best = best_of(trials, study.objective.rises)
    return Results(study, trials, best, _importance(study, trials))


def _importance(study: Study, trials: Sequence[Trial]) -> dict[str, float] | None:
    """PED-ANOVA (Watanabe et al. 2023): how much an option decides whether a trial is among the best tenth."""
    if sum(trial.state == "finished" for trial in trials) < LEAST_FOR_IMPORTANCE:
        return None
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    try:
        found = get_param_importances(study.optuna, evaluator=PedAnovaImportanceEvaluator())
    except (ValueError, RuntimeError, ArithmeticError):  # such as values that are all the same
        return None
    return {name: float(share) for name, share in found.items()}


def chosen_options(plan: Plan, values: Mapping[str, Value]) -> dict[str, Any]:
    """The options of a trial that are not defaults: those of all trials, then those that vary."""
    return trial_options(plan.options, values)


def train_command(plan: Plan, values: Mapping[str, Value]) -> str:
    """The command that trains the model with the options of a trial, as typed in a shell."""
    words = ["tmeattn", "train", plan.model]
    for name, value in chosen_options(plan, values).items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            words.append(flag if value else _off_flag(name))
        else:
            words += [flag, _typed(value)]
    seeds = plan.seeds
    if len(seeds) > 1:
        words += ["--seeds", str(len(seeds)) if seeds == tuple(range(len(seeds))) else ",".join(map(str, seeds))]
    elif seeds[0] != TrainOptions.model_fields["seed"].default:
        words += ["--seed", str(seeds[0])]
    return shlex.join(words)


def _off_flag(name: str) -> str:
    field = TrainOptions.model_fields.get(name)
    extra = field.json_schema_extra if field is not None else None
    verb = extra.get("off") if isinstance(extra, dict) else None
    return f"--{name.replace('tune_', f'{verb}_') if verb else f'no_{name}'}".replace("_", "-")


def _typed(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def config_file(plan: Plan, values: Mapping[str, Value]) -> str:
    """A TOML file for `tmeattn train --config` with the options of a trial."""
    lines = [f"# {train_command(plan, values)}".replace("\n", " ")]
    options = chosen_options(plan, values)
    if len(plan.seeds) == 1:
        options["seed"] = plan.seeds[0]
    return "\n".join([*lines, *(f"{name.replace('_', '-')} = {_toml(value)}" for name, value in options.items())])


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


@dataclass(frozen=True)
class Overview:
    """A study as `tmeattn sweep list` shows it. created: of its first trial, seconds since 1970."""

    name: str
    model: str
    objective: str
    over: int
    goal: int
    best: float | None
    created: float

    def document(self) -> dict[str, Any]:
        """The study as `--json` prints it."""
        return asdict(self)


def overviews(store: Store | None) -> tuple[list[Overview], dict[str, str]]:
    """All studies of tmeattn in a storage, the newest first, and those that cannot be read, each with the reason."""
    found, damaged = [], {}
    for name in study_names(store) if store is not None else []:
        try:
            study = open_study(store, name)
            trials = study.trials()
            best = best_of(trials, study.objective.rises)
        except BadInput as error:
            damaged[name] = error.message
            continue
        over, value = sum(trial.is_over for trial in trials), best.value if best else None
        found.append(Overview(name, study.plan.model, study.plan.objective, over, study.goal, value, created(study)))
    return found, damaged


def best_run(trial: Trial) -> RunDirectory | None:
    """The run of a trial's first seed, where it is in the home folder."""
    return run_of(trial.runs[0]) if trial.runs else None
