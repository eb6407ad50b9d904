"""Training the runs that a target needs and that do not exist yet, then assembling its results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

from tmeattn.errors import BadInput, Interrupted
from tmeattn.paths import runs_dir
from tmeattn.reproduce.assemble import target_result
from tmeattn.reproduce.plan import Entry, Settings, entries
from tmeattn.reproduce.results import Result
from tmeattn.reproduce.targets import Target, parts
from tmeattn.reproduce.trained import SeedRun
from tmeattn.run_config import RunConfig
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event, Listener
from tmeattn.runs.index import all_runs
from tmeattn.runs.reuse import ReusableRuns, identity
from tmeattn.runs.run_files import DataInfo
from tmeattn.training.run_data import open_data
from tmeattn.training.session import resume, start
from tmeattn.training.trainer import Diverged

Watch = Callable[[str], AbstractContextManager[Listener]]
"""Called with a title before a run is trained; yields a listener that shows the events of the run."""
Narrate = Callable[[str], None]


def reproduce(target: Target, settings: Settings, *, watch: Watch, narrate: Narrate) -> Iterator[Result]:
    """Reproduce a target, part by part: finished runs are reused, interrupted ones continued, the others trained.

    Raises:
        BadInput: an option is not valid for a run; nothing has been trained.
        Interrupted: training was stopped; the same call continues it.
    """
    planned = [(part, entries(part, settings)) for part in parts(target)]
    trainer = _RunTrainer([config for _, rows in planned for entry in rows for config in entry.configs], watch, narrate)
    for part, rows in planned:
        trained = [[trainer.run(entry, config) for config in entry.configs] for entry in rows]
        yield target_result(part, settings, list(zip(rows, trained, strict=True)), narrate)


class _RunTrainer:
    """Finds or trains the run of each configuration, once."""

    def __init__(self, configs: Sequence[RunConfig], watch: Watch, narrate: Narrate) -> None:
        self._watch, self._narrate = watch, narrate
        self._reusable = ReusableRuns(all_runs())
        self._done: dict[str, RunDirectory] = {}
        self._opened: dict[tuple[object, ...], DataInfo] = {}
        needed = {identity(config): config for config in configs}
        finished = [key for key, config in needed.items() if self._finished(config) is not None]
        self._missing, self._number = len(needed) - len(finished), 0

    def run(self, entry: Entry, config: RunConfig) -> SeedRun:
        key = identity(config)
        if key not in self._done:
            self._done[key] = self._finished(config) or self._train(entry, config)
        return SeedRun(config.train.seed, self._done[key])

    def _finished(self, config: RunConfig) -> RunDirectory | None:
        run = self._reusable.find(config, self._data(config))
        return run if run is not None and run.is_over() else None

    def _train(self, entry: Entry, config: RunConfig) -> RunDirectory:
        """Resume the run if it was begun, otherwise start it. A run that diverges is reported and kept."""
        self._number += 1
        begun = self._reusable.find(config, self._data(config))
        if begun is not None and begun.state() == "running":
            raise BadInput(
                f"The run {begun.id} ({entry.label}) is being trained by another process.",
                hint="Run the same command again when it has finished.",
            )
        ids: list[str] = []

        def remember(event: Event) -> None:
            if event["kind"] == "started":
                ids.append(event["run"])

        try:
            with self._watch(f"{self._number} of {self._missing}: {entry.label}, seed {config.train.seed}") as listener:
                if begun is not None:
                    return resume(begun, listeners=[listener], narrate=self._narrate)
                return start(config.model, config.flat(), listeners=[listener, remember], narrate=self._narrate)
        except Diverged as error:
            self._narrate(f"{error.message} The other runs continue.")
            return begun or RunDirectory(runs_dir() / ids[0])
        except Interrupted as error:
            raise Interrupted(error.message, hint="Continue with the same command.") from None

    def _data(self, config: RunConfig) -> DataInfo:
        """The description of the data that `run.json` would have if the run were started now."""
        train = config.train
        key = (train.dataset, train.vectors, train.vector_size, train.device)
        if key not in self._opened:
            self._opened[key] = open_data(train)[1]
        return self._opened[key]
