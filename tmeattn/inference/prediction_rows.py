"""Predictions as lines of JSON, CSV or TSV."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from tmeattn.files import escaped
from tmeattn.spreadsheet import csv_lines, harmless_cell

if TYPE_CHECKING:
    import numpy as np

OWN_COLUMNS = ("row", "record", "label", "probability", "probabilities")


class InputRow(NamedTuple):
    """A row of the input whose text is classified.

    number: the line, or in Parquet the row, in its file.   record: its place among the records, from 1, without
    the header and blank lines.   kept: the values of the columns that are carried into the output.
    """

    number: int
    text: str
    record: int
    kept: tuple[Any, ...] = ()

    @property
    def identity(self) -> tuple[int, str]:
        """The number, and the text with what is kept: what must be unchanged where a prediction is continued."""
        return self.number, f"{self.text}\0{list(self.kept)!r}" if self.kept else self.text


@dataclass(frozen=True)
class RowForm:
    """What a row of predictions has, and how it is written.

    kept: columns of the input that are carried into the output.
    top:  only the probabilities of so many classes are written, the most probable first; None: all, in their order.
    raw:  in CSV, class names and kept values are written as they are, also where a spreadsheet would run them.
    """

    kept: tuple[str, ...] = ()
    top: int | None = None
    raw: bool = False

    def __str__(self) -> str:
        """The form in words, by which a prediction is continued only in the same one."""
        parts = [f"top {self.top}"] if self.top is not None else []
        parts += [f"with {json.dumps(self.kept)}"] if self.kept else []
        return ", ".join([*parts, *(["raw"] if self.raw else [])])


def is_ranked(form: str) -> bool:
    """Whether the rows of this form (`FORMAT, {RowForm}`) have the most probable classes only."""
    return re.match(r"[a-z]+, top \d", form) is not None


def column_names(wanted: Sequence[str], taken: Iterable[str], prefix: str) -> dict[str, str]:
    """The name in the output of each column: its own, or `PREFIX_NAME` where the output has such a column."""
    used, names = set(taken), {}
    for column in wanted:
        name = column
        while name in used:
            name = f"{prefix}_{name}"
        used.add(name)
        names[column] = name
    return names


def class_columns(classes: Sequence[str], taken: Iterable[str]) -> list[str]:
    """The names of the columns with the probabilities of the classes in CSV: `class_label` of a class `label`."""
    return list(column_names(classes, taken, "class").values())


class Encoder:
    """Predictions as the lines of a file.

    form:       "jsonl", "csv" or "tsv".
    ascii_only: for a terminal, whose encoding may lack characters.
    """

    def __init__(self, classes: Sequence[str], form: str, rows: RowForm, *, ascii_only: bool) -> None:
        self.classes = tuple(classes)
        self.top = None if rows.top is None else min(rows.top, len(self.classes))
        self._ascii, self._raw = ascii_only, rows.raw
        self._delimiter = {"csv": ",", "tsv": "\t"}.get(form)
        self._labels = [str(self._cell(name)) for name in self.classes]
        self._names = list(column_names(rows.kept, (*OWN_COLUMNS, *self._class_columns()), "input").values())

    def _class_columns(self) -> list[str]:
        if self.top is None:
            return class_columns(self.classes, OWN_COLUMNS)
        return [name for place in range(2, self.top + 1) for name in (f"label_{place}", f"probability_{place}")]

    def beginning(self) -> bytes:
        """What stands before the rows."""
        if self._delimiter is None:
            return b""
        names = map(self._cell, (*self._names, "label", "probability", *self._class_columns()))
        return self._csv([["row", "record", *names]])

    def rows(self, rows: Sequence[InputRow], probabilities_NC: np.ndarray) -> bytes:
        """A line for each row."""
        pairs = zip(rows, self._ranked(probabilities_NC), probabilities_NC.tolist(), strict=True)
        if self._delimiter is not None:
            return self._csv(self._table_row(*pair) for pair in pairs)
        return "".join(self._json_line(*pair) for pair in pairs).encode("utf-8", "backslashreplace")

    def _ranked(self, probabilities_NC: np.ndarray) -> Iterable[list[int]]:
        """The classes of each row, the predicted one first; with `top` that many of them, the most probable first."""
        if self.top is None or self.top == 1:
            return ([best] for best in probabilities_NC.argmax(axis=1).tolist())
        order_NC = (-probabilities_NC).argsort(axis=1, kind="stable")
        ranked: list[list[int]] = order_NC[:, : self.top].tolist()
        return ranked

    def _json_line(self, row: InputRow, ranked: Sequence[int], probabilities: Sequence[float]) -> str:
        shown = range(len(self.classes)) if self.top is None else ranked
        prediction = {
            "row": row.number,
            "record": row.record,
            **dict(zip(self._names, map(plain_value, row.kept), strict=True)),
            "label": self.classes[ranked[0]],
            "probability": probabilities[ranked[0]],
            "probabilities": {self.classes[index]: probabilities[index] for index in shown},
        }
        return escaped(json.dumps(prediction, ensure_ascii=self._ascii)) + "\n"

    def _table_row(self, row: InputRow, ranked: Sequence[int], probabilities: Sequence[float]) -> Iterator[object]:
        best, *others = ranked
        after: Iterable[object] = probabilities
        if self.top is not None:
            after = chain.from_iterable((self._labels[index], probabilities[index]) for index in others)
        kept = (self._cell(_text_of(value)) for value in row.kept)
        return chain((row.number, row.record), kept, (self._labels[best], probabilities[best]), after)

    def _cell(self, value: object) -> object:
        return value if self._raw or not isinstance(value, str) else harmless_cell(value, numbers=True)

    def _csv(self, rows: Iterable[Iterable[object]]) -> bytes:
        return csv_lines(rows, self._delimiter or ",").encode("utf-8", "backslashreplace")


def plain_value(value: Any) -> Any:
    """A value of the input as JSON has it: a date as text, bytes in hexadecimal, and null for what is no number."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [plain_value(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain_value(one) for key, one in value.items()}
    return value.hex() if isinstance(value, bytes) else str(value)


def _text_of(value: Any) -> object:
    """A kept value in a cell of CSV; lists and objects as JSON."""
    plain = plain_value(value)
    if isinstance(plain, bool | list | dict):
        return json.dumps(plain, ensure_ascii=False)
    return "" if plain is None else plain
