"""What a streaming prediction is made of: the texts, what classifies them, and where the predictions are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tmeattn.data.readers.arriving import ArrivingInput
from tmeattn.data.readers.rows import Table
from tmeattn.errors import BadInput
from tmeattn.inference.output_target import check_output_name, row_format
from tmeattn.inference.prediction_rows import RowForm
from tmeattn.inference.shards import Shard

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
