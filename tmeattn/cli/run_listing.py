"""`tmeattn runs list`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmeattn.cli.support.command import echo_json
from tmeattn.cli.support.options import export_option, json_option
from tmeattn.plurals import counted

if TYPE_CHECKING:
    from tmeattn.runs.summary_cache import Overview

LONGEST_NAME = 24
"""Columns of the listing for a run's name."""


@click.command("list")
@click.option(
    "--filter",
    "wanted",
    metavar="TERMS",
    help='Only the runs that fit, such as "model:lstm acc>86 tag:paper state:finished"; see: tmeattn docs runs.',
)
@export_option("the runs", ".md, .tex or .csv")
@json_option("an array of runs")
def list_runs(wanted: str | None, export: tuple[Path, ...], as_json: bool) -> None:
    """All runs, the newest first."""
    import time

    from tmeattn.runs.filtering import parse_filter, values_of
    from tmeattn.runs.summary_cache import overviews

    fitting = parse_filter(wanted or "", time.time())

    if export:
        from tmeattn.render.export.files import check_endings
        from tmeattn.render.export.listings import FORMATS

        check_endings(export, FORMATS)
    every, damaged = overviews()
    found = [one for one in every if fitting.fits(values_of(one.summary))]
    if every and not found and not as_json:
        click.echo(f"No run fits the filter, of {counted(len(every), 'run')}.", err=True)
    _print_runs(found, damaged, as_json, empty=not every)
    if export:
        from tmeattn.render.export.files import write_each
        from tmeattn.render.export.listings import runs_table, write

        write_each(export, lambda path: write([runs_table([one.summary for one in found])], path))


def _print_runs(readable: list[Overview], damaged: dict[Path, str], as_json: bool, *, empty: bool) -> None:
    """empty: whether there is no run at all."""
    import time

    from tmeattn.render.console import safe, stderr_console, stdout_console
    from tmeattn.render.numbers import age, dataset_name, percent, shortened
    from tmeattn.render.tables import Column, table

    found = [one.summary for one in readable]
    console = stderr_console()
    for path, reason in damaged.items():
        console.print(safe(f"Skipped {path.name}: {reason}"))
    for run in found:
        for problem in run.problems:
            console.print(safe(f"{run.id}: {problem}"))
    if as_json:
        echo_json([run.document() for run in found])
        return
    if not found:
        if empty:
            console.print("There is no run yet. Train a model: tmeattn train lstm-attn --alpha 0.05")
        return
    now, tagged = time.time(), any(run.tags for run in found)
    rows = [
        (
            (f"{shortened(run.name, LONGEST_NAME)} ({run.model})" if run.name else run.id)
            + (", equal weights" if run.uniform_attention else ""),
            run.shown_state,
            dataset_name(run.dataset) + (f" ({run.limit})" if run.limit else ""),
            f"{run.alpha:g}",
            str(run.seed),
            f"{run.epoch}/{run.epochs}",
            percent(run.best_accuracy, 2),
            age(now - run.created),
            *([" ".join(run.tags)] if tagged else []),
        )
        for run in found
    ]
    numeric = [
        Column(name, numeric=True, drop=drop)
        for name, drop in (("alpha", 3), ("seed", 4), ("epoch", 1), ("best", 0), ("age", 5))
    ]
    tags = [Column("tags", wrap=True, least=6, drop=6)] if tagged else []
    stdout_console().print(
        table(["run", "state", Column("dataset", wrap=True, least=9, drop=2), *numeric, *tags], rows)
    )
