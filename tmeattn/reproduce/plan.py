"""From a target to the runs that it needs, and which of them are there already. No torch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tmeattn.config import Recipe, RunConfig, resolve_run
from tmeattn.reproduce.targets import Run, Target, Variant, parts
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.reuse import NOT_IDENTITY, ReusableRuns, identity

QUICK = 10
"""`--quick` trains one epoch of so many, but at least two."""


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


def overview(targets: Iterable[Target], settings: Settings, runs: Iterable[RunDirectory]) -> list[dict[str, Any]]:
    """What `reproduce --list --json` prints: for every target the runs that it needs, and how many are there. Data is
    not opened for it, so a run on data that has changed since still counts."""
    reusable, listing = ReusableRuns(runs), []
    for target in targets:
        needed = {
            identity(config): (entry, config)
            for part in parts(target)
            for entry in entries(part, settings)
            for config in entry.configs
        }
        there = [found for _, config in needed.values() if (found := reusable.find(config)) and found.is_over()]
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
