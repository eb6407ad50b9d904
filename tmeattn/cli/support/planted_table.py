"""`tmeattn faithfulness --planted MODELS`: its options, and the table."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tmeattn.cli.support.command import echo_json
from tmeattn.cli.support.options import SEEDS_METAVAR, jobs_option, names_in, seeds_in
from tmeattn.errors import BadInput

if TYPE_CHECKING:
    from tmeattn.faithfulness.planted.study import PlantedOptions
    from tmeattn.runs.events import Listener
    from tmeattn.training.side_by_side import Job, SideBySide

_OWN = ("seeds", "train_options", "train_texts", "jobs")
"""Options that need --planted."""
_SHARED = ("planted", *_OWN, "dataset", "methods", "limit", "export", "as_json")
"""Parameters that go with --planted; the others are about runs that exist."""


def planted_option() -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`--planted MODELS` and the options that belong to it. With it, the command makes the table of planted shortcuts
    instead of what the function below does."""
    options = (
        click.option(
            "--planted",
            metavar="MODELS",
            help="Train MODELS (such as lstm,transformer, or all) on texts with planted shortcuts, and measure which "
            "methods find them. The texts are those of --dataset, by default rotten-tomatoes.",
        ),
        click.option(
            "--train-texts",
            type=click.IntRange(min=16),
            metavar="N",
            help="With --planted: how many texts to train on.  [default: 3000]",
        ),
        click.option(
            "--option",
            "train_options",
            multiple=True,
            metavar="NAME=VALUE",
            help="With --planted: an option of train, for the models that have it. Can be given several times.",
        ),
        click.option("--seeds", metavar=SEEDS_METAVAR, help="With --planted: train each model with several seeds."),
        jobs_option(),
    )

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def either(**values: Any) -> None:
            models, own = values.pop("planted"), {name: values.pop(name) for name in _OWN}
            if models is None:
                check_not_given(_OWN, "needs --planted.")
                command(**values)
                return
            others = [name for name in values if name not in _SHARED]
            check_not_given(others, "does not go with --planted, which trains its own runs.")
            limit = values["limit"] if _typed("limit") else None
            options = planted_options(models, methods=values["methods"], dataset=values["dataset"], limit=limit, **own)
            show_planted(options, values["export"], values["as_json"])

        for option in reversed(options):
            either = option(either)
        return either

    return decorate


def _typed(name: str) -> bool:
    return click.get_current_context().get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def check_not_given(names: Sequence[str], said: str) -> None:
    """Check that the user has not typed any of these parameters of the command.

    Raises:
        BadInput: one was; the message is its name and `said`.
    """
    for parameter in click.get_current_context().command.params:
        if parameter.name in names and _typed(parameter.name):
            raise BadInput(f"{parameter.opts[0] if isinstance(parameter, click.Option) else 'RUN'} {said}")


def planted_options(
    models: str,
    *,
    methods: str | None,
    limit: int | None,
    dataset: str | None,
    seeds: str | None,
    train_options: Sequence[str],
    train_texts: int | None,
    jobs: int | None,
) -> PlantedOptions:
    """The options of the table as the user has typed them."""
    from tmeattn.faithfulness.planted.study import PlantedOptions

    given: dict[str, Any] = {
        "methods": None if methods is None else names_in("--methods", methods),
        "limit": limit,
        "dataset": dataset,
        "train_texts": train_texts,
        "seeds": tuple(seeds_in(seeds)) or None,
        "jobs": jobs,
    }
    return PlantedOptions(
        names_in("--planted", models),
        options=options_in(train_options),
        **{name: value for name, value in given.items() if value is not None},
    )


def options_in(texts: Sequence[str]) -> Mapping[str, str]:
    """The options of `--option NAME=VALUE`.

    Raises:
        BadInput: a text has no name or no value, or an option is given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        key = name.strip().removeprefix("--").replace("-", "_")
        if not key or not equals:
            raise BadInput(f"--option: {text[:200]!r} is not NAME=VALUE.", hint="Write it like positions=sinusoidal.")
        if key in found:
            raise BadInput(f"--option: {key.replace('_', '-')[:200]} is given twice.")
        found[key] = value.strip()
    return found


def show_planted(options: PlantedOptions, export: tuple[Path, ...], as_json: bool) -> None:
    """Make the table, print it, and write it to files."""
    from tmeattn.faithfulness.planted.study import planted_table
    from tmeattn.render.console import safe, safe_line, stderr_console, stdout_console
    from tmeattn.render.counting import counting
    from tmeattn.render.export.files import check_endings, check_no_input, write_each
    from tmeattn.render.export.planted import FORMATS, write
    from tmeattn.render.planted import planted
    from tmeattn.render.progress import TrainingProgress
    from tmeattn.render.side_by_side import SideBySideProgress
    from tmeattn.training.side_by_side import SideBySide

    if export:
        check_endings(export, FORMATS)
        check_no_input(export, options.dataset)
    console = stderr_console()

    @contextmanager
    def watch(title: str) -> Iterator[Listener]:
        console.print(safe(title))
        with TrainingProgress(console) as progress:
            yield progress

    @contextmanager
    def watch_all(waiting: Sequence[Job], at_once: int) -> Iterator[SideBySide]:
        several = SideBySideProgress(console)
        with several, SideBySide(waiting, at_once, several.listener, several.narrate) as trainings:
            yield trainings

    with counting(console, "row") as progress:
        results = planted_table(
            options,
            progress=progress,
            watch=watch,
            watch_all=watch_all,
            narrate=lambda line: console.print(safe_line(line)),
        )
    if as_json:
        echo_json(results.document())
    else:
        stdout_console().print(planted(results))
    if export:
        write_each(export, lambda path: write(results, path))
