"""`tmeattn sweep MODEL`, and `tmeattn sweep` to continue. The other subcommands are in `studies.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from tmeattn.cli.studies import STORAGE_HELP, STORAGE_VARIABLE, best, delete_sweep, list_sweeps, show
from tmeattn.cli.support.command import Group, begins, echo_json
from tmeattn.cli.support.completion import sweeps as complete_sweeps
from tmeattn.cli.support.inherited_options import inherited, source_options
from tmeattn.cli.support.options import SEEDS_METAVAR, json_option, seeds_in, track_option
from tmeattn.cli.train import ModelCommand
from tmeattn.errors import BadInput, TmeattnError, UnknownName
from tmeattn.plurals import counted
from tmeattn.registry import registry
from tmeattn.specs import ModelSpec

if TYPE_CHECKING:
    from tmeattn.runs.events import Listener
    from tmeattn.sweep.plan import Plan
    from tmeattn.sweep.storage import Store
    from tmeattn.sweep.study import Study, Trial

DEFAULT_TRIALS = 20


def _storage_option() -> click.Option:
    return click.Option(
        ["--storage"],
        metavar="URL",
        envvar=STORAGE_VARIABLE,
        help=STORAGE_HELP,
    )


class Sweeps(Group):
    """The group of the commands that sweep one model each, and of those about studies."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *(spec.name for spec in registry().all(ModelSpec))]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in known and not ctx.resilient_parsing:
            raise UnknownName("model or command", args[0], known, list_command=f"{ctx.command_path} --help")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        try:
            return sweep_command(registry().get(ModelSpec, cmd_name))
        except TmeattnError:
            if ctx.resilient_parsing:  # completion offers what works
                return None
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.commands[name].get_short_help_str(100)) for name in self.commands])
        with formatter.section("Models"):
            formatter.write_dl([(spec.name, spec.summary) for spec in registry().all(ModelSpec)])


def _trials_option() -> click.Option:
    return click.Option(
        ["--trials"],
        type=click.IntRange(min=1, max=1_000_000),
        metavar="N",
        help=f"Trials of all workers together.  [default: {DEFAULT_TRIALS}]",
    )


@click.group(
    cls=Sweeps,
    invoke_without_command=True,
    subcommand_metavar="[MODEL [OPTIONS]]",
    params=[
        click.Option(["--study"], metavar="NAME", shell_complete=complete_sweeps, help="The study to continue."),
        _storage_option(),
        click.Option(
            ["--trials"],
            type=click.IntRange(min=1, max=1_000_000),
            metavar="N",
            help="Raise the number of trials of the study.",
        ),
    ],
)
@click.pass_context
def sweep(ctx: click.Context, study: str | None, storage: str | None, trials: int | None) -> None:
    """Search for good options of a model: many runs, each with other values.

    Without a model, the newest sweep that has not ended is continued. The same command on another terminal or computer
    is another worker of the same sweep.

    \b
    tmeattn sweep lstm-attn --trials 40
    tmeattn sweep lstm-attn --space lr=1e-4..1e-2:log --space hidden-size=50,100,200
    tmeattn sweep show
    """
    if ctx.invoked_subcommand is not None:
        given = [name for name, value in (("--study", study), ("--trials", trials)) if value is not None]
        if given or (storage is not None and ctx.get_parameter_source("storage") is not _environment()):
            name = given[0] if given else "--storage"
            raise BadInput(f"{name} stands behind {ctx.invoked_subcommand}, not before it.")
        return
    from tmeattn.sweep.storage import open_store
    from tmeattn.sweep.study import extended, open_study, unfinished

    store = open_store(storage, create=False)
    found = open_study(store, study) if study is not None or trials is not None else unfinished(store)
    begins(lambda: _check_sources(found.plan))
    _check_data(found.plan, is_new=False)
    _work(extended(found, trials), (), wanted=trials, as_json=False)


def _environment() -> Any:
    from click.core import ParameterSource

    return ParameterSource.ENVIRONMENT


def sweep_command(spec: ModelSpec) -> click.Command:
    """The command that sweeps one model."""
    from tmeattn.cli.support.config_options import options_of
    from tmeattn.config import TrainOptions
    from tmeattn.run_config import config_class, resolve_run
    from tmeattn.sweep.plan import PRUNERS

    modern = resolve_run(spec.name, {}).flat()
    report = resolve_run(spec.name, {"recipe": "report"}).flat()
    taken = {"space", "trials", "objective", "pruner", "study", "storage"}  # a model's own can be in a --config file
    own = [option for option in options_of(config_class(spec), modern, report) if option.name not in taken]
    common = options_of(TrainOptions, modern, report)
    of_the_sweep = [
        click.Option(
            ["--space"],
            multiple=True,
            metavar="NAME=VALUES",
            help="Vary an option: lr=1e-4..1e-2:log, hidden-size=50,100,200, epochs=2..8, dropout=0..0.5:0.1. Can be "
            "given several times.  [default: the model's own space]",
        ),
        _trials_option(),
        click.Option(
            ["--objective"],
            default="accuracy",
            show_default=True,
            metavar="TEXT",
            help="What counts of a run: accuracy (the best on the validation texts), loss (the lowest cross-entropy), "
            "or accuracy-within:10m (the best that is reached within the time).",
        ),
        click.Option(
            ["--pruner"],
            type=click.Choice(PRUNERS),
            default="median",
            show_default=True,
            help="Stop runs early that are worse than others after as many epochs.",
        ),
        click.Option(
            ["--seeds"],
            metavar=SEEDS_METAVAR,
            help="Train each trial with several seeds, and take the mean: 3 for the seeds 0,1,2, or a list: 5,6.",
        ),
        click.Option(
            ["--study"],
            metavar="NAME",
            shell_complete=complete_sweeps,
            help="The name of the study.  [default: made from the model and the options]",
        ),
        _storage_option(),
        *source_options(file="options of all trials", run="the options of all trials"),
    ]
    command = ModelCommand(
        spec.name,
        params=[*of_the_sweep, *own, *common],
        own={option.name for option in of_the_sweep},
        own_title="Sweep options",
        callback=lambda **values: _sweep(spec, values),
        help=f"Search for good options of {spec.name}: {spec.summary}.\n\nOptions of training are those of all trials.",
    )
    return json_option("the results")(track_option()(command))


def _sweep(spec: ModelSpec, values: dict[str, Any]) -> None:
    from tmeattn.runs.init_options import with_init
    from tmeattn.sweep.plan import Objective, check_study_name, make_plan
    from tmeattn.sweep.space import default_space
    from tmeattn.sweep.space_text import parse_space
    from tmeattn.sweep.storage import open_store, require_optuna
    from tmeattn.sweep.study import join, study_names

    require_optuna()
    seeds, trackers, as_json = seeds_in(values.pop("seeds")), values.pop("trackers"), values.pop("as_json")
    texts, trials, objective = values.pop("space"), values.pop("trials"), values.pop("objective")
    name, storage, pruner = values.pop("study"), values.pop("storage"), values.pop("pruner")
    config_file, from_run = values.pop("config_file"), values.pop("from_run")
    given = {key: value for key, value in values.items() if value is not None}
    if from_run and "recipe" in given:
        raise BadInput("--from sets all options, so --recipe would have no effect. Give only one of them.")
    Objective.parse(objective)
    if name is not None:
        name = check_study_name(name)
    options = with_init(spec.name, {**_unusual(spec, inherited(spec, from_run, config_file, given)), **given})
    space = parse_space(spec.name, texts or default_space(spec.name, without=given), options)
    for dimension in space:
        if dimension.name in given:
            raise BadInput(
                f"--{dimension.flag} is given for all trials, and --space varies it.", hint="Leave one of them out."
            )
    seed = _seed(spec, options)
    plan = make_plan(
        spec.name, space, options, objective=objective, pruner=pruner, seeds=tuple(seeds or [seed]), seed=seed
    )
    store = open_store(storage, create=False)  # a database that cannot be reached comes to light at once
    begins(lambda: _check_begin(store, name or plan.name, plan, trackers))
    is_new = store is None or (name or plan.name) not in study_names(store)
    derived = _check_data(plan, is_new=is_new)
    study = join(store or open_store(storage), name or plan.name, plan, trials, DEFAULT_TRIALS, derived)
    _work(study, trackers, wanted=trials, as_json=as_json)


def _check_begin(store: Store | None, name: str, plan: Plan, trackers: tuple[str, ...]) -> None:
    """Check what a sweep finds when it begins: its data, and a study of its name."""
    from tmeattn.sweep.plan import check_same
    from tmeattn.sweep.study import open_study, study_names
    from tmeattn.training.trackers import find_trackers

    _check_sources(plan)
    find_trackers(trackers)
    if store is not None and name in study_names(store):
        check_same(name, open_study(store, name).plan, plan)


def _check_sources(plan: Plan) -> None:
    from tmeattn.data.sources import check_sources
    from tmeattn.run_config import resolve_run

    check_sources(resolve_run(plan.model, plan.options).train)


def _check_data(plan: Plan, *, is_new: bool) -> dict[str, Any]:
    """Check the data of a sweep. Returns the options that a new study has because of them."""
    from tmeattn.render.console import safe, stderr_console
    from tmeattn.sweep.data_check import check_data, derived_options

    def narrate(line: str) -> None:
        stderr_console().print(safe(line))

    dataset = check_data(plan, narrate)
    return derived_options(plan, dataset, narrate) if is_new else {}


def _unusual(spec: ModelSpec, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are not defaults: a run in --from has all."""
    from tmeattn.config import TrainOptions
    from tmeattn.run_config import resolve_run

    usual = {
        **resolve_run(spec.name, {"recipe": options.get("recipe")}).flat(),
        "recipe": TrainOptions.model_fields["recipe"].default,
    }
    return {key: value for key, value in options.items() if key not in usual or usual[key] != value}


def _seed(spec: ModelSpec, options: Mapping[str, Any]) -> int:
    from tmeattn.run_config import resolve_run

    return resolve_run(spec.name, {key: value for key, value in options.items() if key == "seed"}).train.seed


def _goal_note(study: Study, wanted: int | None) -> str | None:
    """A note where there is nothing to train, or `--trials` asks for fewer trials than the study has."""
    over = sum(trial.is_over for trial in study.trials())
    fewer = wanted is not None and wanted < study.goal
    parts = [f"--trials {wanted} does not lower the number of trials of the study, {study.goal}."] if fewer else []
    if over >= study.goal:
        ended = "It has ended" if study.goal == 1 else f"All {study.goal} have ended"
        parts.append(f"{ended}, so nothing is trained. For more: --trials {max(study.goal, over) + 10}")
    return " ".join(parts) or None


def _work(study: Study, trackers: tuple[str, ...], *, wanted: int | None, as_json: bool) -> None:
    """Be a worker of a study, then show its results.

    wanted: the number of trials that was typed.
    """
    from rich.text import Text

    from tmeattn.render.console import safe, stderr_console, stdout_console
    from tmeattn.render.progress import TrainingProgress
    from tmeattn.render.sweep import results_page, trial_line
    from tmeattn.sweep.results import results
    from tmeattn.sweep.worker import work

    console = stderr_console()
    console.print(safe(f"Study {study.name} in {study.store.label}: {counted(study.goal, 'trial')}."), soft_wrap=True)

    if (note := _goal_note(study, wanted)) is not None:
        console.print(safe(note), soft_wrap=True)

    @contextmanager
    def watch(title: str) -> Iterator[Listener]:
        console.print(Text(f"\n{safe(title)}", style="bold"))
        with TrainingProgress(console) as progress:
            yield progress

    def on_trial(trial: Trial) -> None:
        console.print(trial_line(study, trial))

    work(study, trackers=trackers, watch=watch, narrate=lambda line: console.print(safe(line)), on_trial=on_trial)
    found = results(study)
    if as_json:
        echo_json(found.document())
    else:
        stdout_console().print(results_page(found))


for _command in (show, best, list_sweeps, delete_sweep):
    sweep.add_command(_command)
