"""Streaming prediction: classify the rows of a table in constant memory, and write a row for each.

`prediction_file.py` writes the file, and continues one that was interrupted.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tmeattn.data.readers.arriving import ArrivingInput
from tmeattn.data.readers.columns import text_of
from tmeattn.data.readers.rows import RowProblem, SkippedRow, Table
from tmeattn.data.readers.skip_count import SkipCount
from tmeattn.errors import BadInput, Interrupted, shortened
from tmeattn.inference.output_target import check_output_name, output_format, row_format
from tmeattn.inference.prediction_file import PredictionFile
from tmeattn.inference.prediction_note import Narrate, Origin
from tmeattn.inference.prediction_parquet import to_parquet
from tmeattn.inference.prediction_rows import Encoder, InputRow, RowForm
from tmeattn.inference.shards import (
    CHUNK,
    ChunkSize,
    InputRead,
    InputReading,
    Shard,
    ShardNote,
    few_texts,
    write_shard_note,
)
from tmeattn.plurals import counted, listed, plural

if TYPE_CHECKING:
    import numpy as np


class TextClassifier(Protocol):
    """What classifies texts: a trained run (`TrainedClassifier`), or an ONNX file (`OnnxClassifier`).

    classes: names of the classes.   notes: sentences for the user.   run_id: the id of the run.
    """

    classes: tuple[str, ...]
    notes: list[str]

    @property
    def run_id(self) -> str: ...

    def weights_hash(self) -> str:
        """A hash of what the probabilities depend on."""

    def probabilities(self, texts: Sequence[str], /) -> np.ndarray:
        """Class probabilities (N, C) of N texts, in their order."""


CHUNK_CHARACTERS = 2**23
"""Characters of their texts from which on fewer rows are, so that long texts do not fill the memory."""


def chunk_size() -> ChunkSize:
    """When texts are enough to be classified and written together."""
    return ChunkSize(CHUNK, CHUNK_CHARACTERS)


@dataclass(frozen=True)
class PredictionJob:
    """What to classify, and where to write the predictions.

    table, column: the rows, and the name of the column of their texts.
    output:        a file, in the format of its ending; None: JSON lines on standard output.
    skip_bad:      invalid and empty rows are skipped; otherwise they are errors.
    resume:        continue an interrupted prediction.
    force:         overwrite the output.
    rows:          what each row of the output has.
    shard:         only this share of the rows is classified, and `output` is its file; None: all rows.
    arriving:      the pipe that the rows come from, which are answered as they arrive; None: they are all there.

    Raises:
        BadInput: the ending of the output is of no known format, or a shard has no output.
    """

    table: Table
    column: str
    output: Path | None = None
    skip_bad: bool = False
    resume: bool = False
    force: bool = False
    rows: RowForm = field(default_factory=RowForm)
    shard: Shard | None = None
    arriving: ArrivingInput | None = None

    def __post_init__(self) -> None:
        check_output_name(self.output)
        if self.shard is not None and self.output is None:
            raise BadInput("A shard needs the name of a file for its predictions.")

    @property
    def output_format(self) -> str:
        """The format of the rows while they are written: "jsonl", "csv" or "tsv"."""
        return row_format(self.output)


@dataclass(frozen=True)
class StreamSummary:
    """The texts that were classified by this call, its duration in seconds, and what was left out of the whole file.

    skipped: the numbers of the invalid rows.
    notes:   sentences for the user: how the rows were read, how many of them were skipped, the first invalid ones.
    """

    texts: int
    seconds: float
    skipped: tuple[int, ...]
    notes: tuple[str, ...] = ()


def stream_predictions(
    job: PredictionJob,
    classifier: TextClassifier,
    *,
    narrate: Narrate = lambda line: None,
    progress: Callable[[int], None] = lambda texts: None,
) -> StreamSummary:
    """Classify every row of the table and write a row for each, in order.

    narrate:  called with each line for the user.
    progress: called after each chunk with the number of its texts.

    Raises:
        BadInput: an invalid row (unless they are skipped), the output exists or cannot be a file of predictions, or
            what is continued was made from something else.
        EnvironmentProblem: the output cannot be written.
        Interrupted: by the user. After each of these errors, `resume` continues from the rows that are written.
    """
    began = time.perf_counter()
    skipped: list[int] = []
    skips, reading = SkipCount(), InputReading(chunk_size())
    with _PredictionWriter(job, classifier, narrate) as writer:
        if writer.complete:
            narrate(f"{shortened(job.output)} is complete already.")
            return StreamSummary(0, time.perf_counter() - began, ())
        try:

            def answer(chunk: Sequence[InputRow]) -> None:
                writer.write(chunk, classifier.probabilities([row.text for row in chunk]))
                progress(len(chunk))

            rows = _rows(job, writer, skipped, skips, reading)
            if job.arriving is not None:
                _answer_arriving(rows, job.arriving, answer)
            else:
                for chunk in _chunks(rows, whole=job.shard is not None):
                    answer(chunk)
            notes = _notes(job.table, reading.texts, skips, skipped)
            writer.finish(reading.end(str(job.table.path.absolute()), skips.total, notes))
        except _BadRow as error:
            raise BadInput(error.message, hint=_hint_for_bad_row(writer)) from None
        except KeyboardInterrupt:
            hint = "Continue with the same command and --resume." if writer.file is not None and writer.rows else None
            raise Interrupted(f"Stopped after {counted(writer.rows, 'row')}.", hint=hint) from None
    if job.shard is not None and not writer.rows:
        notes.append(few_texts(reading.texts, 1, job.shard.count).replace("1 of", f"Shard {job.shard.number} of", 1))
    texts = writer.rows - writer.rows_before
    return StreamSummary(texts, time.perf_counter() - began, tuple(skipped), tuple(notes))


def _notes(table: Table, texts: int, skips: SkipCount, skipped: Sequence[int]) -> list[str]:
    """How the rows were read, what was skipped, and the numbers of the first invalid rows."""
    notes = [*table.notes(), *filter(None, [skips.sentence(texts, "row")])]
    if skipped:
        numbers = listed(skipped, 10)
        notes.append(f"The invalid {plural(len(skipped), 'row is', 'rows are')} {numbers}.")
    return notes


def _answer_arriving(
    rows: Iterator[InputRow], arriving: ArrivingInput, answer: Callable[[Sequence[InputRow]], None]
) -> None:
    """Answer the rows of a pipe together that have arrived together, before more of them are waited for."""
    pending: list[InputRow] = []

    def answer_pending() -> None:
        nonlocal pending
        if chunk := pending:
            pending = []
            answer(chunk)

    arriving.before_wait = answer_pending
    try:
        for row in rows:
            pending.append(row)
            if chunk_size().is_full(len(pending), 0):
                answer_pending()
    except BadInput:
        if arriving.failure is None:
            answer_pending()
            raise
    if arriving.failure is not None:
        raise arriving.failure
    answer_pending()


class _BadRow(BadInput):
    """A row of the input is invalid."""


def _rows(
    job: PredictionJob, writer: _PredictionWriter, skipped: list[int], skips: SkipCount, reading: InputReading
) -> Iterator[InputRow]:
    """The rows of the job that are not classified yet. Blank lines are left out and counted."""
    columns = list(dict.fromkeys([job.column, *job.rows.kept]))
    places = [columns.index(name) for name in job.rows.kept]
    record = 0
    for number, values in job.table.select(columns):
        if isinstance(values, SkippedRow):
            skips.add(values.reason, f"{job.table.unit} {number}")
            continue
        record += 1
        text = values if isinstance(values, RowProblem) else text_of(job.table, values[0])
        if text is None or (isinstance(text, str) and not text.strip()):
            text = RowProblem("the text is empty")
        if isinstance(text, str):
            mine = job.shard is None or job.shard.has_chunk(reading.chunk)
            assert not isinstance(values, RowProblem)
            row = InputRow(number, text, record, tuple(values[place] for place in places))
            reading.add(*row.identity)
            if mine and not writer.is_written(row):
                yield row
        elif job.skip_bad:
            skipped.append(number)
            last = number + text.lines - 1
            if last == number:
                skips.add("invalid row{s}", f"{job.table.unit} {number}")
            else:
                skips.add(f"invalid row{{s}} over {text.lines:,} lines", f"lines {number} to {last}")
        else:
            problem = job.table.row_error(number, text.reason)
            raise _BadRow(problem.message, hint=problem.hint)


def _chunks(rows: Iterator[InputRow], *, whole: bool = False) -> Iterator[list[InputRow]]:
    """Lists of `CHUNK` rows, or of fewer long ones. An invalid row is an error only after the rows before it.

    whole: the rows of a chunk that an invalid row ends are left out, so that the chunk is classified as one later.
    """
    chunk: list[InputRow] = []
    characters = 0
    error = None
    try:
        for row in rows:
            chunk.append(row)
            characters += len(row[1])
            if chunk_size().is_full(len(chunk), characters):
                yield chunk
                chunk, characters = [], 0
    except BadInput as raised:
        error = raised
    if chunk and not (whole and error is not None):
        yield chunk
    if error is not None:
        raise error


def _hint_for_bad_row(writer: _PredictionWriter) -> str:
    if writer.file is None or not writer.rows:
        return "Correct it, or skip invalid rows with --skip-bad."
    part = shortened(writer.file.part)
    return (
        f"The {counted(writer.rows, 'row before it is', 'rows before it are')} in {part}: correct it and continue with "
        "--resume, or skip invalid rows with --skip-bad."
    )


class _PredictionWriter:
    """Writes predictions to standard output, or to a `PredictionFile`.

    last_row: the number of the last row that is written.
    rows:     how many rows are written; rows_before: those of an earlier call that this one continues.
    complete: whether an earlier call has written all of them.
    """

    def __init__(self, job: PredictionJob, classifier: TextClassifier, narrate: Narrate) -> None:
        self.job = job
        self.encoder = Encoder(classifier.classes, job.output_format, job.rows, ascii_only=job.output is None)
        self.rows = 0
        self.complete = False
        self.file: PredictionFile | None = None
        if job.output is not None:
            origin = Origin(
                run=classifier.run_id,
                weights=classifier.weights_hash(),
                input=str(job.table.path.absolute()),
                column=job.column,
                format=job.table.kind,
                output=", ".join(filter(None, [job.output_format, str(job.rows)])),
                shard=None if job.shard is None else str(job.shard),
            )
            self.file = PredictionFile(job.output, origin, job.table.path, skip_bad=job.skip_bad, narrate=narrate)

    def __enter__(self) -> _PredictionWriter:
        file, job = self.file, self.job
        if file is not None:
            self.complete = file.check(force=job.force, resume=job.resume)
            if not self.complete:
                file.open(self.encoder.beginning(), force=job.force, resume=job.resume)
                self.rows = file.rows
        return self

    @property
    def rows_before(self) -> int:
        return 0 if self.file is None else self.file.rows_before

    def is_written(self, row: InputRow) -> bool:
        """Whether a row of the input was written by an earlier call. The rows must come in order.

        Raises:
            ChangedInput: the written rows are not those of the input.
        """
        if self.file is None:
            return False
        if row.number <= self.file.last_row:
            self.file.replay(*row.identity)
            return True
        self.file.check_replayed(self.job.table.unit)
        return False

    def write(self, rows: Sequence[InputRow], probabilities_NC: np.ndarray) -> None:
        """Write the predictions of a chunk of rows. When this returns, they are complete in the file."""
        data = self.encoder.rows(rows, probabilities_NC)
        if self.file is None:
            sys.stdout.write(data.decode())
            sys.stdout.flush()
            self.rows += len(rows)
        else:
            self.file.write(data, [row.identity for row in rows])
            self.rows = self.file.rows

    def finish(self, read: InputRead) -> None:
        """Give the complete file its final name, and a shard its note.

        Raises:
            BadInput: the input has no text.
        """
        if not read.texts:
            raise BadInput(f"{shortened(self.job.table.path)}: there is no text to classify.")
        if self.file is None:
            return
        self.file.check_replayed(self.job.table.unit)
        file, job = self.file, self.job

        def seal(rows: int, length: int, part_hash: str) -> None:
            if job.shard is not None:
                note = ShardNote(job.shard, file.origin, read, chunk_size(), job.skip_bad, rows, length, part_hash)
                write_shard_note(file.output, note)

        is_parquet = job.shard is None and output_format(job.output) == "parquet"
        file.finish(seal, functools.partial(to_parquet, ranked=job.rows.top is not None) if is_parquet else None)

    def __exit__(self, *_: object) -> None:
        if self.file is not None:
            self.file.leave()
