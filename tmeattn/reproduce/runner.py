"""Trains what a target needs and is not there yet, then gathers what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

from tmeattn.config import RunConfig
from tmeattn.errors import BadInput, Interrupted
from tmeattn.paths import runs_dir
from tmeattn.reproduce.assemble import target_result
from tmeattn.reproduce.plan import Entry, Settings, entries
from tmeattn.reproduce.results import Result
from tmeattn.reproduce.targets import Target, parts
from tmeattn.reproduce.trained import SeedRun
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event, Listener
from tmeattn.runs.index import all_runs
from tmeattn.runs.reuse import ReusableRuns, identity
from tmeattn.runs.run_files import DataInfo
from tmeattn.training.session import open_data, resume, start
from tmeattn.training.trainer import Diverged

Watch = Callable[[str], AbstractContextManager[Listener]]
"""Called with a run's title before it is trained; what it gives shows the run's events."""
Narrate = Callable[[str], None]


def reproduce(target: Target, settings: Settings, *, watch: Watch, narrate: Narrate) -> Iterator[Result]:
    """Reproduce a target, part by part: finished runs are reused, interrupted ones continued, the others trained.

    Raises:
        BadInput: an option that a run refuses; nothing has been trained then.
        Interrupted: stopped while a run trained; the same call continues.
    """
    planned = [(part, entries(part, settings)) for part in parts(target)]
    bench = _Bench([config for _, rows in planned for entry in rows for config in entry.configs], watch, narrate)
    for part, rows in planned:
        trained = [[bench.run(entry, config) for config in entry.configs] for entry in rows]
        yield target_result(part, settings, list(zip(rows, trained, strict=True)), narrate)


class _Bench:
    """Gives the trained run of a configuration, each once."""

    def __init__(self, configs: Sequence[RunConfig], watch: Watch, narrate: Narrate) -> None:
        self._watch, self._narrate = watch, narrate
        self._reusable = ReusableRuns(all_runs())
        self._done: dict[str, RunDirectory] = {}
        self._opened: dict[tuple[object, ...], DataInfo] = {}
        needed = {identity(config): config for config in configs}
        there = [key for key, config in needed.items() if self._over(config) is not None]
        self._missing, self._number = len(needed) - len(there), 0
        found = f"{len(there)} trained already, " if there else ""
        if configs:
            narrate(f"{len(needed)} run{'s' if len(needed) != 1 else ''} needed: {found}{self._missing} to train.")

    def run(self, entry: Entry, config: RunConfig) -> SeedRun:
        key = identity(config)
        if key not in self._done:
            self._done[key] = self._over(config) or self._train(entry, config)
        return SeedRun(config.train.seed, self._done[key])

    def _over(self, config: RunConfig) -> RunDirectory | None:
        found = self._reusable.find(config, self._data(config))
        return found if found is not None and found.is_over() else None

    def _train(self, entry: Entry, config: RunConfig) -> RunDirectory:
        """Continue the run that was begun, or begin it. One that diverges is reported and kept as it is."""
        self._number += 1
        begun = self._reusable.find(config, self._data(config))
        if begun is not None and begun.state() == "running":
            raise BadInput(
                f"The run {begun.id} ({entry.label}) is being trained by another process.",
                hint="Type the same command again when it has finished.",
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
            self._narrate(f"{error.message} The other runs go on.")
            return begun or RunDirectory(runs_dir() / ids[0])
        except Interrupted as error:
            raise Interrupted(error.message, hint="Continue with the same command.") from None

    def _data(self, config: RunConfig) -> DataInfo:
        """What `run.json` would say of the run's data, were it begun now."""
        train = config.train
        key = (train.dataset, train.vectors, train.vector_size, train.device)
        if key not in self._opened:
            self._opened[key] = open_data(train)[1]
        return self._opened[key]
