"""`tmeattn train MODEL` and `tmeattn resume RUN`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tmeattn.cli.support.command import begins, echo_json
from tmeattn.cli.support.inherited_options import inherited, source_options
from tmeattn.cli.support.options import (
    SEEDS_METAVAR,
    jobs_option,
    json_option,
    quiet_option,
    seeds_in,
    summary_option,
    track_option,
)
from tmeattn.errors import BadInput, Interrupted, TmeattnError, shortened
from tmeattn.plurals import plural
from tmeattn.registry import registry
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import ModelSpec

if TYPE_CHECKING:
    from tmeattn.training.side_by_side import Job

_COMMAND_ONLY = (
    "seeds", "name", "config_file", "from_run", "as_json", "trackers", "jobs", "watch_texts", "watch_file", "shown",
)  # fmt: skip
"""The options of `train` that are none of the run."""


class Models(click.Group):
    """The group of the commands that train one model each; a command is built when it is first used."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and args[0] not in ctx.help_option_names and not ctx.resilient_parsing:
            args = [_model_of_from_option(args), *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [spec.name for spec in registry().all(ModelSpec)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        try:
            return train_command(registry().get(ModelSpec, cmd_name))
        except TmeattnError:
            if ctx.resilient_parsing:  # completion offers what works
                return None
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Models"):
            formatter.write_dl([(spec.name, spec.summary) for spec in registry().all(ModelSpec)])


def _model_of_from_option(args: list[str]) -> str:
    """The model of the run in `--from`, where the command line names no model.

    Raises:
        BadInput: `--from` is not given.
    """
    if "--from" in args[:-1]:
        from tmeattn.runs.index import find_run

        dataset = args[args.index("--dataset") + 1] if "--dataset" in args[:-1] else None
        return str(find_run(args[args.index("--from") + 1], dataset=dataset).config["model"])
    raise BadInput(
        f"Name a model before {args[0]}.", hint="For example: tmeattn train lstm-attn. All of them: tmeattn models"
    )


@click.command(cls=Models, subcommand_metavar="MODEL [OPTIONS]", no_args_is_help=True)
def train() -> None:
    """Train a model on labelled texts.

    Every model has its own options: see tmeattn train MODEL --help. With --from RUN, MODEL may be left out.
    """


def train_command(spec: ModelSpec) -> click.Command:
    """The command that trains one model."""
    from tmeattn.cli.support.config_options import options_of
    from tmeattn.config import TrainOptions
    from tmeattn.run_config import config_class, resolve_run

    model_class = config_class(spec)
    modern = resolve_run(spec.name, {}).flat()
    report = resolve_run(spec.name, {"recipe": "report"}).flat()
    own = options_of(model_class, modern, report)
    common = options_of(TrainOptions, modern, report)
    command_only = [
        click.Option(
            ["--seeds"],
            metavar=SEEDS_METAVAR,
            help="Train one run for each seed: 3 for the seeds 0,1,2, or a list: 5,6.",
        ),
        click.Option(["--name"], metavar="TEXT", help="Your own name for the run."),
        click.Option(
            ["--watch-text", "watch_texts"],
            metavar="TEXT",
            multiple=True,
            help="Put a text of your own on the watch list, which is measured while the model is trained; repeatable.",
        ),
        click.Option(
            ["--watch-file"],
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Put the lines of a file on the watch list, each of which is a text.",
        ),
        *source_options(file="options", run="all options"),
    ]
    command = ModelCommand(
        spec.name,
        params=[*own, *common, *command_only],
        own={option.name for option in own},
        callback=lambda **values: _train(spec, values),
        help=f"Train {spec.name}: {spec.summary}.\n\nIts formula and a diagram: tmeattn models {spec.name}",
    )
    for option in (jobs_option(), track_option(), summary_option(), quiet_option(), json_option("a summary")):
        command = option(command)
    return command


class ModelCommand(click.Command):
    """A command whose help lists the model's own options before those that all models share."""

    def __init__(self, name: str, *, own: set[str | None], own_title: str = "Model options", **attributes: Any) -> None:
        super().__init__(name, **attributes)
        self.own, self.own_title = own, own_title

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, wanted in ((self.own_title, True), ("Options", False)):
            records = [p.get_help_record(ctx) for p in self.get_params(ctx) if (p.name in self.own) == wanted]
            if rows := [record for record in records if record is not None]:
                with formatter.section(title):
                    formatter.write_dl(rows)


@dataclass(frozen=True)
class Plan:
    """The runs that a command line trains.

    options: those of all runs, without the seed.   runs: the seed and the name of each.
    watch_texts: the user's texts on their watch lists.
    """

    options: dict[str, Any]
    runs: list[tuple[int, str | None]]
    watch_texts: tuple[str, ...] = ()


def plan(spec: ModelSpec, values: Mapping[str, Any], *, check: bool = True) -> Plan:
    """The runs that the options of `train` mean, all of them checked before the first is trained.

    check: whether the values and the names of the runs are checked.

    Raises:
        BadInput: an option is invalid, options exclude each other, or another run has the name.
    """
    from tmeattn.run_config import resolve_run
    from tmeattn.runs.index import check_name
    from tmeattn.runs.watched_texts import chosen_texts

    seeds, name = seeds_in(values["seeds"]), (values["name"] or "").strip() or None
    given = {key: value for key, value in values.items() if value is not None and key not in _COMMAND_ONLY}
    if seeds and "seed" in given:
        raise BadInput("--seed and --seeds exclude each other.")
    if values.get("jobs") and not seeds:
        raise BadInput("--jobs is for several runs.", hint="Give --seeds as well, such as --seeds 3.")
    if values["from_run"] and "recipe" in given:
        raise BadInput("--from sets all options, so --recipe would have no effect. Give only one of them.")
    options = {**inherited(spec, values["from_run"], values["config_file"], given), **given}
    planned = [(seed, f"{name}-{seed}" if name and seeds else name) for seed in seeds or [options.get("seed", 0)]]
    for seed, run_name in planned if check else []:
        resolve_run(spec.name, {**options, "seed": seed})
        if run_name:
            check_name(run_name)
    return Plan(options, planned, tuple(chosen_texts(values.get("watch_texts") or (), values.get("watch_file"))))


def _train(spec: ModelSpec, values: dict[str, Any]) -> None:
    from tmeattn.run_config import resolve_run
    from tmeattn.training.distributed.launch import start_early
    from tmeattn.training.distributed.place import follows

    planned = plan(spec, values, check=not follows())
    if follows():
        follow_others(len(planned.runs))
        return
    begins(lambda: _check_sources(spec, planned, values["trackers"]))
    _note_idle_options(spec, planned, values)
    as_json, trackers = values["as_json"], values["trackers"]
    if len(planned.runs) > 1:
        from tmeattn.training.side_by_side import jobs_at_once

        jobs = _jobs(spec, planned, trackers)
        at_once = values["jobs"] or jobs_at_once([job.config.train for job in jobs])
        if at_once > 1:
            _train_side_by_side(jobs, at_once, as_json, full=values["shown"] == "full")
            return
    seed, _ = planned.runs[0]
    start_early(resolve_run(spec.name, {**planned.options, "seed": seed}).train.processes)
    from tmeattn.training.session import start  # imports torch: only when there is something to train

    trained: list[tuple[RunDirectory, dict[str, object]]] = []
    for seed, run_name in planned.runs:
        options = {**planned.options, "seed": seed}
        try:
            trained.append(
                train_with_progress(
                    start,
                    spec.name,
                    options,
                    name=run_name,
                    trackers=trackers,
                    watch_texts=planned.watch_texts,
                    as_json=as_json,
                    full=values["shown"] == "full",
                )
            )
        except Interrupted as error:
            raise _with_other_seeds(error, [seed for seed, _ in planned.runs[len(trained) + 1 :]]) from None
    summaries = [summary for _, summary in trained]
    if as_json:
        echo_json(summaries if values["seeds"] is not None else summaries[0])
    if values["seeds"] is not None:
        _report_seeds([run for run, _ in trained], len(planned.runs), as_json)


def _note_idle_options(spec: ModelSpec, planned: Plan, values: Mapping[str, Any]) -> None:
    """Tell which of the typed options have no effect; also of --processes from the user's defaults."""
    from tmeattn.render.console import safe, stderr_console
    from tmeattn.run_config import idle_options, resolve_run

    config = resolve_run(spec.name, planned.options)
    for name, reason in idle_options(config).items():
        if name == "vector_size":  # another size than that of the vectors is refused
            continue
        if values.get(name) is not None or (name == "processes" and config.train.processes > 1):
            line = f"Note: --{name.replace('_', '-')} has no effect on the model {spec.name}: {reason}."
            stderr_console().print(safe(line), soft_wrap=True)


def _check_sources(spec: ModelSpec, planned: Plan, trackers: tuple[str, ...]) -> None:
    from tmeattn.data.sources import check_sources
    from tmeattn.run_config import resolve_run
    from tmeattn.training.trackers import find_trackers

    check_sources(resolve_run(spec.name, planned.options).train)
    find_trackers(trackers)


def follow_others(trainings: int) -> None:
    """Train with others that torchrun or srun has started: rank 0 shows and writes what there is to see."""
    from tmeattn.training.session import follow

    for _ in range(trainings):
        follow()


def train_with_progress(
    train: Callable[..., RunDirectory], *arguments: Any, as_json: bool, full: bool, **options: Any
) -> tuple[RunDirectory, dict[str, object]]:
    """Train with a live display, print the summary, and return the run with its summary as JSON."""
    from tmeattn.render.progress import TrainingProgress

    with TrainingProgress() as progress:
        run = train(*arguments, listeners=[progress], narrate=progress.narrate, **options)
    return run, report(run, as_json, full=full)


def _report_seeds(runs: Sequence[RunDirectory], expected: int, as_json: bool) -> None:
    """Print the mean over the seeds and its interval: behind the summaries, or beside JSON on standard error.

    expected: the number of seeds that were to be trained.
    """
    from tmeattn.render.comparison import seeds_summary
    from tmeattn.render.console import safe, stderr_console, stdout_console
    from tmeattn.runs.comparison import seed_group

    if not runs:
        return
    console = stderr_console() if as_json else stdout_console()
    console.print(safe(f"\n{seeds_summary(seed_group(runs), expected)}"), soft_wrap=True)


def _with_other_seeds(error: Interrupted, seeds: Sequence[int]) -> Interrupted:
    """The error of an interrupted training, with how the seeds are trained that were not begun."""
    if not seeds:
        return error
    listed = shortened(",".join(map(str, seeds)) + ("," if len(seeds) == 1 else ""))
    hint = f"Train the other {plural(len(seeds), 'seed')}: the same command with --seeds {listed}"
    return Interrupted(error.message, hint=f"{error.hint}. {hint}" if error.hint else hint)


def _jobs(spec: ModelSpec, planned: Plan, trackers: tuple[str, ...]) -> list[Job]:
    from tmeattn.run_config import resolve_run
    from tmeattn.training.side_by_side import Job

    return [
        Job(
            str(seed),
            f"seed {seed}",
            resolve_run(spec.name, {**planned.options, "seed": seed}),
            name,
            trackers,
            watch_texts=planned.watch_texts,
        )
        for seed, name in planned.runs
    ]


def _train_side_by_side(jobs: Sequence[Job], at_once: int, as_json: bool, *, full: bool) -> None:
    """Train several runs at the same time and print their summaries.

    Raises:
        TmeattnError: the first error of a run; the other runs have been trained.
    """
    from tmeattn.render.side_by_side import SideBySideProgress
    from tmeattn.training.side_by_side import SideBySide

    with (
        SideBySideProgress() as progress,
        SideBySide(jobs, at_once, progress.listener, progress.narrate, progress.announce) as trainings,
    ):
        try:
            outcomes = trainings.wait(job.key for job in jobs)
        except Interrupted as error:
            raise _with_other_seeds(error, [int(job.key) for job in trainings.not_begun()]) from None
    runs = [each.run for each in outcomes if each.run is not None and each.error is None]
    summaries = [report(run, as_json, full=full) for run in runs]
    if as_json:
        echo_json(summaries)
    _report_seeds(runs, len(jobs), as_json)
    if errors := [outcome.error for outcome in outcomes if outcome.error is not None]:
        raise errors[0]


def report(run: RunDirectory, as_json: bool, *, full: bool) -> dict[str, object]:
    """Print the summary of a finished run, `full` with its charts, and the next command to type; return the summary as
    JSON."""
    from tmeattn.render.console import safe, stderr_console, stdout_console
    from tmeattn.render.summary import brief_summary, summary
    from tmeattn.runs.summary import summarize

    events = run.page_events()
    run_summary = summarize(run, events)
    if not as_json:
        stdout_console().print((summary if full else brief_summary)(run_summary, events))
        stderr_console().print(f"\nNext: tmeattn explain --index 0 --run {safe(run.reference)}", soft_wrap=True)
    return run_summary.document()
