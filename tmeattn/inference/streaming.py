"""`tmeattn predict --output`: rows in, rows out, in constant memory; complete, or to be continued."""

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
from typing import IO, TYPE_CHECKING, Any

from tmeattn.errors import BadInput, Interrupted
from tmeattn.files import OTHER_FOLDER, disk_errors, read_json, to_json, write_atomically

if TYPE_CHECKING:
    import numpy as np

    from tmeattn.data.readers.tables import Table
    from tmeattn.inference.classifier import TrainedClassifier

CHUNK = 1024
"""Rows that are classified together, and then written."""


@dataclass(frozen=True)
class Job:
    """What to read and where to write. `output` None is standard output."""

    table: Table
    column: str
    output: Path | None
    skip_bad: bool
    resume: bool
    force: bool

    @property
    def part(self) -> Path | None:
        """Where rows are written until all are there."""
        return self.output and self.output.with_name(f"{self.output.name}.part")


@dataclass(frozen=True)
class StreamSummary:
    """How many texts were classified in this call, in how many seconds, and which rows were skipped as bad."""

    texts: int
    seconds: float
    skipped: tuple[int, ...]


def stream(
    job: Job,
    classifier: TrainedClassifier,
    *,
    narrate: Callable[[str], None] = lambda line: None,
    progress: Callable[[int], None] = lambda texts: None,
) -> StreamSummary:
    """Classify every row of the table and write a row for each, in order.

    narrate: called with a line for the user. progress: called after each chunk with the number of its texts.

    Raises:
        BadInput: a bad row (where they are not skipped), or an output that is there already.
        EnvironmentProblem: the output cannot be written.
        Interrupted: by the user. After each of these, what has been written can be continued with `--resume`.
    """
    began = time.perf_counter()
    skipped: list[int] = []
    with _Target(job, classifier, narrate) as target:
        rows = _texts(job, target.row, skipped)
        try:
            for numbers, texts in _chunked(rows):
                target.write(numbers, classifier.probabilities(texts))
                progress(len(texts))
        except BadInput as error:
            raise _with_rest(error, job, target) from None
        except KeyboardInterrupt:
            raise Interrupted(f"Stopped after {target.written:,} rows.", hint=_continue(job)) from None
        target.finish()
    return StreamSummary(target.written - target.before, time.perf_counter() - began, tuple(skipped))


def _texts(job: Job, after: int, skipped: list[int]) -> Iterator[tuple[int, str]]:
    """The rows to classify. Blank lines of a plain text file are passed over."""
    from tmeattn.data.readers.columns import text_of
    from tmeattn.data.readers.tables import RowProblem

    plain = job.table.kind == "txt"
    for number, values in job.table.select([job.column]):
        if number <= after:
            continue
        text = values if isinstance(values, RowProblem) else text_of(job.table, values[0])
        if text is None or (isinstance(text, str) and not text.strip()):
            if plain:
                continue
            text = RowProblem("the text is empty")
        if isinstance(text, str):
            yield number, text
        elif job.skip_bad:
            skipped.append(number)
        else:
            # What has been read so far is classified first.
            yield number, ""
            raise job.table.row_error(number, text.reason)


def _chunked(rows: Iterator[tuple[int, str]]) -> Iterator[tuple[list[int], list[str]]]:
    numbers: list[int] = []
    texts: list[str] = []
    for number, text in rows:
        if not text:  # a bad row follows
            if texts:
                yield numbers, texts
            numbers, texts = [], []
            continue
        numbers.append(number)
        texts.append(text)
        if len(texts) == CHUNK:
            yield numbers, texts
            numbers, texts = [], []
    if texts:
        yield numbers, texts


def _with_rest(error: BadInput, job: Job, target: _Target) -> BadInput:
    if job.part is None:
        return BadInput(error.message, hint="Mend it, or pass over bad rows with --skip-bad.")
    kept = f"The {target.written:,} rows before it are in {job.part}: " if target.written else ""
    mend = "mend it and continue with --resume" if target.written else "Mend it"
    return BadInput(error.message, hint=f"{kept}{mend}, or pass over bad rows with --skip-bad.")


def _continue(job: Job) -> str | None:
    return "Continue with the same command and --resume." if job.part is not None else None


class _Target:
    """Where predictions go: standard output, or a `.part` file with a note of how far it is known to be good."""

    def __init__(self, job: Job, classifier: TrainedClassifier, narrate: Callable[[str], None]) -> None:
        self.job, self.classes, self.narrate = job, classifier.classes, narrate
        self.note = {"run": classifier.run.id, "input": str(job.table.path.absolute())}
        self.row = self.written = self.before = 0
        self._csv = job.output is not None and job.output.suffix.lower() in (".csv", ".tsv")
        self._file: IO[bytes] | None = None

    def __enter__(self) -> _Target:
        output, part = self.job.output, self.job.part
        if output is None or part is None:
            return self
        if output.exists() and not self.job.force:
            raise BadInput(f"{output} exists already.", hint="Choose another name or add --force.")
        if not output.absolute().parent.is_dir():
            raise BadInput(f"There is no folder {output.absolute().parent}.", hint="Make it first, or choose another.")
        with disk_errors("the predictions", part, hint=OTHER_FOLDER):
            if self.job.resume:
                self._reopen(part)
            elif part.exists() and not self.job.force:
                raise BadInput(
                    f"{part} holds the rows of a try that did not end.",
                    hint="Continue it with --resume, or start over with --force.",
                )
            else:
                self._file = part.open("wb")
                if self._csv:
                    self._file.write(self._csv_rows([["row", "label", "probability", *self.classes]]))
                self._keep_note()
        return self

    def _reopen(self, part: Path) -> None:
        note = read_json(self._note_path(part))
        if note is None or not part.exists():
            raise BadInput(f"There is no {part} to resume.", hint="Leave --resume out.")
        for key, value in self.note.items():
            if note.get(key) != value:
                raise BadInput(
                    f"{part} was written for the {key} {note.get(key)}, not {value}.", hint="Start over with --force."
                )
        self._file = part.open("r+b")
        self._file.truncate(int(note["bytes"]))
        self._file.seek(0, io.SEEK_END)
        self.row, self.written = int(note["row"]), int(note["written"])
        self.before = self.written
        self.narrate(f"Continuing after {self.job.table.unit} {self.row:,}.")

    def write(self, numbers: Sequence[int], probabilities_NC: np.ndarray) -> None:
        """Write a row for each text; after this they are safe."""
        rows = list(zip(numbers, probabilities_NC.argmax(axis=1).tolist(), probabilities_NC.tolist(), strict=True))
        if self._csv:
            data = self._csv_rows(
                [[number, self.classes[best], values[best], *values] for number, best, values in rows]
            )
        else:
            data = "".join(map(self._json_row, rows)).encode()
        if self._file is None:
            sys.stdout.write(data.decode())
            sys.stdout.flush()
        else:
            with disk_errors("the predictions", self.job.part or Path(), hint=OTHER_FOLDER):
                self._file.write(data)
                self.row, self.written = numbers[-1], self.written + len(rows)
                self._keep_note()
            return
        self.row, self.written = numbers[-1], self.written + len(rows)

    def _json_row(self, row: tuple[int, int, list[float]]) -> str:
        number, best, values = row
        found = {
            "row": number,
            "label": self.classes[best],
            "probability": values[best],
            "probabilities": dict(zip(self.classes, values, strict=True)),
        }
        return json.dumps(found, ensure_ascii=self._file is None) + "\n"  # a terminal's encoding may be narrow

    def _csv_rows(self, rows: Sequence[Sequence[Any]]) -> bytes:
        text = io.StringIO()
        delimiter = "\t" if self.job.output and self.job.output.suffix.lower() == ".tsv" else ","
        csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
        return text.getvalue().encode()

    def _keep_note(self) -> None:
        assert self._file is not None
        self._file.flush()
        note = {**self.note, "bytes": self._file.tell(), "row": self.row, "written": self.written}
        write_atomically(self._note_path(self.job.part or Path()), to_json(note))

    def _note_path(self, part: Path) -> Path:
        return part.with_name(f"{part.name}.json")

    def finish(self) -> None:
        """Put the complete output into its place."""
        output, part = self.job.output, self.job.part
        if not self.written:
            raise BadInput(f"{self.job.table.path}: there is no text to classify.")
        if output is not None and part is not None and self._file is not None:
            with disk_errors("the predictions", output, hint=OTHER_FOLDER):
                self._file.close()
                part.replace(output)
                self._note_path(part).unlink(missing_ok=True)

    def __exit__(self, *_: object) -> None:
        if self._file is None:
            return
        self._file.close()
        part = self.job.part
        if part is not None and not self.written:  # nothing to continue
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
                self._note_path(part).unlink(missing_ok=True)


def peak_memory() -> int | None:
    """The most memory that this process has held, in bytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
