"""`tmeattn predict`."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmeattn.cli.support.command import echo_json
from tmeattn.cli.support.options import file_option, force_option, json_option, run_option, text_column_option
from tmeattn.errors import BadInput

if TYPE_CHECKING:
    from tmeattn.data.readers.tables import Table


@click.command()
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@run_option("The run that predicts.")
@file_option()
@click.option(
    "--format",
    "kind",
    type=click.Choice(["txt", "csv", "tsv", "jsonl", "parquet"]),
    help="What --file holds, where its name does not tell; standard input holds txt, one text a line.",
)
@text_column_option()
@click.option(
    "--output",
    type=click.Path(allow_dash=True, dir_okay=False, path_type=Path),
    help="Write a row a text as they are classified: JSON lines, or .csv; - is standard output.",
)
@click.option("--skip-bad", is_flag=True, help="Pass over rows of --file that are broken or empty, and name them.")
@click.option("--resume", is_flag=True, help="Continue an --output that was interrupted.")
@force_option("--output")
@json_option("an array of predictions")
def predict(
    texts: tuple[str, ...],
    run: str,
    file: Path | None,
    kind: str | None,
    text_column: str | None,
    output: Path | None,
    skip_bad: bool,
    resume: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Classify each TEXT, or each row of a file or of standard input; empty lines are passed over.

    With --output any number of rows is classified in constant memory; each row written has row (its line in the file),
    label, probability and probabilities.

    \b
    tmeattn predict "A wonderful film." "Two hours of my life, gone."
    tmeattn predict --file reviews.jsonl --output predictions.jsonl
    """
    if texts == ("-",) and file is None:  # as everywhere, standard input
        texts, file = (), Path("-")
    if texts and file is not None:
        raise BadInput("Give texts or --file, not both.")
    if output is not None:
        if texts:
            raise BadInput("--output is for --file or standard input.")
        if as_json:
            raise BadInput("--output writes JSON lines itself: leave --json out.")
        _stream(run, file, kind, text_column, output, skip_bad, resume, force)
        return
    if skip_bad or resume or force:
        raise BadInput("--skip-bad, --resume and --force belong to --output.")
    if any(not text.strip() for text in texts):
        raise BadInput(f"Text {next(n for n, text in enumerate(texts, start=1) if not text.strip())} is empty.")
    lines = list(texts) if texts else texts_in(file, kind, text_column)
    from tmeattn.api import load
    from tmeattn.render.console import safe, stderr_console, stdout_console

    model = load(run)
    for note in model.classifier.notes:
        stderr_console().print(safe(note))
    predictions = model.predict(lines)
    if as_json:
        echo_json([{"text": text, **asdict(prediction)} for text, prediction in zip(lines, predictions, strict=True)])
        return
    from tmeattn.render.numbers import percent
    from tmeattn.render.tables import Column, table

    stdout_console().print(
        table(
            ["label", Column("probability", numeric=True), "text"],
            [
                (prediction.label, percent(prediction.probability), " ".join(text.split())[:200])
                for text, prediction in zip(lines, predictions, strict=True)
            ],
        )
    )


def texts_in(file: Path | None, kind: str | None = None, text_column: str | None = None) -> list[str]:
    """The lines or rows of a file or of standard input; empty ones are passed over, and said.

    Raises:
        BadInput: there is none, or it cannot be read.
    """
    from tmeattn.data.readers.tables import format_of

    kind = kind or (format_of(file) if file is not None else None) or "txt"
    lines = _lines(file) if kind == "txt" else _texts(file, kind, text_column)
    if not lines:
        raise BadInput("There is no text to read.")
    empty = [number for number, line in enumerate(lines, start=1) if not line.strip()]
    if len(empty) == len(lines):
        raise BadInput("There is no text to read: every line is empty.")
    if empty:
        listing = ", ".join(map(str, empty[:5])) + (", ..." if len(empty) > 5 else "")
        click.echo(
            f"Passed over empty lines: {listing}." if len(empty) > 1 else f"Passed over line {listing}: it is empty.",
            err=True,
        )
    return [line for line in lines if line.strip()]


def _stream(
    run: str,
    file: Path | None,
    kind: str | None,
    text_column: str | None,
    output: Path,
    skip_bad: bool,
    resume: bool,
    force: bool,
) -> None:
    from tmeattn.data.readers.columns import text_column as column_of
    from tmeattn.data.readers.tables import format_of
    from tmeattn.inference.classifier import TrainedClassifier
    from tmeattn.inference.streaming import Job, peak_memory, stream
    from tmeattn.render.console import safe, stderr_console
    from tmeattn.runs.index import find_run

    table = _table(file, kind or (format_of(file) if file is not None else None) or "txt")
    target = None if str(output) == "-" else output
    job = Job(table, column_of(table, text_column), target, skip_bad, resume, force)
    classifier = TrainedClassifier(find_run(run))
    for note in classifier.notes:
        stderr_console().print(safe(note))
    with _counting_texts() as advance:
        done = stream(job, classifier, narrate=lambda line: click.echo(line, err=True), progress=advance)
    read = f"{done.texts:,} {'text' if done.texts == 1 else 'texts'} in {done.seconds:.1f} s"
    memory = f"; peak memory {peak / 2**20:,.0f} MiB" if (peak := peak_memory()) else ""
    click.echo(f"{read}: {done.texts / max(done.seconds, 1e-9):,.0f} a second{memory}.", err=True)
    if done.skipped:
        click.echo(f"Skipped {len(done.skipped):,} bad rows: {', '.join(map(str, done.skipped[:10]))}", err=True)


@contextmanager
def _counting_texts() -> Iterator[Callable[[int], None]]:
    """A count and a rate on a terminal; nothing elsewhere."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from tmeattn.render.console import stderr_console

    console, began, done = stderr_console(), time.perf_counter(), 0
    columns = [SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()]
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Reading", total=None)

        def advance(texts: int) -> None:
            nonlocal done
            done += texts
            speed = done / (time.perf_counter() - began)
            bar.update(task, description=f"{done:,} texts, {speed:,.0f} a second")

        yield advance


def _table(file: Path | None, kind: str) -> Table:
    """The rows of a file or of standard input."""
    from tmeattn.data.readers.tables import open_table

    if file is not None and str(file) != "-":
        return open_table(file, kind)
    if sys.stdin.isatty():
        raise BadInput("There is no text to classify.", hint="Give --file, or pipe rows in.")
    return open_table(Path("standard input"), kind, stream=sys.stdin.buffer)


def _texts(file: Path | None, kind: str, text_column: str | None) -> list[str]:
    """The texts of a table; a row without one is an empty text."""
    from tmeattn.data.readers.columns import text_column as column_of
    from tmeattn.data.readers.columns import text_of
    from tmeattn.data.readers.tables import RowProblem

    table = _table(file, kind)
    found = []
    for number, values in table.select([column_of(table, text_column)]):
        text = values if isinstance(values, RowProblem) else text_of(table, values[0])
        if isinstance(text, RowProblem):
            raise table.row_error(number, text.reason)
        found.append(text or "")
    return found


def _lines(file: Path | None) -> list[str]:
    """The lines of a file or of standard input; a last empty line does not count."""
    if file is None and sys.stdin.isatty():
        raise BadInput("There is no text to classify.", hint='Give one: tmeattn predict "a wonderful film"')
    if file is None or str(file) == "-":
        data = sys.stdin.buffer.read()
    else:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise BadInput(f"--file: {file} cannot be read: {error.strerror}.") from None
    try:
        lines = re.split(r"\r\n|\r|\n", data.decode("utf-8-sig"))  # splitlines() also splits at form feeds, U+2028 ...
    except UnicodeDecodeError as error:
        where = "Standard input" if file is None or str(file) == "-" else f"--file: {file}"
        raise BadInput(f"{where} is not UTF-8: byte {error.start} is {data[error.start]:#04x}.") from None
    return lines if lines[-1] else lines[:-1]
