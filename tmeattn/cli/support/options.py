"""Options and arguments that several commands have in common, and the parsers of options that take a list.

Each function returns a click decorator. Options that are made from configuration fields are in `config_options.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
from click.decorators import FC

from tmeattn.cli.support.completion import datasets as complete_datasets
from tmeattn.cli.support.completion import runs as complete_runs
from tmeattn.errors import BadInput
from tmeattn.runs.seeds import seeds_in as seeds_in


def run_argument(*, default: str | None = None, required: bool = True, many: bool = False) -> Callable[[FC], FC]:
    """The argument RUN: an id, a unique prefix, a name, a path, `latest` or `best`. With `many`, a tuple of them."""
    if default is not None:
        return click.argument("run", default=default, shell_complete=complete_runs)
    return click.argument("run", required=required, nargs=-1 if many else 1, shell_complete=complete_runs)


def run_option(text: str) -> Callable[[FC], FC]:
    """`--run RUN`, for commands whose arguments are texts."""
    return click.option(
        "--run", default="latest", metavar="RUN", shell_complete=complete_runs, help=f"{text}  [default: latest]"
    )


def json_option(what: str) -> Callable[[FC], FC]:
    """`--json`, passed as `as_json`. `what` names the printed document, such as "an array of runs"."""
    return click.option("--json", "as_json", is_flag=True, help=f"Print {what} as JSON on stdout.")


def data_options(*, ids: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--dataset`, `--split`, `--texts`, `--map-label` and the columns: which texts a command takes, passed as `data`,
    a `DataOptions`. The same in every command that has it.

    ids: also `--id-column`.
    """
    from tmeattn.data.data_options import DEFAULT_TEXTS, TEXTS, DataOptions

    options = [
        click.option(
            "--dataset",
            metavar="NAME|PATH",
            shell_complete=complete_datasets,
            help="Other texts than those of the run's dataset: a name, a file, a folder or an archive.",
        ),
        click.option(
            "--split",
            metavar="SPLIT",
            help="train, validation, test or all.  [default: validation of the run's dataset, all of another]",
        ),
        click.option(
            "--texts",
            "taken_texts",  # `texts` are the texts on the command line
            type=click.Choice(TEXTS),
            default=DEFAULT_TEXTS,
            show_default=True,
            help="All texts of the split, or the sample that the run's --limit keeps.",
        ),
        click.option(
            "--map-label",
            "map_labels",
            multiple=True,
            metavar="LABEL=CLASS",
            help="A label of --dataset, and the class of the run that it is. Can be given several times.",
        ),
        *label_edit_options("drop_labels", "merge_labels"),
        click.option("--text-column", metavar="NAME", help="The column of the texts in --dataset."),
        click.option("--label-column", metavar="NAME", help="The column of the labels in --dataset."),
    ]
    if ids:
        text = "The column of your own ids.  [default: chosen by its name]"
        options.append(click.option("--id-column", metavar="NAME", help=text))

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_data(*args: Any, **values: Any) -> Any:
            values["texts"] = values.pop("taken_texts")
            own = {field.name: values.pop(field.name) for field in fields(DataOptions) if field.name in values}
            return command(*args, data=DataOptions(**own), **values)

        decorated: Callable[..., Any] = with_data
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def label_edit_options(drop: str, merge: str) -> list[Callable[[FC], FC]]:
    """`--drop-label` and `--merge-labels`, passed as parameters of these names."""
    return [
        click.option(
            "--drop-label",
            drop,
            multiple=True,
            metavar="LABEL",
            help="Leave the texts with this label out. Can be given several times.",
        ),
        click.option(
            "--merge-labels",
            merge,
            multiple=True,
            metavar="LABEL,...=CLASS",
            help="Make labels one class, as in Good,GOOD=good; alike: all labels that look alike. Can be given several "
            "times.",
        ),
    ]


def top_option(default: int, what: str) -> Callable[[FC], FC]:
    """`--top N`: how many to list of `what`."""
    return click.option(
        "--top", type=click.IntRange(min=1), default=default, show_default=True, help=f"Number of {what} to list."
    )


def export_option(what: str, formats: str) -> Callable[[FC], FC]:
    """`--export FILE`, passed as a tuple: `what` is also written to files, each in the format of its suffix."""
    return click.option(
        "--export",
        multiple=True,
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help=f"Also write {what} to a file: {formats}. Can be given several times.",
    )


def file_option() -> Callable[[FC], FC]:
    """`--file`: texts, from a file or from standard input."""
    return click.option(
        "--file",
        type=click.Path(allow_dash=True, path_type=Path),
        help="Read the texts from a file with one text on each line, or from a table: .csv, .tsv, .jsonl, .parquet; "
        "- is standard input.",
    )


def text_column_option() -> Callable[[FC], FC]:
    """`--text-column`: which column of a table has the texts."""
    return click.option("--text-column", help="The column of the texts in a table.  [default: chosen by its name]")


def summary_option() -> Callable[[FC], FC]:
    """`--summary`, passed as `shown`: how much is printed when a training has ended."""
    return click.option(
        "--summary",
        "shown",
        type=click.Choice(["short", "full"]),
        help="What is printed at the end: the key figures, or also the curves and the attention entropy.  "
        "[default: short]",
    )


def quiet_option() -> Callable[[FC], FC]:
    """`--quiet`: no progress and no messages on standard error. It is passed to no command."""

    def be_quiet(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value:
            from tmeattn.render.console import set_quiet

            set_quiet(True)
            context.call_on_close(lambda: set_quiet(False))

    text = "Print no progress and no messages on stderr; errors are printed."
    return click.option("--quiet", "-q", is_flag=True, expose_value=False, callback=be_quiet, help=text)


def force_option(target: str) -> Callable[[FC], FC]:
    """`--force`: overwrite an existing file."""
    return click.option("--force", is_flag=True, help=f"Overwrite {target}.")


def track_option() -> Callable[[FC], FC]:
    """`--track TRACKER`, passed as the tuple `trackers`."""
    return click.option(
        "--track",
        "trackers",
        multiple=True,
        metavar="TRACKER",
        help="Also export the run's events with a plugin, such as tensorboard. Can be given several times.",
    )


SEEDS_METAVAR = "N|LIST"


def jobs_option() -> Callable[[FC], FC]:
    """`--jobs N`: how many runs are trained at the same time."""
    return click.option(
        "--jobs",
        type=click.IntRange(1, 256),
        metavar="N",
        help="Train N runs at the same time, each with its share of the cores.  [default: one run for every core]",
    )


def no_pager_option() -> Callable[[FC], FC]:
    """`--no-pager`: see `paging.py`."""
    return click.option("--no-pager", is_flag=True, help="Print long output at once instead of in a pager.")


def names_in(flag: str, text: str) -> tuple[str, ...]:
    """The names of an option like `attention,leave-one-out`, without repetitions.

    Raises:
        BadInput: the text has no name.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise BadInput(f"{flag}: {text!r} has no name.", hint="Write it like attention,leave-one-out.")
    return names
