"""The runs on texts with planted shortcuts: finished ones are reused, begun ones continued, the others trained."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from tmeattn.config import AUTO_TOKENIZER
from tmeattn.errors import BadInput, Interrupted
from tmeattn.faithfulness.planted.shortcuts import Kind
from tmeattn.faithfulness.planted.texts import PlantedData
from tmeattn.registry import registry
from tmeattn.run_config import RunConfig, config_class, resolve_run, with_tokenizer
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Listener
from tmeattn.runs.index import LONGEST_NAME, all_runs, check_name
from tmeattn.runs.reuse import ReusableRuns
from tmeattn.runs.run_files import DataInfo
from tmeattn.specs import ModelSpec
from tmeattn.training.run_data import open_data
from tmeattn.training.side_by_side import Job, SideBySide, jobs_at_once, kept_run, train_here

OPTIONS: Mapping[str, Any] = {
    "vectors": "random",
    "epochs": 12,
    "patience": 0,
    "batch_size": 32,
    "dropout": 0.1,
    "input_dropout": 0.1,
    "threads": 1,
    "device": "cpu",
}
"""Options of the runs beside the recipe `modern` of the model, for the models that have them: short texts need no
pretrained vectors, the dropout that suits reviews hides a part of a shortcut too often, and small models train fastest
with one thread each."""
_OWN = frozenset({"dataset", "text_column", "label_column", "validation", "seed"})
"""Options that the table itself sets."""

Narrate = Callable[[str], None]
Watch = Callable[[str], AbstractContextManager[Listener]]
"""Called with a title before a run is trained; gives a listener that shows the events of the training."""
WatchAll = Callable[[Sequence[Job], int], AbstractContextManager[SideBySide]]
"""Called with all runs to train and how many at the same time; yields their training, which is displayed."""


@dataclass(frozen=True)
class Wanted:
    """A run that the table needs."""

    kind: Kind
    model: str
    config: RunConfig

    @property
    def key(self) -> str:
        return f"{self.kind} {self.model} {self.config.train.seed}"

    @property
    def title(self) -> str:
        return f"{self.model} on texts with a planted {self.kind}, seed {self.config.train.seed}"


def wanted_runs(
    data: Sequence[PlantedData], models: Sequence[str], seeds: Sequence[int], options: Mapping[str, Any]
) -> list[Wanted]:
    """The runs of all kinds, models and seeds.

    options: of `tmeattn train`, for the models that have them.

    Raises:
        BadInput: an option is invalid, or no model has it, or the table itself sets it.
    """
    own = {model: set(config_class(registry().get(ModelSpec, model)).model_fields) for model in models}
    shared = set(resolve_run(models[0], {}).train.model_dump())
    for name in options:
        flag = name.replace("_", "-")
        if name in _OWN:
            raise BadInput(f"--option {flag}: --planted sets it itself.", hint="See --dataset and --seeds.")
        if name not in shared and not any(name in fields for fields in own.values()):
            raise BadInput(f"--option {flag}: no model of --planted has this option.", hint="See: tmeattn models NAME")
    found = []
    for each in data:
        for model in models:
            given = {name: value for name, value in {**OPTIONS, **options}.items() if name in shared | own[model]}
            for seed in seeds:
                values = {**given, "dataset": str(each.path), "seed": seed}
                config = resolve_run(model, values)
                if config.train.tokenizer == AUTO_TOKENIZER:  # the texts are English
                    config = with_tokenizer(config, "basic_english")
                found.append(Wanted(each.kind, model, config))
    return found


class PlantedRuns:
    """Finds or trains the runs.

    jobs: how many are trained at the same time; None: as many as `jobs_at_once` says.
    """

    def __init__(self, wanted: Sequence[Wanted], *, watch: Watch, narrate: Narrate, jobs: int | None = None) -> None:
        self.wanted, self.jobs = wanted, jobs
        self._watch, self._narrate = watch, narrate
        self._reusable, self._opened = ReusableRuns(all_runs()), dict[tuple[str, str, str], DataInfo]()
        self._existing = {each.key: self._find(each) for each in wanted}

    @property
    def missing(self) -> list[Wanted]:
        """Those that are not trained to their end yet."""
        return [each for each in self.wanted if (run := self._existing[each.key]) is None or not run.is_over()]

    def train(self, watch_all: WatchAll | None = None) -> dict[str, RunDirectory]:
        """Train what is missing; return all runs by `Wanted.key`. A run that diverges is kept.

        Raises:
            BadInput: one of them is being trained by another process.
            Interrupted: training was stopped; the same call continues it.
        """
        missing = self.missing
        for each in missing:
            run = self._existing[each.key]
            if run is not None and run.state() == "running":
                raise BadInput(
                    f"The run {run.id} ({each.title}) is being trained by another process.",
                    hint="Run the same command again when it has finished.",
                )
        at_once = self.jobs or jobs_at_once([each.config.train for each in missing])
        runs = {key: run for key, run in self._existing.items() if run is not None}
        try:
            if watch_all is not None and min(at_once, len(missing)) > 1:
                runs |= self._side_by_side(missing, at_once, watch_all)
            else:
                runs |= {each.key: self._train(number, each) for number, each in enumerate(missing, 1)}
        except Interrupted as error:
            raise Interrupted(error.message, hint="Continue with the same command.") from None
        return runs

    def _find(self, wanted: Wanted) -> RunDirectory | None:
        train = wanted.config.train
        key = (train.dataset, train.vectors, str(train.vector_size))
        if key not in self._opened:
            self._opened[key] = open_data(train, self._narrate)[1]
        return self._reusable.find(wanted.config, self._opened[key])

    def _side_by_side(self, missing: Sequence[Wanted], at_once: int, watch_all: WatchAll) -> dict[str, RunDirectory]:
        jobs = [self._job(f"{number} of {len(missing)}, {each.title}", each) for number, each in enumerate(missing, 1)]
        with watch_all(jobs, at_once) as trainings:
            outcomes = trainings.wait(job.key for job in jobs)
        return {job.key: kept_run(outcome, self._narrate) for job, outcome in zip(jobs, outcomes, strict=True)}

    def _train(self, number: int, wanted: Wanted) -> RunDirectory:
        title = f"{number} of {len(self.missing)}: {wanted.title}"
        with self._watch(title) as listener:
            return kept_run(train_here(self._job(title, wanted), listener, self._narrate), self._narrate)

    def _job(self, title: str, wanted: Wanted) -> Job:
        begun = self._existing[wanted.key]
        name = None if begun else _free_name(wanted)
        return Job(wanted.key, title, wanted.config, name, resumes=begun)


def _free_name(wanted: Wanted) -> str:
    """The name of a new run, with a number if another run has it: one with other options or texts."""
    base = f"planted-{wanted.kind}-{wanted.model}"[: LONGEST_NAME - 20] + f"-{wanted.config.train.seed}"
    names = itertools.chain([base], (f"{base}.{number}" for number in itertools.count(2)))
    return next(name for name in names if _is_free(name))


def _is_free(name: str) -> bool:
    try:
        check_name(name)
    except BadInput:
        return False
    return True
