"""`tmeattn train MODEL`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tmeattn.cli.support.command import begins, echo_json
from tmeattn.cli.support.inherited_options import source_options
from tmeattn.cli.support.options import (
    SEEDS_METAVAR,
    jobs_option,
    json_option,
    quiet_option,
    summary_option,
    track_option,
)
from tmeattn.cli.support.train_plan import Plan, check_sources, note_idle_options, plan
from tmeattn.cli.support.training import (
    follow_others,
    report_seeds,
    train_side_by_side,
    train_with_progress,
    with_other_seeds,
)
from tmeattn.errors import BadInput, Interrupted, TmeattnError
from tmeattn.registry import registry
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import ModelSpec

if TYPE_CHECKING:
    from tmeattn.training.side_by_side import Job


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
    """The model of the run in `--from` or `--init`, where the command line names no model.

    Raises:
        BadInput: neither is given.
    """
    from tmeattn.runs.command_line import given_value

    for option in ("--from", "--init"):
        if (reference := given_value(args, option)) is not None:
            from tmeattn.runs.index import find_run

            dataset = given_value(args, "--dataset") if option == "--from" else None
            return str(find_run(reference, dataset=dataset).config["model"])
    raise BadInput(
        f"Name a model before {args[0]}.", hint="For example: tmeattn train lstm-attn. All of them: tmeattn models"
    )


@click.command(cls=Models, subcommand_metavar="MODEL [OPTIONS]", no_args_is_help=True)
def train() -> None:
    """Train a model on labelled texts.

    Every model has its own options: see tmeattn train MODEL --help. With --from RUN or --init RUN, MODEL may be left
    out.
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


def _train(spec: ModelSpec, values: dict[str, Any]) -> None:
    from tmeattn.run_config import resolve_run
    from tmeattn.training.distributed.launch import start_early
    from tmeattn.training.distributed.place import follows

    planned = plan(spec, values, check=not follows())
    if follows():
        follow_others(len(planned.runs))
        return
    begins(lambda: check_sources(spec, planned, values["trackers"]))
    note_idle_options(spec, planned, values)
    as_json, trackers = values["as_json"], values["trackers"]
    if len(planned.runs) > 1:
        from tmeattn.training.side_by_side import jobs_at_once

        jobs = _jobs(spec, planned, trackers)
        at_once = values["jobs"] or jobs_at_once([job.config.train for job in jobs])
        if at_once > 1:
            train_side_by_side(jobs, at_once, as_json, full=values["shown"] == "full")
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
            raise with_other_seeds(error, [seed for seed, _ in planned.runs[len(trained) + 1 :]]) from None
    summaries = [summary for _, summary in trained]
    if as_json:
        echo_json(summaries if values["seeds"] is not None else summaries[0])
    if values["seeds"] is not None:
        report_seeds([run for run, _ in trained], len(planned.runs), as_json)


def _jobs(spec: ModelSpec, planned: Plan, trackers: tuple[str, ...]) -> list[Job]:
    from tmeattn.run_config import resolve_run
    from tmeattn.training.default_epochs import DERIVED
    from tmeattn.training.side_by_side import Job

    derived = tuple(name for name in DERIVED if name not in planned.options)
    return [
        Job(
            str(seed),
            f"seed {seed}",
            resolve_run(spec.name, {**planned.options, "seed": seed}),
            name,
            trackers,
            watch_texts=planned.watch_texts,
            derived=derived,
        )
        for seed, name in planned.runs
    ]
