"""`tmeattn data list`, `show`, `fetch`, `add`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tmeattn.cli.support.command import Group, echo_json
from tmeattn.cli.support.completion import datasets as complete_datasets
from tmeattn.cli.support.completion import fetchable as complete_fetchable
from tmeattn.cli.support.options import json_option, text_column_option
from tmeattn.errors import BadInput, TmeattnError, UnknownName

if TYPE_CHECKING:
    from tmeattn.data.download.catalog import Source
    from tmeattn.data.download.fetch import Progress
    from tmeattn.specs import DatasetSpec, VectorsSpec, WordVectors


@click.group(cls=Group)
def data() -> None:
    """Datasets and word vectors: what is here, what it is like, and how to get more."""


@data.command("list")
@json_option("an array of datasets and vectors")
def list_data(as_json: bool) -> None:
    """Datasets and word vectors, and whether they are here.

    Labelled texts of your own need no name: give their path to train --dataset.
    """
    from tmeattn.config import TrainOptions
    from tmeattn.registry import registry
    from tmeattn.specs import DatasetSpec, VectorsSpec
    from tmeattn.user_defaults import load_settings

    defaults = {**{key: TrainOptions.model_fields[key].default for key in ("dataset", "vectors")}, **load_settings()}
    found = [_entry(spec, "dataset", defaults["dataset"]) for spec in registry().all(DatasetSpec)]
    found += [_entry(spec, "vectors", defaults["vectors"]) for spec in registry().all(VectorsSpec)]
    if as_json:
        echo_json(found)
        return
    from tmeattn.render.console import safe, stdout_console
    from tmeattn.render.tables import Column, table

    rows = [
        (
            one["name"] + (" (default)" if one["default"] else ""),
            one["kind"],
            "here" if one["here"] else "missing",
            one["summary"],
        )
        for one in found
    ]
    columns: list[str | Column] = ["name", Column("kind", drop=1), "state", Column("what it is", wrap=True, least=20)]
    console = stdout_console()
    console.print(table(columns, rows))
    hints = [safe(f"{one['name']}: {one['hint']}") for one in found if one["hint"]]
    if hints:  # on lines of their own, so that commands can be copied
        console.print("\n".join(["", *hints]), soft_wrap=True)


def _entry(spec: DatasetSpec | VectorsSpec, kind: str, default: str) -> dict[str, Any]:
    """A line of the list. Loading opens a dataset without reading it, and tells where it is missing."""
    from tmeattn.registry import registry, resolve

    problem: TmeattnError | None = None
    try:
        resolve(spec.load, wanted_by=spec.name)()
    except TmeattnError as error:
        problem = error
    except Exception as error:  # somebody else's plugin
        problem = BadInput(f"{type(error).__name__}: {error}", hint=f"Broken: {type(error).__name__}: {error}")
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
    "--samples", type=click.IntRange(min=0), default=1, show_default=True, help="Texts of each class to show."
)
@json_option("all figures")
def show(dataset: str, text_column: str | None, label_column: str | None, samples: int, as_json: bool) -> None:
    """What a dataset is like: sizes, classes, lengths, words.

    Also duplicates within and across splits, unknown words by tokenizer and vectors, and a few of the texts.

    Of large splits the words of 20,000 texts are looked at, evenly spaced; of test texts none.
    """
    from tmeattn.data.sources import open_dataset
    from tmeattn.data.statistics import describe
    from tmeattn.render.console import safe, stderr_console, stdout_console

    console = stderr_console()
    found = open_dataset(
        dataset,
        text_column=text_column,
        label_column=label_column,
        narrate=lambda line: console.print(safe(line)),
    )
    document = describe(found, _vectors_here(), samples=samples)
    if as_json:
        echo_json(document)
        return
    from tmeattn.render.dataset import dataset_page

    stdout_console().print(dataset_page(document))


def _vectors_here() -> dict[str, WordVectors]:
    from tmeattn.data.sources import open_vectors
    from tmeattn.registry import registry
    from tmeattn.specs import VectorsSpec

    found = {}
    for spec in registry().all(VectorsSpec):
        try:
            vectors = open_vectors(spec.name)
        except TmeattnError:
            continue
        if vectors is not None:
            found[spec.name] = vectors
    return found


@data.command()
@click.argument("name", nargs=-1, required=True, shell_complete=complete_fetchable)
@click.option("--url", help="Fetch from a mirror instead; the file must be the same.")
def fetch(name: tuple[str, ...], url: str | None) -> None:
    """Download each NAME from its publisher, and keep it.

    NAME is imdb, glove-50d, glove-100d, glove-200d or glove-300d. Files are checked by their SHA-256. A download that
    breaks off is continued by the same command. All GloVe vectors come in one file of 862 MB, which stays in the cache
    for the next of them.
    """
    from tmeattn.data.download.fetch import fetch as download
    from tmeattn.files import disk_errors
    from tmeattn.paths import cache_dir
    from tmeattn.render.console import safe, stderr_console

    console = stderr_console()
    sources = [(one, source_of(one)) for one in name]  # nothing is fetched before every name is known to be right
    if url is not None and len({source.file for _, source in sources}) > 1:
        raise BadInput("--url is the address of one file, and these names need several.")
    for one, source in sources:
        if source.here(one):
            console.print(f"{one} is here already.")
            continue
        folder = cache_dir() / "downloads"
        with disk_errors("the download", folder):
            folder.mkdir(parents=True, exist_ok=True)
        console.print(f"Fetching {source.file}, {source.size / 1e6:,.0f} MB.")
        with _progress(source.file) as progress:
            path = download(url or source.url, source.sha256, folder / source.file, progress)
        source.install(one, path, lambda line: console.print(safe(line)))
        console.print(_next(one))


@data.command()
@click.argument("name", shell_complete=complete_fetchable)
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def add(name: str, path: Path) -> None:
    """Keep NAME from a file that you bring.

    For machines without a network.

    \b
    tmeattn data add imdb aclImdb_v1.tar.gz      or the folder it unpacks to
    tmeattn data add glove-100d glove.6B.zip     or glove.6B.100d.txt
    """
    from tmeattn.data.download.catalog import add as keep
    from tmeattn.render.console import safe, stderr_console

    console = stderr_console()
    if source_of(name).here(name):
        console.print(f"{name} is here already.")
        return
    keep(name, path.absolute(), lambda line: console.print(safe(line)))
    console.print(_next(name))


def source_of(name: str) -> Source:
    """What can be fetched or added by that name.

    Raises:
        UnknownName: nothing.
    """
    from tmeattn.data.download.catalog import SOURCES

    if name not in SOURCES:
        raise UnknownName("dataset to fetch", name, SOURCES, list_command="tmeattn data list")
    return SOURCES[name]


def _next(name: str) -> str:
    option = "vectors" if name.startswith("glove") else "dataset"
    return f"Use it: tmeattn train lstm-attn --{option} {name}, or always: tmeattn config set {option} {name}"


@contextmanager
def _progress(file: str) -> Iterator[Progress]:
    """A bar on stderr; without a terminal a line every ten percent."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from tmeattn.render.console import stderr_console

    console = stderr_console()
    columns = [TextColumn(file), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(file, total=None)
        told = 0

        def update(done: int, total: int | None) -> None:
            nonlocal told
            bar.update(task, completed=done, total=total)
            if not console.is_terminal and total and done * 10 // total > told:
                told = done * 10 // total
                console.print(f"{file}: {told * 10} % of {total / 1e6:,.0f} MB")

        yield update
