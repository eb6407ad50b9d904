"""Trains what a target needs and is not there yet, then gathers what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from tmeattn.config import RunConfig
from tmeattn.data.sources import open_dataset, open_vectors
from tmeattn.errors import Interrupted
from tmeattn.paths import runs_dir
from tmeattn.reproduce.findings import result
from tmeattn.reproduce.plan import Entry, Settings, Shelf, entries, identity, is_finished
from tmeattn.reproduce.results import Result
from tmeattn.reproduce.targets import Target, parts
from tmeattn.reproduce.trained import Trained
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event, Listener
from tmeattn.runs.index import all_runs
from tmeattn.training.session import resume, start
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
    bench = _Bench({entry.label: entry for _, rows in planned for entry in rows}, watch, narrate)
    for part, rows in planned:
        trained = [[bench.run(entry, config) for config in entry.configs] for entry in rows]
        yield result(part, settings, list(zip(rows, trained, strict=True)), narrate)


class _Bench:
    """Gives the trained run of a configuration, each once."""

    def __init__(self, rows: dict[str, Entry], watch: Watch, narrate: Narrate) -> None:
        self._watch, self._narrate = watch, narrate
        self._shelf = Shelf(all_runs())
        self._done: dict[str, RunDirectory] = {}
        configs = {identity(config): config for entry in rows.values() for config in entry.configs}
        there = [key for key, config in configs.items() if self._finished(config) is not None]
        self._missing, self._number = len(configs) - len(there), 0
        found = f"{len(there)} trained already, " if there else ""
        if configs:
            narrate(f"{len(configs)} run{'s' if len(configs) != 1 else ''} needed: {found}{self._missing} to train.")

    def run(self, entry: Entry, config: RunConfig) -> Trained:
        key = identity(config)
        if key not in self._done:
            self._done[key] = self._finished(config) or self._train(entry, config)
        return Trained(config.train.seed, self._done[key])

    def _finished(self, config: RunConfig) -> RunDirectory | None:
        found = self._shelf.find(config, _fingerprints(config.train.dataset, config.train.vectors))
        return found if found is not None and is_finished(found) else None

    def _train(self, entry: Entry, config: RunConfig) -> RunDirectory:
        """Continue the run that was begun, or begin it. One that diverges is reported and kept as it is."""
        self._number += 1
        begun = self._shelf.find(config, _fingerprints(config.train.dataset, config.train.vectors))
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


@cache
def _fingerprints(dataset: str, vectors: str) -> dict[str, Any]:
    """What `run.json` says of data, of the data as it is now."""
    opened = open_vectors(vectors)
    return {"fingerprint": open_dataset(dataset).fingerprint, "vectors": opened.fingerprint if opened else None}
