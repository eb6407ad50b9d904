"""Training the runs that a target needs and that do not exist yet, then assembling its results."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from tmeattn.errors import BadInput, Interrupted
from tmeattn.reproduce.assemble import target_result
from tmeattn.reproduce.plan import Entry, Settings, entries
from tmeattn.reproduce.results import Result
from tmeattn.reproduce.targets import Target, parts
from tmeattn.reproduce.trained import SeedRun
from tmeattn.run_config import RunConfig
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Listener
from tmeattn.runs.index import all_runs
from tmeattn.runs.reuse import ReusableRuns, identity
from tmeattn.runs.run_files import DataInfo
from tmeattn.training.run_data import open_data
from tmeattn.training.side_by_side import Job, Outcome, SideBySide, jobs_at_once, kept_run, train_here

Watch = Callable[[str], AbstractContextManager[Listener]]
"""Called with a title before a run is trained; yields a listener that shows the events of the run."""
WatchAll = Callable[[Sequence[Job], int], AbstractContextManager[SideBySide]]
"""Called with all runs to train and how many to train at the same time; yields their training, which is displayed."""
Narrate = Callable[[str], None]


def reproduce(
    target: Target,
    settings: Settings,
    *,
    watch: Watch,
    watch_all: WatchAll | None = None,
    narrate: Narrate,
    jobs: int | None = None,
) -> Iterator[Result]:
    """Reproduce a target, part by part: finished runs are reused, interrupted ones continued, the others trained.

    watch_all: displays trainings side by side; without it, one run is trained after the other.
    jobs:      how many runs are trained at the same time; None: as many as `jobs_at_once` says.

    Raises:
        BadInput: an option is not valid for a run; nothing has been trained.
        Interrupted: training was stopped; the same call continues it.
    """
    planned = [(part, entries(part, settings)) for part in parts(target)]
    needed = {identity(config): (entry, config) for _, rows in planned for entry in rows for config in entry.configs}
    trainer = _RunTrainer(needed, watch, narrate)
    at_once = jobs or jobs_at_once([config.train for _, config in trainer.missing.values()])
    with contextlib.ExitStack() as held:
        if watch_all is not None and min(at_once, len(trainer.missing)) > 1:
            trainer.side_by_side = held.enter_context(watch_all(trainer.jobs(), at_once))
        for part, rows in planned:
            trained = [[trainer.run(entry, config) for config in entry.configs] for entry in rows]
            yield target_result(part, settings, list(zip(rows, trained, strict=True)), narrate)


class _RunTrainer:
    """Finds or trains the run of each configuration, once.

    missing:      what is not trained to its end yet, by identity.
    side_by_side: the training of all of it, several at the same time; None: one after the other, in this process.
    """

    def __init__(self, needed: Mapping[str, tuple[Entry, RunConfig]], watch: Watch, narrate: Narrate) -> None:
        self._watch, self._narrate = watch, narrate
        self._reusable = ReusableRuns(all_runs())
        self._done: dict[str, RunDirectory] = {}
        self._opened: dict[tuple[object, ...], DataInfo] = {}
        self.missing = {key: each for key, each in needed.items() if self._finished(each[1]) is None}
        self.side_by_side: SideBySide | None = None
        self._number = 0

    def run(self, entry: Entry, config: RunConfig) -> SeedRun:
        key = identity(config)
        if key not in self._done:
            self._done[key] = self._finished(config) or self._trained(key, entry, config)
        return SeedRun(config.train.seed, self._done[key])

    def jobs(self) -> list[Job]:
        """The missing runs as jobs of `SideBySide`.

        Raises:
            BadInput: one of them is being trained by another process.
        """
        return [
            Job(
                key,
                f"{number} of {len(self.missing)}, {_title(entry, config)}",
                config,
                resumes=self._begun(entry, config),
            )
            for number, (key, (entry, config)) in enumerate(self.missing.items(), 1)
        ]

    def _trained(self, key: str, entry: Entry, config: RunConfig) -> RunDirectory:
        """Train the missing run of an entry, or wait until it is trained."""
        if self.side_by_side is None:
            return kept_run(self._train(key, entry, config), self._narrate)
        try:
            (outcome,) = self.side_by_side.wait([key])
        except Interrupted as error:
            raise _continued(error) from None
        return kept_run(outcome, self._narrate)

    def _finished(self, config: RunConfig) -> RunDirectory | None:
        run = self._reusable.find(config, self._data(config))
        return run if run is not None and run.is_over() else None

    def _train(self, key: str, entry: Entry, config: RunConfig) -> Outcome:
        """Resume the run if it was begun, otherwise start it."""
        self._number += 1
        title = f"{self._number} of {len(self.missing)}: {_title(entry, config)}"
        job = Job(key, title, config, resumes=self._begun(entry, config))
        try:
            with self._watch(title) as listener:
                return train_here(job, listener, self._narrate)
        except Interrupted as error:
            raise _continued(error) from None

    def _begun(self, entry: Entry, config: RunConfig) -> RunDirectory | None:
        """The run that was begun and not finished, or None.

        Raises:
            BadInput: another process trains it.
        """
        begun = self._reusable.find(config, self._data(config))
        if begun is not None and begun.state() == "running":
            raise BadInput(
                f"The run {begun.id} ({entry.label}) is being trained by another process.",
                hint="Run the same command again when it has finished.",
            )
        return begun

    def _data(self, config: RunConfig) -> DataInfo:
        """The description of the data that `run.json` would have if the run were started now."""
        train = config.train
        key = (train.dataset, train.vectors, train.vector_size, train.device)
        if key not in self._opened:
            self._opened[key] = open_data(train)[1]
        return self._opened[key]


def _title(entry: Entry, config: RunConfig) -> str:
    return f"{entry.label}, seed {config.train.seed}"


def _continued(error: Interrupted) -> Interrupted:
    return Interrupted(error.message, hint="Continue with the same command.")
