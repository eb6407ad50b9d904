"""From a target to the runs that it needs, and which of them are there already. No torch."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tmeattn.config import Recipe, RunConfig, model_config, resolve_run, stored_config
from tmeattn.errors import BadInput
from tmeattn.reproduce.targets import Run, Target, Variant, parts
from tmeattn.runs.directory import RunDirectory

QUICK = 10
"""`--quick` trains one epoch of so many, but at least two."""
NOT_IDENTITY = frozenset({"threads", "device", "checkpoint_every"})
"""Options that change how a run is computed, not what it is."""


@dataclass(frozen=True)
class Settings:
    """What a user chose; `overrides` are options of `tmeattn train` for every run."""

    recipe: Recipe = "report"
    seeds: tuple[int, ...] = (0,)
    quick: bool = False
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def typed(self) -> tuple[str, ...]:
        """The options that change what is trained, as a user typed them; dataset, vectors and limit stand elsewhere."""
        return tuple(
            f"--{name.replace('_', '-')} {value}"
            for name, value in self.overrides.items()
            if name not in NOT_IDENTITY | {"dataset", "vectors", "limit"}
        )


@dataclass(frozen=True)
class Entry:
    """A row of a target: one run in one variant, its configuration for every seed."""

    run: Run
    variant: Variant
    configs: tuple[RunConfig, ...]

    @property
    def label(self) -> str:
        """Unique within a target: "simple attention, alpha 0.05, with warm-up"."""
        return ", ".join(filter(None, (self.run.label, self.variant.label, self.variant.group)))

    @property
    def report(self) -> float | None:
        """The report's accuracy, a fraction; of a variant it gives none."""
        return None if self.run.report is None or self.variant.label else round(self.run.report / 100, 6)


def entries(target: Target, settings: Settings) -> tuple[Entry, ...]:
    """The rows of a target.

    Raises:
        BadInput: an override that a run refuses.
    """
    return tuple(
        Entry(run, variant, tuple(_config(run, variant, settings, seed) for seed in settings.seeds))
        for run in target.runs
        for variant in target.variants
    )


def _config(run: Run, variant: Variant, settings: Settings, seed: int) -> RunConfig:
    options: dict[str, Any] = {"recipe": settings.recipe, **run.options, **variant.options, **settings.overrides}
    options["seed"] = seed
    recommended = resolve_run(run.model, {**options, "alpha_warmup": None}).train.epochs
    epochs = min(recommended, max(2, math.ceil(recommended / QUICK))) if settings.quick else recommended
    epochs = round(run.longer * epochs)
    if epochs != recommended:
        options["epochs"] = epochs
    if variant.warmup is not None:
        options["alpha_warmup"] = round(variant.warmup * epochs, 3)  # 0.4 * 8 is not 3.2
    return resolve_run(run.model, options)


def identity(config: RunConfig) -> str:
    """What decides a run's weights: configurations with equal texts are trained equally."""
    train = {key: value for key, value in config.train.model_dump(mode="json").items() if key not in NOT_IDENTITY}
    if config.train.alpha == 0:
        del train["alpha_warmup"]
    return json.dumps([config.model, config.model_options, train], sort_keys=True)


def _identity_of_run(run: RunDirectory) -> str | None:
    """The identity of a run, with today's defaults for options that it was made without; None where it does not fit
    this version, or its plugin is gone."""
    try:
        config = stored_config(run.id, run.config)
        options = model_config(config).model_dump(mode="json")
    except BadInput:
        return None
    return identity(config.model_copy(update={"model_options": options}))


class Shelf:
    """Runs that are there already, by identity. Finished runs whose best weights are gone are of no use."""

    def __init__(self, runs: Iterable[RunDirectory]) -> None:
        self._by_identity: dict[str, list[RunDirectory]] = {}
        for run in runs:
            key = _identity_of_run(run)
            if key is not None and (run.has_best() or not run.is_finished()):
                self._by_identity.setdefault(key, []).append(run)

    def find(self, config: RunConfig, data: Mapping[str, Any] | None = None) -> RunDirectory | None:
        """A run of that configuration, on data with the fingerprints of `data` where given: one that is over if any,
        else one to be continued."""
        fitting = [
            run
            for run in self._by_identity.get(identity(config), ())
            if data is None or all(run.data.get(key) == value for key, value in data.items())
        ]
        return next((run for run in fitting if run.is_over()), fitting[0] if fitting else None)


def overview(targets: Iterable[Target], settings: Settings, runs: Iterable[RunDirectory]) -> list[dict[str, Any]]:
    """What `reproduce --list --json` prints: for every target the runs that it needs, and how many are there. Data is
    not opened for it, so a run on data that has changed since still counts."""
    shelf, listing = Shelf(runs), []
    for target in targets:
        needed = {
            identity(config): (entry, config)
            for part in parts(target)
            for entry in entries(part, settings)
            for config in entry.configs
        }
        there = [found for _, config in needed.values() if (found := shelf.find(config)) and found.is_over()]
        listing.append(
            {
                "name": target.name,
                "title": target.title,
                "parts": list(target.parts),
                "shows": list(target.show),
                "recipe": settings.recipe,
                "runs": [
                    {"label": entry.label, "model": config.model, "seed": config.train.seed, "options": config.flat()}
                    for entry, config in needed.values()
                ],
                "trained": len(there),
            }
        )
    return listing
