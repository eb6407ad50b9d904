"""Streaming prediction: classify the rows of a table in constant memory, and write a row for each.

The rows are written to `OUTPUT.part`. Beside it, `OUTPUT.part.json` records up to which byte and which row the file is
complete, so an interrupted prediction can be continued. When all rows are written, the file gets its final name.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tmeattn.data.readers.columns import text_of
from tmeattn.data.readers.rows import RowProblem, SkippedRow, Table
from tmeattn.data.readers.skip_count import SkipCount
from tmeattn.errors import BadInput, Interrupted
from tmeattn.files import OTHER_FOLDER, disk_errors, read_json, to_json, write_atomically

if TYPE_CHECKING:
    import numpy as np

    from tmeattn.inference.classifier import TrainedClassifier

CHUNK = 1024
"""Rows that are classified and written together."""

Narrate = Callable[[str], None]
Row = tuple[int, str]
"""The number of a row in its file, and its text."""


@dataclass(frozen=True)
class PredictionJob:
    """What to classify, and where to write the predictions.

    table, column: the rows, and the name of the column of their texts.
    output:        a file: `.csv`, `.tsv`, or JSON lines for any other name; None: JSON lines on standard output.
    skip_bad:      invalid and empty rows are skipped; otherwise they are errors.
    resume:        continue an interrupted prediction.
    force:         overwrite the output.
    """

    table: Table
    column: str
    output: Path | None = None
    skip_bad: bool = False
    resume: bool = False
    force: bool = False


@dataclass(frozen=True)
class StreamSummary:
    """The texts that were classified by this call, its duration in seconds, and what was left out.

    skipped: the numbers of the invalid rows.
    notes:   sentences for the user: how the rows were read, and how many of them were skipped.
    """

    texts: int
    seconds: float
    skipped: tuple[int, ...]
    notes: tuple[str, ...] = ()


def stream_predictions(
    job: PredictionJob,
    classifier: TrainedClassifier,
    *,
    narrate: Narrate = lambda line: None,
    progress: Callable[[int], None] = lambda texts: None,
) -> StreamSummary:
    """Classify every row of the table and write a row for each, in order.

    narrate:  called with each line for the user.
    progress: called after each chunk with the number of its texts.

    Raises:
        BadInput: an invalid row (unless they are skipped), or the output exists.
        EnvironmentProblem: the output cannot be written.
        Interrupted: by the user. After each of these errors, `resume` continues from the rows that are written.
    """
    began = time.perf_counter()
    skipped: list[int] = []
    skips = SkipCount()
    with _PredictionWriter(job, classifier, narrate) as writer:
        try:
            for chunk in _chunks(_rows(job, writer.last_row, skipped, skips)):
                writer.write([number for number, _ in chunk], classifier.probabilities([text for _, text in chunk]))
                progress(len(chunk))
        except BadInput as error:
            raise BadInput(error.message, hint=_hint_for_bad_row(writer)) from None
        except KeyboardInterrupt:
            hint = "Continue with the same command and --resume." if writer.part is not None else None
            raise Interrupted(f"Stopped after {writer.rows:,} rows.", hint=hint) from None
        writer.finish()
    texts = writer.rows - writer.rows_before
    notes = [*job.table.notes(), *filter(None, [skips.sentence(texts, f"{job.table.unit}s")])]
    return StreamSummary(texts, time.perf_counter() - began, tuple(skipped), tuple(notes))


def _rows(job: PredictionJob, after: int, skipped: list[int], skips: SkipCount) -> Iterator[Row]:
    """The rows to classify that follow row `after`. Blank lines are left out and counted."""
    for number, values in job.table.select([job.column]):
        if number <= after:
            continue
        if isinstance(values, SkippedRow):
            skips.add(values.reason, f"{job.table.unit} {number}")
            continue
        text = values if isinstance(values, RowProblem) else text_of(job.table, values[0])
        if text is None or (isinstance(text, str) and not text.strip()):
            text = RowProblem("the text is empty")
        if isinstance(text, str):
            yield number, text
        elif job.skip_bad:
            skipped.append(number)
            for line in range(number, number + text.lines):
                skips.add(f"invalid {job.table.unit}{{s}}", f"{job.table.unit} {line}")
        else:
            raise job.table.row_error(number, text.reason)


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Lists of `CHUNK` rows. An invalid row is an error only after the rows before it."""
    chunk: list[Row] = []
    error = None
    try:
        for row in rows:
            chunk.append(row)
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
    except BadInput as raised:
        error = raised
    if chunk:
        yield chunk
    if error is not None:
        raise error


def _hint_for_bad_row(writer: _PredictionWriter) -> str:
    if writer.part is None or not writer.rows:
        return "Correct it, or skip invalid rows with --skip-bad."
    return (
        f"The {writer.rows:,} rows before it are in {writer.part}: correct it and continue with --resume, or skip "
        "invalid rows with --skip-bad."
    )


class _PredictionWriter:
    """Writes predictions to standard output, or to a partial file that gets its final name in the end.

    part:        the partial file; None for standard output.
    last_row:    the number of the last row that is written.
    rows:        how many rows are written; rows_before: those of an earlier call that this one continues.
    """

    def __init__(self, job: PredictionJob, classifier: TrainedClassifier, narrate: Narrate) -> None:
        self.job, self.classes, self.narrate = job, classifier.classes, narrate
        self.part = job.output and job.output.with_name(f"{job.output.name}.part")
        self.last_row = self.rows = self.rows_before = 0
        self._origin = {"run": classifier.run.id, "input": str(job.table.path.absolute())}
        suffix = job.output.suffix.lower() if job.output is not None else ""
        self._delimiter = {".csv": ",", ".tsv": "\t"}.get(suffix)
        self._file: IO[bytes] | None = None

    def __enter__(self) -> _PredictionWriter:
        output, part = self.job.output, self.part
        if output is None or part is None:
            return self
        if output.exists() and not self.job.force:
            raise BadInput(f"{output} exists already.", hint="Choose another name or add --force.")
        if not output.absolute().parent.is_dir():
            raise BadInput(f"There is no folder {output.absolute().parent}.", hint="Create it, or choose another one.")
        with disk_errors("the predictions", part, hint=OTHER_FOLDER):
            if self.job.resume:
                self._reopen(part)
            elif part.exists() and not self.job.force:
                raise BadInput(
                    f"{part} has the rows of an interrupted prediction.",
                    hint="Continue it with --resume, or start again with --force.",
                )
            else:
                self._create(part)
        return self

    def _create(self, part: Path) -> None:
        self._file = part.open("wb")
        if self._delimiter is not None:
            self._file.write(self._csv([["row", "label", "probability", *self.classes]]))
        self._record()

    def _reopen(self, part: Path) -> None:
        """Open a partial file and drop what is written past its last complete row."""
        record = read_json(_record_path(part))
        if record is None or not part.exists():
            raise BadInput(f"There is no {part} to resume.", hint="Leave --resume out.")
        for key, value in self._origin.items():
            if record.get(key) != value:
                raise BadInput(
                    f"{part} was written for the {key} {record.get(key)}, not {value}.",
                    hint="Start again with --force.",
                )
        self._file = part.open("r+b")
        self._file.truncate(int(record["bytes"]))
        self._file.seek(0, io.SEEK_END)
        self.last_row, self.rows = int(record["row"]), int(record["written"])
        self.rows_before = self.rows
        self.narrate(f"Continuing after {self.job.table.unit} {self.last_row:,}.")

    def write(self, numbers: Sequence[int], probabilities_NC: np.ndarray) -> None:
        """Write the predictions of a chunk of rows. When this returns, they are complete in the file."""
        data = self._encoded(numbers, probabilities_NC)
        if self._file is None or self.part is None:
            sys.stdout.write(data.decode())
            sys.stdout.flush()
            self._count(numbers)
            return
        with disk_errors("the predictions", self.part, hint=OTHER_FOLDER):
            self._file.write(data)
            self._count(numbers)
            self._record()

    def _count(self, numbers: Sequence[int]) -> None:
        self.last_row, self.rows = numbers[-1], self.rows + len(numbers)

    def _encoded(self, numbers: Sequence[int], probabilities_NC: np.ndarray) -> bytes:
        predicted_N = probabilities_NC.argmax(axis=1).tolist()
        rows = zip(numbers, predicted_N, probabilities_NC.tolist(), strict=True)
        if self._delimiter is not None:
            return self._csv([[number, self.classes[best], values[best], *values] for number, best, values in rows])
        return "".join(self._json_line(*row) for row in rows).encode()

    def _json_line(self, number: int, predicted: int, probabilities: Sequence[float]) -> str:
        prediction = {
            "row": number,
            "label": self.classes[predicted],
            "probability": probabilities[predicted],
            "probabilities": dict(zip(self.classes, probabilities, strict=True)),
        }
        # On standard output only ASCII, because the encoding of a terminal may lack characters.
        return json.dumps(prediction, ensure_ascii=self._file is None) + "\n"

    def _csv(self, rows: Sequence[Sequence[str | int | float]]) -> bytes:
        text = io.StringIO()
        csv.writer(text, delimiter=self._delimiter or ",", lineterminator="\n").writerows(rows)
        return text.getvalue().encode()

    def _record(self) -> None:
        """Record how far the partial file is complete."""
        assert self._file is not None
        assert self.part is not None
        self._file.flush()
        record = {**self._origin, "bytes": self._file.tell(), "row": self.last_row, "written": self.rows}
        write_atomically(_record_path(self.part), to_json(record))

    def finish(self) -> None:
        """Give the complete file its final name.

        Raises:
            BadInput: no row was written.
        """
        if not self.rows:
            raise BadInput(f"{self.job.table.path}: there is no text to classify.")
        if self.job.output is not None and self.part is not None and self._file is not None:
            with disk_errors("the predictions", self.job.output, hint=OTHER_FOLDER):
                self._file.close()
                self.part.replace(self.job.output)
                _record_path(self.part).unlink(missing_ok=True)

    def __exit__(self, *_: object) -> None:
        if self._file is None or self.part is None:
            return
        self._file.close()
        if not self.rows:  # there is nothing to continue
            with contextlib.suppress(OSError):
                self.part.unlink(missing_ok=True)
                _record_path(self.part).unlink(missing_ok=True)


def _record_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def peak_memory() -> int | None:
    """The largest memory that this process has used, in bytes; None where the system does not report it."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
