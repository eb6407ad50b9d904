"""Everything that a target shows, from its trained runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tmeattn.reproduce.collapse import collapse_notes
from tmeattn.reproduce.differences import compare
from tmeattn.reproduce.model_panels import heatmaps, matrix_panel
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
    "heatmaps": heatmaps,
}


def target_result(target: Target, settings: Settings, found: EntryRuns, narrate: Callable[[str], None]) -> Result:
    """What a target shows of its runs, in the order that it names."""
    held = context(settings, found)
    rows = tuple(row(entry, trained) for entry, trained in found) if "table" in target.show else ()
    differences: tuple[Difference, ...] = ()
    notes: list[str] = []
    if "differences" in target.show and held is not None:
        device = str(settings.overrides.get("device", "cpu"))
        differences, notes = compare(found, rows, held, device=device, narrate=narrate)
    if "collapse" in target.show:
        notes += collapse_notes(found)
    if {"curves", "validation"} & set(target.show) and any(len(set(map(_length, trained))) > 1 for _, trained in found):
        notes.append("Where seeds stopped early, a curve goes on as the mean of those still in training.")
    panels = [matrix_panel(matrix, settings.recipe) for matrix in target.matrices]
    panels += [panel for show in target.show if show in PANELS for panel in PANELS[show](found)]
    runs = tuple(one.run.id for _, trained in found for one in trained)
    return Result(target.name, target.title, target.says, held, rows, differences, tuple(panels), tuple(notes), runs)


def _length(one: SeedRun) -> int:
    return len(one.epochs)


def context(settings: Settings, found: EntryRuns) -> Context | None:
    """The conditions that all runs of a target share; None of a target without runs."""
    if not found:
        return None
    first = found[0][1][0]
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
        machines=tuple(sorted({machine for _, trained in found for one in trained if (machine := one.machine)})),
    )
