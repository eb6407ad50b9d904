"""`tmeattn predict`."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict
from pathlib import Path

import click

from tmeattn.cli.completion import runs as complete_runs
from tmeattn.cli.main import echo_json
from tmeattn.errors import BadInput


@click.command()
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option(
    "--run",
    default="latest",
    metavar="RUN",
    shell_complete=complete_runs,
    help="Which run predicts.  [default: latest]",
)
@click.option("--file", type=click.Path(allow_dash=True, path_type=Path), help="One text a line; - is standard input.")
@click.option("--json", "as_json", is_flag=True, help="Print an array of predictions on stdout.")
def predict(texts: tuple[str, ...], run: str, file: Path | None, as_json: bool) -> None:
    """Classify each TEXT, or each line of a file or of standard input; empty lines are passed over.

    \b
    tmeattn predict "A wonderful film." "Two hours of my life, gone."
    tmeattn predict --file reviews.txt --json
    """
    if texts and file is not None:
        raise BadInput("Give texts or --file, not both.")
    if any(not text.strip() for text in texts):
        raise BadInput(f"Text {next(n for n, text in enumerate(texts, start=1) if not text.strip())} is empty.")
    lines = list(texts) if texts else texts_in(file)
    from tmeattn.api import load
    from tmeattn.render.console import safe, stderr_console, stdout_console

    model = load(run)
    for note in model.classifier.notes:
        stderr_console().print(safe(note))
    predictions = model.predict(lines)
    if as_json:
        echo_json([{"text": text, **asdict(prediction)} for text, prediction in zip(lines, predictions, strict=True)])
        return
    from tmeattn.render.tables import Column, percent, table

    stdout_console().print(
        table(
            ["label", Column("probability", numeric=True), "text"],
            [
                (prediction.label, percent(prediction.probability), " ".join(text.split())[:200])
                for text, prediction in zip(lines, predictions, strict=True)
            ],
        )
    )


def texts_in(file: Path | None) -> list[str]:
    """The lines of a file or of standard input; empty ones are passed over, and said.

    Raises:
        BadInput: there is none, or it cannot be read.
    """
    lines = _lines(file)
    if not lines:
        raise BadInput("There is no text to read.")
    empty = [number for number, line in enumerate(lines, start=1) if not line.strip()]
    if len(empty) == len(lines):
        raise BadInput("There is no text to read: every line is empty.")
    if empty:
        listing = ", ".join(map(str, empty[:5])) + (", ..." if len(empty) > 5 else "")
        click.echo(f"Passed over empty lines: {listing}.", err=True)
    return [line for line in lines if line.strip()]


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
