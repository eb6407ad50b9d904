"""The command `tmeattn reproduce TARGET`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tmeattn.cli.support.command import begins, echo_json
from tmeattn.cli.support.completion import targets
from tmeattn.cli.support.options import SEEDS_METAVAR, jobs_option, json_option, seeds_in
from tmeattn.errors import BadInput
from tmeattn.plurals import counted

if TYPE_CHECKING:
    from tmeattn.reproduce.plan import Settings
    from tmeattn.reproduce.targets import Target
    from tmeattn.runs.events import Listener
    from tmeattn.training.side_by_side import Job, SideBySide

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
@click.option(
    "--list",
    "listing",
    is_flag=True,
    help="List the targets; with TARGET, the runs that it needs and how long they take. Nothing is trained.",
)
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
@click.option(
    "--quick",
    is_flag=True,
    help="Train on few texts for few epochs, to try everything out; results are marked. Options given beside it win.",
)
@click.option("--per-batch", is_flag=True, help="Also log and show the attention entropy of every batch.")
@click.option(
    "--oov-marks", is_flag=True, help="Show reviews as the report does: in lower case, __OOV__ for unknown words."
)
@click.option(
    "--export",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the tables (.md .csv .tex) and figures to a folder.",
)
@jobs_option()
@json_option("the results")
def reproduce(
    target: str | None, listing: bool, export: Path | None, jobs: int | None, as_json: bool, **values: Any
) -> None:
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
    _check_shown(chosen, settings)
    if export is not None:
        _check_export(export, parts(chosen))
    begins()
    _reproduce(chosen, settings, export, jobs, as_json)


def _settings(values: dict[str, Any]) -> Settings:
    from tmeattn.reproduce.plan import Settings
    from tmeattn.run_config import resolve_run

    overrides = {key: values[key] for key in PASSED_ON if values[key] is not None}
    resolve_run("mean", {"recipe": values["recipe"], **overrides})  # raises for options that are not valid
    return Settings(
        values["recipe"],
        tuple(seeds_in(values["seeds"])),
        values["quick"],
        overrides,
        per_batch=values["per_batch"],
        oov_marks=values["oov_marks"],
    )


def _check_shown(target: Target, settings: Settings) -> None:
    """Check that the target has what an option is about."""
    from tmeattn.reproduce.targets import parts

    shown = {show for part in parts(target) for show in part.show}
    if settings.per_batch and "entropy-by-epoch" not in shown:
        raise BadInput("--per-batch is for targets with entropy histograms.", hint="These are fig4, fig6 and fig9.")
    if settings.oov_marks and "heatmaps" not in shown:
        raise BadInput("--oov-marks is for targets with reviews.", hint="These are fig5, fig7 and heatmaps.")


def _list(target: str | None, settings: Settings, as_json: bool) -> None:
    from tmeattn.reproduce.plan import overview
    from tmeattn.reproduce.targets import all_targets, find_target
    from tmeattn.runs.index import all_runs

    if target is not None:
        _list_target(find_target(target), settings, as_json)
        return
    targets = overview(all_targets().values(), settings, all_runs())
    if as_json:
        echo_json(targets)
        return
    from tmeattn.render.console import stdout_console
    from tmeattn.render.tables import Column, table

    numeric = [Column(name, numeric=True) for name in ("runs", "trained")]
    rows = [(each["name"], each["title"], str(len(each["runs"])), str(each["trained"])) for each in targets]
    seeds = counted(len(settings.seeds), "seed")
    caption = f"With {', '.join([f'recipe {settings.recipe}', *settings.typed(), seeds])}."
    stdout_console().print(table(["target", Column("title", wrap=True), *numeric], rows, caption=caption))


def _list_target(target: Target, settings: Settings, as_json: bool) -> None:
    """The runs of one target and their time; without the time, but with the reason, if the data is missing."""
    from dataclasses import asdict

    from tmeattn.errors import TmeattnError
    from tmeattn.render.console import stderr_console, stdout_console
    from tmeattn.render.forecast import ForecastView, without_forecast
    from tmeattn.reproduce.forecast import forecast
    from tmeattn.reproduce.plan import overview
    from tmeattn.runs.index import all_runs

    existing = all_runs()
    (listed,) = overview([target], settings, existing)
    plan, problem = None, None
    try:
        plan = forecast(target, settings, existing)
    except TmeattnError as error:
        problem = " ".join(filter(None, (error.message, error.hint)))
    if as_json:
        echo_json([{**listed, "forecast": asdict(plan) if plan else None, "problem": problem}])
        return
    stdout_console().print(ForecastView(target.title, plan) if plan else without_forecast(target.title, listed))
    if problem:
        stderr_console().print(problem, markup=False, soft_wrap=True)


def _check_export(folder: Path, targets: list[Target]) -> None:
    """Check before hours of training that the folder is writable and that matplotlib is installed, if it is needed."""
    from tmeattn.render.export.figures import require_matplotlib
    from tmeattn.render.export.files import check_folder

    check_folder(folder)
    if any(
        target.matrices or target.diagrams or set(target.show) - {"table", "differences", "collapse"}
        for target in targets
    ):
        require_matplotlib()


def _reproduce(target: Target, settings: Settings, export: Path | None, jobs: int | None, as_json: bool) -> None:
    from rich.text import Text

    from tmeattn.render.console import safe, safe_line, stderr_console, stdout_console
    from tmeattn.render.export.files import write
    from tmeattn.render.forecast import ForecastView
    from tmeattn.render.progress import TrainingProgress
    from tmeattn.render.reproduction import reproduction
    from tmeattn.render.side_by_side import SideBySideProgress
    from tmeattn.reproduce.forecast import forecast
    from tmeattn.reproduce.runner import reproduce as run
    from tmeattn.runs.index import all_runs
    from tmeattn.training.side_by_side import SideBySide

    console = stderr_console()
    plan = forecast(target, settings, all_runs())
    if plan is not None:
        console.print(ForecastView(target.title, plan))

    @contextmanager
    def watch(title: str) -> Iterator[Listener]:
        console.print(Text(f"\n{safe(title)}", style="bold"))
        with TrainingProgress(console) as progress:
            yield progress

    several = SideBySideProgress(console)

    @contextmanager
    def watch_all(waiting: Sequence[Job], at_once: int) -> Iterator[SideBySide]:
        with several, SideBySide(waiting, at_once, several.listener, several.narrate, several.announce) as trainings:
            yield trainings

    results: list[dict[str, Any]] = []
    for result in run(
        target,
        settings,
        watch=watch,
        watch_all=watch_all,
        narrate=lambda line: console.print(safe_line(line)),
        jobs=jobs,
    ):
        with several.paused():
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
