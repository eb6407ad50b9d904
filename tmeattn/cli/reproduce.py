"""The command `tmeattn reproduce TARGET`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tmeattn.cli.support.command import echo_json
from tmeattn.cli.support.completion import targets
from tmeattn.cli.support.options import SEEDS_METAVAR, json_option, seeds_in
from tmeattn.errors import BadInput

if TYPE_CHECKING:
    from tmeattn.reproduce.plan import Settings
    from tmeattn.reproduce.targets import Target
    from tmeattn.runs.events import Listener

PASSED_ON = ("dataset", "tokenizer", "vectors", "vector_size", "max_length", "epochs", "limit", "device", "threads")
"""Options of `tmeattn train` that are passed on to every run."""


def _passed_on() -> list[click.Option]:
    from tmeattn.cli.support.config_options import options_of
    from tmeattn.config import TrainOptions

    return [option for option in options_of(TrainOptions, {}, {}) if option.name in PASSED_ON]


class ReproduceCommand(click.Command):
    """Adds the options of `tmeattn train` that are passed on; they are created only when they are needed."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        own = super().get_params(ctx)
        return [*own[:-1], *_passed_on(), own[-1]]  # --help stays the last


@click.command(cls=ReproduceCommand)
@click.argument("target", required=False, metavar="[TARGET]", shell_complete=targets)
@click.option("--list", "listing", is_flag=True, help="List the targets (or TARGET alone) and the runs that they need.")
@click.option(
    "--recipe", type=click.Choice(["report", "modern"]), default="report", show_default=True, help="Hyperparameters."
)
@click.option(
    "--seeds",
    default="1",
    show_default=True,
    metavar=SEEDS_METAVAR,
    help="Train each run with several seeds: 3 for the seeds 0,1,2, or a list: 5,6.",
)
@click.option("--quick", is_flag=True, help="Train a tenth of the epochs (at least two); results are marked.")
@click.option(
    "--export",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the tables (.md .csv .tex) and figures to a folder.",
)
@json_option("the results")
def reproduce(target: str | None, listing: bool, export: Path | None, as_json: bool, **values: Any) -> None:
    """Train the runs of a table or figure of the report, and compare the results with the report.

    Finished runs are reused and interrupted runs are resumed, so the same command continues after an interruption.

    \b
    tmeattn reproduce --list
    tmeattn reproduce table1 --recipe modern --seeds 3
    """
    settings = _settings(values)
    if listing and export is not None:
        raise BadInput("--list has nothing to export.", hint="Leave --export out.")
    if listing:
        _list(target, settings, as_json)
        return
    if target is None:
        raise BadInput("TARGET is missing.", hint="List the targets: tmeattn reproduce --list")
    from tmeattn.reproduce.targets import find_target, parts

    chosen = find_target(target)
    if export is not None:
        _check_export(export, parts(chosen))
    _reproduce(chosen, settings, export, as_json)


def _settings(values: dict[str, Any]) -> Settings:
    from tmeattn.reproduce.plan import Settings
    from tmeattn.run_config import resolve_run

    overrides = {key: values[key] for key in PASSED_ON if values[key] is not None}
    resolve_run("mean", {"recipe": values["recipe"], **overrides})  # raises for options that are not valid
    return Settings(values["recipe"], tuple(seeds_in(values["seeds"])), values["quick"], overrides)


def _list(target: str | None, settings: Settings, as_json: bool) -> None:
    from tmeattn.reproduce.plan import overview
    from tmeattn.reproduce.targets import all_targets, find_target
    from tmeattn.runs.index import all_runs

    wanted = [find_target(target)] if target else all_targets().values()
    targets = overview(wanted, settings, all_runs())
    if as_json:
        echo_json(targets)
        return
    from tmeattn.render.console import stdout_console
    from tmeattn.render.tables import Column, table

    numeric = [Column(name, numeric=True) for name in ("runs", "trained")]
    rows = [(each["name"], each["title"], str(len(each["runs"])), str(each["trained"])) for each in targets]
    seeds = f"{len(settings.seeds)} seed{'s' if len(settings.seeds) > 1 else ''}"
    caption = f"With {', '.join([f'recipe {settings.recipe}', *settings.typed(), seeds])}."
    stdout_console().print(table(["target", Column("title", wrap=True), *numeric], rows, caption=caption))


def _check_export(folder: Path, targets: list[Target]) -> None:
    """Check before hours of training that the folder is writable and that matplotlib is installed, if it is needed."""
    from tmeattn.render.export.figures import require_matplotlib
    from tmeattn.render.export.files import check_folder

    check_folder(folder)
    if any(target.matrices or set(target.show) - {"table", "differences", "collapse"} for target in targets):
        require_matplotlib()


def _reproduce(target: Target, settings: Settings, export: Path | None, as_json: bool) -> None:
    from rich.text import Text

    from tmeattn.render.console import safe, stderr_console, stdout_console
    from tmeattn.render.export.files import write
    from tmeattn.render.progress import TrainingProgress
    from tmeattn.render.reproduction import reproduction
    from tmeattn.reproduce.runner import reproduce as run

    console = stderr_console()

    @contextmanager
    def watch(title: str) -> Iterator[Listener]:
        console.print(Text(f"\n{safe(title)}", style="bold"))
        with TrainingProgress(console) as progress:
            yield progress

    results: list[dict[str, Any]] = []
    for result in run(target, settings, watch=watch, narrate=lambda line: console.print(safe(line))):
        if results and not as_json:
            stdout_console().print()
        results.append(result.document())
        if not as_json:
            stdout_console().print(reproduction(result))
        if export is not None:
            for path in write(result, export):
                console.print(safe(f"Wrote {path}"), soft_wrap=True)
    if as_json:
        echo_json(results if target.parts else results[0])
