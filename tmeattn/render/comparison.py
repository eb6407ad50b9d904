"""A comparison of runs: a table of their results, their validation curves in one chart, and means over seeds."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.render.curves import Series, curves
from tmeattn.render.numbers import decimal, flag, option_value, percent
from tmeattn.render.tables import Column, key_values, table
from tmeattn.runs.comparison import Comparison, SeedGroup


def run_table(comparison: Comparison) -> RenderableType:
    """One row for each run: best validation accuracy cross-entropy, attention entropy, seconds per epoch."""
    numeric = [
        Column(name, numeric=True, drop=drop)
        for name, drop in (("seed", 0), ("accuracy", 0), ("loss", 2), ("entropy", 1), ("s/epoch", 3))
    ]
    rows = [
        (
            run.label,
            run.summary.model,
            str(run.summary.seed),
            percent(run.summary.best_accuracy, 2),
            decimal(run.measure("cross_entropy")),
            decimal(run.measure("entropy"), 2),
            decimal(run.seconds_per_epoch, 1),
        )
        for run in comparison.runs
    ]
    options = key_values(
        (flag(key), ", ".join(option_value(run.options.get(key)) for run in comparison.runs))
        for key in comparison.differing
    )
    caption = "Validation split, best epoch. loss: cross-entropy in nats; entropy: attention entropy in nats."
    parts: list[RenderableType] = [table(["run", "model", *numeric], rows), Text(caption, style="dim")]
    if comparison.differing:
        parts += [Text("\nOptions that differ, in the order of the runs", style="bold"), options]
    return Group(*parts)


def overlaid_curves(comparison: Comparison) -> RenderableType:
    """Validation accuracy over epochs, all runs in one chart."""
    lines = [
        Series(
            run.label,
            [epoch["epoch"] for epoch in run.epochs],
            [100 * epoch["validation"]["accuracy"] for epoch in run.epochs],
        )
        for run in comparison.runs
        if run.epochs
    ]
    if not lines:
        return Text("No run has finished an epoch yet.")
    return curves(lines, title="Validation accuracy", y_label="%", x_label="epoch")


def group_table(comparison: Comparison) -> RenderableType:
    """Mean best accuracy over seeds, with its 95 % interval, for each group of runs with equal options."""
    rows = [(_group_name(group, comparison), str(len(group.runs)), _interval(group)) for group in comparison.groups]
    return table(
        [Column("options", wrap=True), Column("seeds", numeric=True), Column("best accuracy", numeric=True)],
        rows,
        caption="Mean over seeds with Student's 95 % interval.",
    )


def _group_name(group: SeedGroup, comparison: Comparison) -> str:
    first = group.runs[0]
    parts = [f"{flag(key)} {option_value(first.options[key])}" for key in comparison.differing if key in first.options]
    return " ".join([first.summary.model, *parts])


def _interval(group: SeedGroup) -> str:
    half = "" if group.half is None else f" ± {100 * group.half:.2f}"
    return f"{percent(group.accuracy, 2)}{half}"
