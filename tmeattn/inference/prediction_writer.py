"""Writes the predictions of a job, chunk by chunk: to standard output, or to the file that `prediction_file.py` writes
and continues."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tmeattn.errors import BadInput, shortened
from tmeattn.inference.output_target import output_format
from tmeattn.inference.prediction_file import PredictionFile
from tmeattn.inference.prediction_job import PredictionJob, TextClassifier
from tmeattn.inference.prediction_note import Narrate, Origin
from tmeattn.inference.prediction_parquet import to_parquet
from tmeattn.inference.prediction_rows import Encoder, InputRow
from tmeattn.inference.shards import ChunkSize, InputRead, ShardNote, write_shard_note

if TYPE_CHECKING:
    import numpy as np


class PredictionWriter:
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

    def __enter__(self) -> PredictionWriter:
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

    def finish(self, read: InputRead, size: ChunkSize) -> None:
        """Give the complete file its final name, and a shard its note. size: that of the chunks.

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
                note = ShardNote(job.shard, file.origin, read, size, job.skip_bad, rows, length, part_hash)
                write_shard_note(file.output, note)

        is_parquet = job.shard is None and output_format(job.output) == "parquet"
        file.finish(seal, functools.partial(to_parquet, ranked=job.rows.top is not None) if is_parquet else None)

    def __exit__(self, *_: object) -> None:
        if self.file is not None:
            self.file.leave()
