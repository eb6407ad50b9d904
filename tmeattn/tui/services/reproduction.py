"""The report's targets on the screen: the runs that each needs, and the commands that forecast and reproduce one.

No torch: the time of missing runs and the results are computed by `tmeattn reproduce` in a process of its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tmeattn.errors import BadInput
from tmeattn.paths import cache_dir, home
from tmeattn.reproduce.plan import Settings, needed_runs
from tmeattn.reproduce.targets import Target, all_targets
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import best_epoch
from tmeattn.runs.index import all_runs
from tmeattn.runs.reuse import ReusableRuns
from tmeattn.tui.services.background import BackgroundCommand

Progress = Literal["trained", "begun", "running", "to train"]


@dataclass(frozen=True)
class NeededRun:
    """A run that a target needs.

    run:      None where it was never begun.
    epoch:    the last finished epoch. accuracy: of the best one, on validation texts; None before the first.
    """

    label: str
    seed: int
    epochs: int
    progress: Progress
    run: RunDirectory | None = None
    epoch: int = 0
    accuracy: float | None = None


@dataclass(frozen=True)
class TargetRuns:
    """A target with the runs that it needs, under the chosen settings."""

    target: Target
    runs: tuple[NeededRun, ...]

    @property
    def trained(self) -> int:
        return sum(run.progress == "trained" for run in self.runs)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to train."""
        return self.trained == len(self.runs)


def read_targets(settings: Settings) -> list[TargetRuns]:
    """All targets in the order of the report, groups last. This reads the logs of runs: call it in a thread.

    Raises:
        BadInput: a setting is not valid for a run.
    """
    reusable = ReusableRuns(all_runs())
    found: dict[str, NeededRun] = {}
    listed = []
    for target in all_targets().values():
        runs = []
        for key, (entry, config) in needed_runs(target, settings).items():
            if key not in found:
                found[key] = _needed(entry.label, config.train.seed, config.train.epochs, reusable.find(config))
            runs.append(replace(found[key], label=entry.label))
        listed.append(TargetRuns(target, tuple(runs)))
    return listed


def _needed(label: str, seed: int, epochs: int, run: RunDirectory | None) -> NeededRun:
    if run is None:
        return NeededRun(label, seed, epochs, "to train")
    try:
        events = list(run.figures())
        best = best_epoch(events)
        done = sum(event["kind"] == "epoch" for event in events)
        progress: Progress = "trained" if run.is_over() else "running" if run.state() == "running" else "begun"
    except BadInput:  # deleted meanwhile, or damaged
        return NeededRun(label, seed, epochs, "to train")
    return NeededRun(label, seed, epochs, progress, run, done, best["validation"]["accuracy"] if best else None)


def options_of(settings: Settings) -> list[str]:
    """The settings as options of `tmeattn reproduce`; those that are the default are left out."""
    options = [] if settings.recipe == "report" else ["--recipe", settings.recipe]
    if len(settings.seeds) > 1:
        options += ["--seeds", str(len(settings.seeds))]
    return [*options, *(["--quick"] if settings.quick else [])]


def reproduce_command(target: str, settings: Settings) -> BackgroundCommand:
    """`tmeattn reproduce TARGET`: trains what is missing and prints tables and figures, its result."""
    arguments = ["reproduce", target, *options_of(settings)]
    folder = home() / "logs"
    name = "-".join(["reproduce", target, *(option.strip("-") for option in options_of(settings))])
    return BackgroundCommand(folder, name, arguments, output=folder / f"{name}.page")


def export_command(target: str, settings: Settings, folder: Path) -> BackgroundCommand:
    """`tmeattn reproduce TARGET --export FOLDER` of a target whose runs are trained."""
    made = reproduce_command(target, settings)
    logs, name = made.log.parent, f"{made.log.stem}-export"
    arguments = [*made.arguments, "--export", str(folder)]
    return BackgroundCommand(logs, name, arguments, output=logs / f"{name}.page")


def forecast_command(found: TargetRuns, settings: Settings) -> BackgroundCommand:
    """`tmeattn reproduce TARGET --list`: the runs and the time that they take, for the runs that exist now."""
    name = found.target.name
    state = repr((options_of(settings), [(run.label, run.seed, run.epoch, run.progress) for run in found.runs]))
    key = hashlib.sha256(state.encode()).hexdigest()[:12]
    folder = cache_dir() / "forecasts"
    arguments = ["reproduce", name, "--list", *options_of(settings)]
    return BackgroundCommand(folder, f"{name}-{key}", arguments, output=folder / f"{name}-{key}.page")
