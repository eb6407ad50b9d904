"""The runs that a target needs, and which of them are trained already. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from tmeattn.config import AUTO_TOKENIZER, Recipe
from tmeattn.registry import registry
from tmeattn.reproduce.targets import Run, Target, Variant, parts
from tmeattn.run_config import RunConfig, resolve_run, with_tokenizer
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.reuse import NOT_IDENTITY, ReusableRuns, identity
from tmeattn.specs import ModelSpec


@dataclass(frozen=True)
class Settings:
    """The choices of a user.

    quick:     few texts and epochs; `overrides` take precedence.
    overrides: options of `tmeattn train` for every run.
    per_batch: also log and show the attention entropy of every batch.
    oov_marks: show unknown words of heatmaps as `__OOV__`.
    """

    recipe: Recipe = "report"
    seeds: tuple[int, ...] = (0,)
    quick: bool = False
    overrides: Mapping[str, Any] = field(default_factory=dict)
    per_batch: bool = False
    oov_marks: bool = False

    def typed(self) -> tuple[str, ...]:
        """The overrides as command-line options, without dataset, vectors and limit, which are shown separately."""
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
        """The accuracy in the report, a fraction; None for a variant, which the report does not give."""
        return None if self.run.report is None or self.variant.label else round(self.run.report / 100, 6)

    @property
    def report_train(self) -> float | None:
        """The training accuracy in the report, as `report`."""
        known = self.run.report_train
        return None if known is None or self.variant.label else round(known / 100, 6)


def entries(target: Target, settings: Settings) -> tuple[Entry, ...]:
    """The rows of a target.

    Raises:
        BadInput: an override is not valid for a run.
    """
    return tuple(
        Entry(run, variant, tuple(_config(run, variant, settings, seed) for seed in settings.seeds))
        for run in target.runs
        for variant in target.variants
    )


def needed_runs(target: Target, settings: Settings) -> dict[str, tuple[Entry, RunConfig]]:
    """The runs that a target and its parts need, each once: by identity, with a row that shows it.

    Raises:
        BadInput: an override is not valid for a run.
    """
    return {
        identity(config): (entry, config)
        for part in parts(target)
        for entry in entries(part, settings)
        for config in entry.configs
    }


def _config(run: Run, variant: Variant, settings: Settings, seed: int) -> RunConfig:
    options: dict[str, Any] = {"recipe": settings.recipe, **run.options, **variant.options, **settings.overrides}
    options["seed"] = seed
    if settings.quick:
        options = {**_quick(run), **options}
    if settings.per_batch and registry().get(ModelSpec, run.model).attention == "pool":
        options["batch_entropy"] = True
    recommended = resolve_run(run.model, {**options, "alpha_warmup": None}).train.epochs
    shortened = settings.quick and "epochs" not in settings.overrides
    epochs = round(run.longer * (min(recommended, run.quick.epochs) if shortened else recommended))
    if epochs != recommended:
        options["epochs"] = epochs
    if variant.warmup is not None:
        options["alpha_warmup"] = round(variant.warmup * epochs, 3)  # 0.4 * 8 is not 3.2
    config = resolve_run(run.model, options)
    # A run is looked for before its texts are read, so that they cannot decide on the tokenizer.
    return with_tokenizer(config, "basic_english") if config.train.tokenizer == AUTO_TOKENIZER else config


def _quick(run: Run) -> dict[str, Any]:
    """Fewer texts, of the length that the recipe `modern` reads, so that a model learns something in few epochs."""
    return {
        "limit": run.quick.limit,
        "max_length": resolve_run(run.model, {"recipe": "modern"}).train.max_length,
    }


class NeededRun(TypedDict):
    """A run that a target needs; `options` are all options of its configuration."""

    label: str
    model: str
    seed: int
    options: dict[str, Any]


class TargetOverview(TypedDict):
    """An element of `reproduce --list --json`; `trained` is the number of the needed runs that are trained already."""

    name: str
    title: str
    parts: list[str]
    shows: list[str]
    recipe: str
    runs: list[NeededRun]
    trained: int


def overview(targets: Iterable[Target], settings: Settings, runs: Iterable[RunDirectory]) -> list[TargetOverview]:
    """Every target with the runs that it needs, and the number of those that are trained, for `reproduce --list`.

    The data is not opened, so a run counts even if its data has changed since.
    """
    reusable = ReusableRuns(runs)
    listing: list[TargetOverview] = []
    for target in targets:
        needed = needed_runs(target, settings)
        trained = [run for _, config in needed.values() if (run := reusable.find(config)) and run.is_over()]
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
                "trained": len(trained),
            }
        )
    return listing
