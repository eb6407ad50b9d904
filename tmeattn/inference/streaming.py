"""Streaming prediction: classify the rows of a table in constant memory, and write a row for each.

`prediction_job.py` says what is classified, and `prediction_writer.py` writes the predictions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tmeattn.data.readers.arriving import ArrivingInput
from tmeattn.data.readers.columns import text_of
from tmeattn.data.readers.rows import RowProblem, SkippedRow, Table
from tmeattn.data.readers.skip_count import SkipCount
from tmeattn.errors import BadInput, Interrupted, shortened
from tmeattn.inference.prediction_job import PredictionJob, TextClassifier
from tmeattn.inference.prediction_note import Narrate
from tmeattn.inference.prediction_rows import InputRow
from tmeattn.inference.prediction_writer import PredictionWriter
from tmeattn.inference.shards import CHUNK, ChunkSize, InputReading, few_texts
from tmeattn.plurals import counted, listed, plural

CHUNK_CHARACTERS = 2**23
"""Characters of their texts from which on fewer rows are, so that long texts do not fill the memory."""


def chunk_size() -> ChunkSize:
    """When texts are enough to be classified and written together."""
    return ChunkSize(CHUNK, CHUNK_CHARACTERS)


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
    size = chunk_size()
    skips, reading = SkipCount(), InputReading(size)
    with PredictionWriter(job, classifier, narrate) as writer:
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
            writer.finish(reading.end(str(job.table.path.absolute()), skips.total, notes), size)
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
    job: PredictionJob, writer: PredictionWriter, skipped: list[int], skips: SkipCount, reading: InputReading
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


def _hint_for_bad_row(writer: PredictionWriter) -> str:
    if writer.file is None or not writer.rows:
        return "Correct it, or skip invalid rows with --skip-bad."
    part = shortened(writer.file.part)
    return (
        f"The {counted(writer.rows, 'row before it is', 'rows before it are')} in {part}: correct it and continue with "
        "--resume, or skip invalid rows with --skip-bad."
    )
