"""A comparison of runs: tables of their results and options, their validation curves in one chart, and means over
seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.render.console import safe
from tmeattn.render.curves import Series, curves
from tmeattn.render.numbers import MISSING, decimal, flag, option_value, percent
from tmeattn.render.tables import Column, key_values, table
from tmeattn.render.text_comparison import text_comparison

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmeattn.evaluation.paired import TextComparison
    from tmeattn.runs.comparison import Comparison, SeedGroup

MARKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""The signs of the runs in charts and tables: they tell curves apart without colour, too."""
MOST_COLUMNS = 4
"""Groups whose options stand in a table of their own columns; those of more are listed in a line."""


def comparison_page(comparison: Comparison, texts: TextComparison | None, reason: str | None) -> Group:
    """All parts of a comparison.

    reason: why there is no comparison on texts; None where it was not wanted.
    """
    parts: list[RenderableType] = [*notes(comparison), run_table(comparison, marks_of(comparison))]
    if options := options_table(comparison):
        parts += [Text(), *options]
    parts += [Text(), overlaid_curves(comparison)]
    if any(len(group.runs) > 1 for group in comparison.groups):
        parts += [Text(), group_table(comparison.groups)]
    if texts is not None:
        parts += [Text(), text_comparison(texts)]
    elif reason is not None:
        parts += [Text(), Text(safe(f"Not compared text by text: {reason}"))]
    return Group(*parts)


def notes(comparison: Comparison) -> list[RenderableType]:
    """What keeps the logged figures from being comparable, with an empty line behind it; nothing where they are."""
    lines: list[RenderableType] = [Text(safe(f"! {note}"), style="yellow") for note in comparison.notes]
    return [*lines, Text()] if lines else []


def marks_of(comparison: Comparison) -> list[str]:
    """The sign of each run in charts and tables; from the 37th run on they are repeated."""
    return [MARKS[at % len(MARKS)] for at in range(len(comparison.runs))]


def colours_of(comparison: Comparison) -> list[int]:
    """The colour of each run: that of its group, so that the seeds of a group have one, or else its own."""
    by_run = {run.summary.id: at for at, side in enumerate(comparison.sides) for run in side.runs}
    return [by_run.get(run.summary.id, at) for at, run in enumerate(comparison.runs)]


ABOUT = {"loss": "loss: cross-entropy in nats", "entropy": "entropy: attention entropy in nats"}


def run_table(comparison: Comparison, marks: Sequence[str] = ()) -> RenderableType:
    """One row for each run: best validation accuracy, cross-entropy, attention entropy, best epoch, seconds per epoch.

    marks: the sign of each run in a chart, which is put before its name.
    """
    numeric = [
        Column(name, numeric=True, drop=drop, about=ABOUT.get(name, ""))
        for name, drop in (("seed", 0), ("accuracy", 0), ("loss", 2), ("entropy", 1), ("epoch", 4), ("s/epoch", 3))
    ]
    signs = [f"{mark} " for mark in marks] or [""] * len(comparison.runs)
    rows = [
        (
            f"{sign}{run.label}",
            run.summary.model,
            str(run.summary.seed),
            percent(run.summary.best_accuracy, 2),
            decimal(run.measure("cross_entropy")),
            decimal(run.measure("entropy"), 2),
            MISSING if run.summary.best_epoch is None else str(run.summary.best_epoch),
            decimal(run.seconds_per_epoch, 1),
        )
        for sign, run in zip(signs, comparison.runs, strict=True)
    ]
    return table(["run", "model", *numeric], rows, caption="Validation split, best epoch.")


def options_table(comparison: Comparison) -> list[RenderableType]:
    """The options that differ between the groups, and only these; nothing where none does."""
    sides = comparison.sides
    if not comparison.differing:
        return []
    if len(sides) > MOST_COLUMNS:
        pairs = [(flag(key), ", ".join(option_values(side, key) for side in sides)) for key in comparison.differing]
        return [Text("Options that differ, in the order of the groups", style="bold"), key_values(pairs)]
    rows = [(flag(key), *(option_values(side, key) for side in sides)) for key in comparison.differing]
    columns = [Column("option"), *(Column(side.label, wrap=True, least=8) for side in sides)]
    return [Text("Options that differ", style="bold"), table(columns, rows)]


def option_values(side: SeedGroup, key: str) -> str:
    """The value of an option in a group; several where the user has put runs with different ones together."""
    return " or ".join(dict.fromkeys(option_value(run.options.get(key)) for run in side.runs))


def overlaid_curves(comparison: Comparison) -> RenderableType:
    """Validation accuracy over epochs, all runs in one chart."""
    lines = [
        Series(
            run.label,
            [epoch["epoch"] for epoch in run.epochs],
            [100 * epoch["validation"]["accuracy"] for epoch in run.epochs],
            *(colour, mark),
        )
        for run, colour, mark in zip(comparison.runs, colours_of(comparison), marks_of(comparison), strict=True)
        if run.epochs
    ]
    if not lines:
        return Text("No run has finished an epoch yet.")
    return curves(lines, title="Validation accuracy", y_label="%", x_label="epoch", values=".1f")


def group_table(groups: Sequence[SeedGroup]) -> RenderableType:
    """Mean best accuracy over seeds, with its 95 % interval, for each group."""
    rows = [(group.label, str(len(group.runs)), _interval(group)) for group in groups]
    return table(
        [Column("group", wrap=True), Column("seeds", numeric=True), Column("best accuracy", numeric=True)],
        rows,
        caption="Mean over seeds with Student's 95 % interval.",
    )


def _interval(group: SeedGroup) -> str:
    half = "" if group.half is None else f" ± {100 * group.half:.2f}"
    return f"{percent(group.accuracy, 2)}{half}"


def seeds_summary(group: SeedGroup, expected: int) -> str:
    """What `train --seeds` ends with: the mean over the seeds and its interval.

    expected: the number of seeds that were to be trained.
    """
    known = [run.summary.best_accuracy for run in group.runs if run.summary.best_accuracy is not None]
    seeds = ", ".join(str(run.summary.seed) for run in group.runs)
    which = f"{len(known)} of {expected} seeds" if len(known) < expected else f"the seeds {seeds}"
    head = f"Best validation accuracy over {which}"
    if group.accuracy is None or group.half is None:
        return f"{head}: {percent(group.accuracy, 2)}; an interval needs two seeds."
    low, high = group.accuracy - group.half, group.accuracy + group.half
    return (
        f"{head}: mean {percent(group.accuracy, 2)} ± {100 * group.half:.2f} "
        f"(Student's 95 % interval {100 * low:.2f} to {100 * high:.2f})."
    )
