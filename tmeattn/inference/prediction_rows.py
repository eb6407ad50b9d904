"""Predictions as lines of JSON, CSV or TSV."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tmeattn.files import escaped
from tmeattn.spreadsheet import csv_lines, harmless_cell

if TYPE_CHECKING:
    import numpy as np


class Encoder:
    """Predictions as the lines of a file.

    form:       "jsonl", "csv" or "tsv".
    raw:        in CSV, class names that a spreadsheet would run as a formula are written as they are.
    ascii_only: for a terminal, whose encoding may lack characters.
    """

    def __init__(self, classes: Sequence[str], form: str, *, raw: bool, ascii_only: bool) -> None:
        self.classes = tuple(classes)
        self._ascii = ascii_only
        self._delimiter = {"csv": ",", "tsv": "\t"}.get(form)
        self._labels = self.classes if raw else tuple(harmless_cell(name, numbers=True) for name in self.classes)

    def beginning(self) -> bytes:
        """What stands before the rows."""
        if self._delimiter is None:
            return b""
        return self._csv([["row", "label", "probability", *self._labels]])

    def rows(self, numbers: Sequence[int], probabilities_NC: np.ndarray) -> bytes:
        """A line for each row."""
        predicted_N = probabilities_NC.argmax(axis=1).tolist()
        rows = zip(numbers, predicted_N, probabilities_NC.tolist(), strict=True)
        if self._delimiter is not None:
            return self._csv([[number, self._labels[best], values[best], *values] for number, best, values in rows])
        return "".join(self._json_line(*row) for row in rows).encode("utf-8", "backslashreplace")

    def _json_line(self, number: int, predicted: int, probabilities: Sequence[float]) -> str:
        prediction = {
            "row": number,
            "label": self.classes[predicted],
            "probability": probabilities[predicted],
            "probabilities": dict(zip(self.classes, probabilities, strict=True)),
        }
        return escaped(json.dumps(prediction, ensure_ascii=self._ascii)) + "\n"

    def _csv(self, rows: Iterable[Iterable[object]]) -> bytes:
        return csv_lines(rows, self._delimiter or ",").encode("utf-8", "backslashreplace")
