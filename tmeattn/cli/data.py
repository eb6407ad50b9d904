"""`tmeattn data list`, `show`, `fetch`, `add`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from tmeattn.cli.support.command import Group, echo_json
from tmeattn.cli.support.completion import datasets as complete_datasets
from tmeattn.cli.support.completion import fetchable as complete_fetchable
from tmeattn.cli.support.options import json_option, label_edit_options, text_column_option
from tmeattn.errors import BadInput, TmeattnError, UnknownName

if TYPE_CHECKING:
    from tmeattn.data.download.catalog import PublishedFile
    from tmeattn.data.download.fetch import Progress
    from tmeattn.specs import DatasetSpec, TokenizerSpec, VectorsSpec, WordVectors

drop_label_option, merge_labels_option = label_edit_options("drop_label", "merge_labels")


@click.group(cls=Group)
def data() -> None:
    """List, describe, download and add datasets and word vectors; list tokenizers."""


class ListedData(TypedDict):
    """An element of `tmeattn data list --json`.

    here:    whether the data is installed.   hint: how to install it, where it is not.
    default: whether `tmeattn train` uses it without an option.
    """

    name: str
    kind: str
    summary: str
    here: bool
    hint: str | None
    default: bool
    plugin: str


@data.command("list")
@json_option("an array of datasets and vectors")
def list_data(as_json: bool) -> None:
    """List datasets, word vectors and tokenizers, and whether they are installed.

    Files of your own are not listed. Give their path: tmeattn train MODEL --dataset PATH.
    """
    from tmeattn.config import TrainOptions
    from tmeattn.registry import registry
    from tmeattn.specs import DatasetSpec, TokenizerSpec, VectorsSpec
    from tmeattn.user_defaults import load_defaults

    defaults = {**{key: TrainOptions.model_fields[key].default for key in ("dataset", "vectors")}, **load_defaults()}
    listed = [_listed(spec, "dataset", defaults["dataset"]) for spec in registry().all(DatasetSpec)]
    listed += [_listed(spec, "vectors", defaults["vectors"]) for spec in registry().all(VectorsSpec)]
    listed += [_listed(spec, "tokenizer", "") for spec in registry().all(TokenizerSpec)]  # the default is auto
    if as_json:
        echo_json(listed)
        return
    from tmeattn.render.console import safe, stdout_console
    from tmeattn.render.tables import Column, table

    rows = [
        (
            data["name"] + (" (default)" if data["default"] else ""),
            data["kind"],
            "installed" if data["here"] else "missing",
            data["summary"],
        )
        for data in listed
    ]
    columns: list[str | Column] = ["name", Column("kind", drop=1), "state", Column("description", wrap=True, least=20)]
    console = stdout_console()
    console.print(table(columns, rows))
    hints = [safe(f"{data['name']}: {data['hint']}") for data in listed if data["hint"]]
    if hints:  # unwrapped lines, so that commands can be copied
        console.print("\n".join(["", *hints]), soft_wrap=True)


def _listed(spec: DatasetSpec | VectorsSpec | TokenizerSpec, kind: str, default: str) -> ListedData:
    """A row of the list. The load function opens the data without reading it, and raises where it is missing."""
    from tmeattn.foreign import ForeignFailure, foreign_code
    from tmeattn.registry import registry, resolve

    problem: TmeattnError | None = None
    try:
        with foreign_code():
            resolve(spec.load, wanted_by=spec.name)()
    except ForeignFailure as failure:
        broken = BadInput(str(failure), hint=f"The plugin is broken: {failure}")
        problem = failure.error if isinstance(failure.error, TmeattnError) else broken
    return {
        "name": spec.name,
        "kind": kind,
        "summary": spec.summary,
        "here": problem is None,
        "hint": problem.hint if problem else None,
        "default": spec.name == default,
        "plugin": registry().plugin_of(spec).distribution,
    }


@data.command()
@click.argument("dataset", metavar="NAME|PATH", shell_complete=complete_datasets)
@text_column_option()
@click.option("--label-column", help="The column of the labels in a table.  [default: chosen by its name]")
@click.option(
    "--samples", type=click.IntRange(min=0), default=1, show_default=True, help="Number of texts to show of each class."
)
@drop_label_option
@merge_labels_option
@json_option("all figures")
def show(
    dataset: str,
    text_column: str | None,
    label_column: str | None,
    samples: int,
    drop_label: tuple[str, ...],
    merge_labels: tuple[str, ...],
    as_json: bool,
) -> None:
    """Describe a dataset: sizes, classes, lengths, words.

    Also shows duplicates within and across splits, unknown words by tokenizer and vectors, and samples of the texts.

    Words are counted in at most 20,000 evenly spaced texts of a split, and never in test texts. Warnings name labels
    that look alike or stand for no label, classes of few texts, and texts of digits, links or several languages.
    --drop-label and --merge-labels show the dataset as a training with these options has it.
    """
    from tmeattn.data.dataset_warnings import WARNING
    from tmeattn.data.label_edits import edits_of
    from tmeattn.data.sources import open_dataset
    from tmeattn.data.statistics import describe
    from tmeattn.render.console import safe_line, stderr_console, stdout_console

    console = stderr_console()
    notes: list[str] = []

    def narrate(line: str) -> None:
        notes.append(line)
        if as_json or not line.startswith(WARNING):  # the page has the warnings
            console.print(safe_line(line))

    found = open_dataset(
        dataset,
        text_column=text_column,
        label_column=label_column,
        edits=edits_of(drop_label, merge_labels),
        narrate=narrate,
    )
    statistics = describe(found, _installed_vectors(), samples=samples, notes=notes)
    if as_json:
        echo_json(statistics)
        return
    from tmeattn.render.dataset import dataset_page

    stdout_console().print(dataset_page(statistics))


def _installed_vectors() -> dict[str, WordVectors]:
    from tmeattn.data.sources import open_vectors
    from tmeattn.registry import registry
    from tmeattn.specs import VectorsSpec

    installed = {}
    for spec in registry().all(VectorsSpec):
        try:
            vectors = open_vectors(spec.name)
        except TmeattnError:
            continue
        if vectors is not None:
            installed[spec.name] = vectors
    return installed


@data.command()
@click.argument("name", nargs=-1, required=True, shell_complete=complete_fetchable)
@click.option("--url", help="Download from this address instead; the file must be the same.")
def fetch(name: tuple[str, ...], url: str | None) -> None:
    """Download each NAME from its publisher and install it.

    NAME is imdb, glove-50d, glove-100d, glove-200d or glove-300d. The SHA-256 of each file is verified. The same
    command continues an interrupted download. All GloVe vectors are in one file of 862 MB, which the cache keeps.
    """
    from tmeattn.data.download.fetch import fetch as download
    from tmeattn.files import disk_errors
    from tmeattn.paths import cache_dir
    from tmeattn.render.console import safe_line, stderr_console

    console = stderr_console()
    files = {each: published_file(each) for each in name}  # an unknown name stops the command before any download
    if url is not None and len({published.file for published in files.values()}) > 1:
        raise BadInput("--url is the address of one file, but these names need several.", hint="Give one NAME.")
    for each, published in files.items():
        if published.installed(each):
            console.print(f"{each} is already installed.")
            continue
        folder = cache_dir() / "downloads"
        with disk_errors("the download", folder):
            folder.mkdir(parents=True, exist_ok=True)
        console.print(f"Downloading {published.file}, {published.size / 1e6:,.0f} MB.")
        with _progress(published.file) as progress:
            path = download(
                url or published.url, published.sha256, folder / published.file, progress, size=published.size
            )
        published.install(each, path, lambda line: console.print(safe_line(line)))
        console.print(_usage(each))


@data.command()
@click.argument("name", shell_complete=complete_fetchable)
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def add(name: str, path: Path) -> None:
    """Install NAME from a file that you have, without a network.

    \b
    tmeattn data add imdb aclImdb_v1.tar.gz      or the folder that it unpacks to
    tmeattn data add glove-100d glove.6B.zip     or glove.6B.100d.txt
    """
    from tmeattn.data.download.catalog import add as install
    from tmeattn.render.console import safe_line, stderr_console

    console = stderr_console()
    if published_file(name).installed(name):
        console.print(f"{name} is already installed.")
        return
    install(name, path.absolute(), lambda line: console.print(safe_line(line)))
    console.print(_usage(name))


def published_file(name: str) -> PublishedFile:
    """The published file with the data of that name.

    Raises:
        UnknownName: there is none.
    """
    from tmeattn.data.download.catalog import PUBLISHED_FILES

    if name not in PUBLISHED_FILES:
        raise UnknownName("published data", name, PUBLISHED_FILES)
    return PUBLISHED_FILES[name]


def _usage(name: str) -> str:
    option = "vectors" if name.startswith("glove") else "dataset"
    return (
        f"{name} is installed. Use it once: tmeattn train lstm-attn --{option} {name}, or by default: "
        f"tmeattn config set {option} {name}"
    )


@contextmanager
def _progress(file: str) -> Iterator[Progress]:
    """A progress bar on stderr; where stderr is no terminal, a line every ten percent."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from tmeattn.render.console import stderr_console

    console = stderr_console()
    columns = [TextColumn(file), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(file, total=None)
        tenths = 0

        def update(done: int, total: int | None) -> None:
            nonlocal tenths
            bar.update(task, completed=done, total=total)
            if not console.is_terminal and total and done * 10 // total > tenths:
                tenths = done * 10 // total
                console.print(f"{file}: {tenths * 10} % of {total / 1e6:,.0f} MB")

        yield update
