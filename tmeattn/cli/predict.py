"""`tmeattn predict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from tmeattn.cli.predicting import merge_files, narrate, print_predictions, share_out, stream
from tmeattn.cli.support.command import begins
from tmeattn.cli.support.options import (
    file_option,
    force_option,
    json_option,
    quiet_option,
    run_option,
    text_column_option,
)
from tmeattn.errors import BadInput
from tmeattn.files import check_place

if TYPE_CHECKING:
    from tmeattn.data.readers.text_input import TextInput

STANDARD = Path("-")
"""Standard input or standard output."""


@click.command()
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@run_option("The run that predicts.")
@file_option()
@click.option(
    "--format",
    "kind",
    type=click.Choice(["txt", "csv", "tsv", "jsonl", "parquet"]),
    help="The format of --file.  [default: of the file's name; of standard input txt, one text on each line]",
)
@text_column_option()
@click.option(
    "--output",
    type=click.Path(allow_dash=True, dir_okay=False, path_type=Path),
    help="Write a row for each text while the texts are classified: JSON lines, .csv, .tsv or .parquet; - is standard "
    "output.",
)
@click.option("--skip-bad", is_flag=True, help="Skip invalid and empty rows of --file, and list their numbers.")
@click.option("--resume", is_flag=True, help="Continue an interrupted --output.")
@force_option("--output")
@click.option(
    "--shard",
    metavar="K/N",
    help="Classify only share K of N of --file, into a file beside --output, such as out-3-of-16.csv.",
)
@click.option("--merge", is_flag=True, help="Merge all shards of --output, or the files given as TEXT, into one file.")
@click.option(
    "--processes",
    type=click.IntRange(1, 128),
    metavar="N",
    help="Classify --file with N processes at once; --output is the same file as without.  [default: 1]",
)
@click.option(
    "--keep",
    multiple=True,
    metavar="COLUMN",
    help="Carry a column of --file, such as an id, into --output. Can be given several times.",
)
@click.option(
    "--top-classes",
    type=click.IntRange(min=1),
    metavar="N",
    help="Give only the N most probable classes, the most probable first.  [default: all, in their order]",
)
@click.option("--raw", is_flag=True, help="In a .csv or .tsv --output, do not put an apostrophe before = + - @.")
@quiet_option()
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
    shard: str | None,
    merge: bool,
    processes: int | None,
    keep: tuple[str, ...],
    top_classes: int | None,
    raw: bool,
    as_json: bool,
) -> None:
    """Classify each TEXT, or each row of a file or of standard input. Empty lines are skipped.

    RUN may be an ONNX file of tmeattn runs export, for which torch is not loaded.

    With --output any number of rows is classified in constant memory. Each written row has row (its line in the file),
    record (its place among the records), the columns of --keep, label, probability and probabilities. With --file -
    --output - each line of a pipe is answered as it arrives. A text that begins with a dash stands after --.

    \b
    tmeattn predict "A wonderful film." "Two hours of my life, gone."
    tmeattn predict --file reviews.jsonl --output predictions.jsonl --keep id
    """
    if merge:
        whole = _merged_file(output)
        begins()
        merge_files([Path(text) for text in texts], whole, force=force)
        return
    if texts == ("-",) and file is None:
        texts, file = (), STANDARD
    _check_combination(texts, file, output, as_json)
    if output is None and (skip_bad or resume or force):
        raise BadInput("--skip-bad, --resume and --force need --output.")
    if output == STANDARD and (resume or force):
        raise BadInput("--resume and --force need a file as --output, not standard output.")
    if output is None and raw:
        raise BadInput("--raw needs --output.")
    if output is None and keep:
        raise BadInput("--keep needs --output.", hint="To see the rows, add --output -.")

    from tmeattn.data.readers.text_input import TextInput

    source = TextInput(file or STANDARD, kind, text_column)
    if shard is not None or processes is not None:
        _check_shared(source, output, shard, processes)
    begins(lambda: _check_begin(run, source if file else None, output, keep, replaces=resume or force))
    if output is None:
        print_predictions(run, list(texts) or source.read(narrate), top_classes, as_json)
        return
    from tmeattn.inference.output_target import check_output_name
    from tmeattn.inference.prediction_parquet import require_parquet

    check_output_name(None if output == STANDARD else output)
    require_parquet(output)
    if processes is not None and processes > 1:
        from tmeattn.inference.workers import FileJob

        places = (_path_of(run), str(source.path), str(output))
        share_out(FileJob(*places, kind, text_column, skip_bad, resume, force, raw, keep, top_classes), processes)
        return
    from tmeattn.data.readers.columns import kept_columns
    from tmeattn.inference.prediction_job import PredictionJob
    from tmeattn.inference.prediction_rows import RowForm
    from tmeattn.inference.shards import parse_shard

    part = None if shard is None else parse_shard(shard)
    target = None if output == STANDARD else part.file_of(output) if part else output
    opened = source.open_arriving() if target is None else None
    table, column, arriving = opened or (*source.open(), None)
    rows = RowForm(kept_columns(table, keep), top_classes, raw)
    stream(run, PredictionJob(table, column, target, skip_bad, resume, force, rows, part, arriving))


def _check_combination(texts: tuple[str, ...], file: Path | None, output: Path | None, as_json: bool) -> None:
    """Refuse options and arguments that exclude each other, and empty texts."""
    if texts and file is not None:
        raise BadInput("Give texts or --file, not both.")
    if output is not None and texts:
        raise BadInput("--output needs --file or standard input, not texts.")
    if output is not None and as_json:
        raise BadInput("--output writes JSON lines already.", hint="Leave --json out.")
    if any(not text.strip() for text in texts):
        raise BadInput(f"Text {next(n for n, text in enumerate(texts, start=1) if not text.strip())} is empty.")


def _check_begin(
    run: str, source: TextInput | None, output: Path | None, keep: tuple[str, ...], *, replaces: bool
) -> None:
    """Check what a prediction finds when it begins: its run, the file with its texts, and where it writes.

    source: None where the texts are on the command line. replaces: whether the output may exist.
    """
    from tmeattn.inference.onnx_classifier import is_onnx
    from tmeattn.inference.output_target import check_output_name, check_target
    from tmeattn.runs.index import find_run

    if not is_onnx(run):
        find_run(run)
    if source is not None:
        from tmeattn.data.readers.columns import kept_columns

        kept_columns(source.open()[0], keep)
    if output is None or output == STANDARD:
        return
    check_output_name(output)
    check_target(output, source.path if source is not None else STANDARD)
    check_place(output, replaces=replaces)


def _check_shared(source: TextInput, output: Path | None, shard: str | None, processes: int | None) -> None:
    """Check what a prediction in several parts needs: an input that every part can read, and the name of a file."""
    from tmeattn.inference.shards import parse_shard
    from tmeattn.inference.workers import check_readable_again

    flag = "--shard" if shard is not None else "--processes"
    if shard is not None and processes is not None:
        raise BadInput("--shard and --processes exclude each other.", hint="A shard is the work of one process.")
    if shard is not None:
        parse_shard(shard)
    if output is None or output == STANDARD:
        raise BadInput(f"{flag} needs --output FILE.", hint="Name the file of the whole prediction.")
    check_readable_again(source)


def _path_of(run: str) -> str:
    """The path of a run: "latest" may be another one for the next process."""
    from tmeattn.inference.onnx_classifier import is_onnx
    from tmeattn.runs.index import find_run

    if is_onnx(run):
        raise BadInput("--processes takes a run, not an ONNX file.", hint="onnxruntime uses all cores by itself.")
    return str(find_run(run).path)


def _merged_file(output: Path | None) -> Path:
    """The file that --merge writes.

    Raises:
        BadInput: there is none, or --merge does not use an option that is given.
    """
    unused = [
        parameter.opts[0]
        for parameter in click.get_current_context().command.params
        if parameter.name not in ("texts", "output", "force", "merge")
        and click.get_current_context().get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE
    ]
    if unused:
        raise BadInput(f"--merge does not use {unused[0]}.", hint=f"Leave {unused[0]} out: the shards have it noted.")
    if output is None or output == STANDARD:
        raise BadInput("--merge needs --output FILE.", hint="Name the file of the whole prediction.")
    return output
