"""Assembling the result of a target from its trained runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tmeattn.reproduce.chance import chance_notes, larger_class
from tmeattn.reproduce.collapse import collapse_notes
from tmeattn.reproduce.diagrams import diagram_panel
from tmeattn.reproduce.differences import compare
from tmeattn.reproduce.heatmaps import heatmaps
from tmeattn.reproduce.matrices import matrix_panel
from tmeattn.reproduce.panels import entropy_by_epoch, entropy_by_variant, learning_curves, validation_curves
from tmeattn.reproduce.plan import Settings
from tmeattn.reproduce.results import Context, Difference, Panel, Result
from tmeattn.reproduce.targets import Show, Target
from tmeattn.reproduce.trained import EntryRuns, SeedRun, row

SPLIT = "validation"
PANELS: Mapping[Show, Callable[[EntryRuns], list[Panel]]] = {
    "curves": learning_curves,
    "validation": validation_curves,
    "entropy-by-epoch": entropy_by_epoch,
    "entropy-by-variant": entropy_by_variant,
}


def target_result(target: Target, settings: Settings, entry_runs: EntryRuns, narrate: Callable[[str], None]) -> Result:
    """The tables, differences, panels and notes that a target names, in the order in which it names them."""
    held = context(settings, entry_runs)
    chance = held.chance if held else None
    rows = tuple(row(entry, seed_runs, chance) for entry, seed_runs in entry_runs) if "table" in target.show else ()
    differences: tuple[Difference, ...] = ()
    notes: list[str] = [*target.notes, *(chance_notes(rows, held) if held else [])]
    if "differences" in target.show and held is not None:
        device = str(settings.overrides.get("device", "cpu"))
        differences, reversed_pairs = compare(entry_runs, rows, held, device=device, narrate=narrate)
        notes += reversed_pairs
    if "collapse" in target.show:
        notes += collapse_notes(entry_runs, chance, shortened=held is not None and held.shortened)
    if {"curves", "validation"} & set(target.show) and any(
        len(set(map(_length, seed_runs))) > 1 for _, seed_runs in entry_runs
    ):
        notes.append("Where some seeds stopped early, a curve continues as the mean of the remaining seeds.")
    panels = [matrix_panel(matrix, settings.recipe) for matrix in target.matrices]
    panels += [diagram_panel(diagram, settings) for diagram in target.diagrams]
    panels += [panel for show in target.show if show in PANELS for panel in PANELS[show](entry_runs)]
    if "heatmaps" in target.show:
        panels += heatmaps(entry_runs, oov_marks=settings.oov_marks)
    runs = tuple(seed_run.run.id for _, seed_runs in entry_runs for seed_run in seed_runs)
    return Result(
        target.name,
        target.title,
        target.says,
        held,
        rows,
        differences,
        tuple(panels),
        tuple(notes),
        runs,
        target.formula,
    )


def _length(seed_run: SeedRun) -> int:
    return len(seed_run.epochs)


def context(settings: Settings, entry_runs: EntryRuns) -> Context | None:
    """The conditions that all runs of a target share; None if the target has no runs."""
    if not entry_runs:
        return None
    first = entry_runs[0][1][0]
    train = first.run.config["train"]
    return Context(
        recipe=settings.recipe,
        dataset=train["dataset"],
        split=SPLIT,
        texts=first.started["validation_texts"] if first.started else 0,
        vectors=train["vectors"],
        seeds=settings.seeds,
        limit=train["limit"],
        quick=settings.quick,
        options=settings.typed(),
        machines=tuple(
            sorted({machine for _, seed_runs in entry_runs for seed_run in seed_runs if (machine := seed_run.machine)})
        ),
        method=_shared_method(entry_runs),
        chance=larger_class(first),
    )


def _shared_method(entry_runs: EntryRuns) -> str | None:
    """The optimizer, its learning rate and its momentum, if all runs have the same."""
    found = set()
    for entry, _ in entry_runs:
        train = entry.configs[0].train
        momentum = f", momentum {train.momentum:g}" if train.optimizer == "sgd" else ""
        found.add(f"{'SGD' if train.optimizer == 'sgd' else 'AdamW'}, learning rate {train.lr:g}{momentum}")
    return found.pop() if len(found) == 1 else None
