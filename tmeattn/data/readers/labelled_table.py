"""The labelled texts of tables, written to a `TextWriter`: columns, splits, and what is reported about the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmeattn.data.holdout import VALIDATION_SHARE
from tmeattn.data.label_edits import NO_EDITS, LabelEdits
from tmeattn.data.readers.columns import (
    id_column,
    label_column_like,
    label_of,
    optional_label_column,
    row_error,
    split_column,
    split_of,
    text_and_label,
    text_column,
    text_of,
)
from tmeattn.data.readers.rows import RowProblem, SkippedRow, Table, quoted
from tmeattn.data.readers.tables import open_table
from tmeattn.data.readers.text_writer import TextWriter
from tmeattn.errors import BadInput
from tmeattn.plurals import counted, plural

LONGEST_ID = 1000
"""Characters of a user's own id of a text that are kept."""
MOST_VALUES = 8
"""The number of unknown values of a split column that an error lists."""

Narrate = Callable[[str], None]


@dataclass(frozen=True)
class ImportOptions:
    """How a path is imported.

    text_column, label_column: names of columns; None to guess them.
    validation:                the share of the training texts that is held out for validation.
    id_column:                 name of the column of the user's own ids; None to guess it, if they are kept.
    keep_ids:                  whether the user's own ids are kept.
    to_train:                  False: the texts are only measured, so they need no labels, classes or validation part.
    edits:                     the labels that are left out or merged.
    """

    text_column: str | None = None
    label_column: str | None = None
    validation: float = VALIDATION_SHARE
    id_column: str | None = None
    keep_ids: bool = False
    to_train: bool = True
    edits: LabelEdits = NO_EDITS


class TableImport:
    """Writes the rows of one table after the other; the columns of the first are the first choice in the others."""

    def __init__(self, writer: TextWriter, options: ImportOptions, narrate: Narrate) -> None:
        self.writer, self.options, self.narrate = writer, options, narrate
        self._label: str | None = options.label_column

    def add(self, path: Path, split: str | None) -> None:
        """Write the texts of a table.

        split: that of the whole file; None for the split column, or training.

        Raises:
            BadInput: the table cannot be read, has no such columns, or has a row with an error.
        """
        table = open_table(path)
        if split == "test" and label_column_like(table, self._label) is None:
            self._leave_out(table)
            return
        text, label = self._text_and_label(table)
        self._label = label or self._label
        ids = id_column(table, self.options.id_column) if self.options.keep_ids else None
        named = {"text": text, "label": label, "split": split_column(table), "id": ids}
        columns: dict[str, str] = {}
        for role, column in named.items():
            if column is not None and column not in columns.values():
                columns[role] = column
        splits = f", splits from the column {quoted(columns['split'])}" if "split" in columns and split is None else ""
        labels = "no labels" if label is None else f"labels from the column {quoted(label)}"
        self.narrate(f"Reading {path.name}: texts from the column {quoted(text)}, {labels}{splits}.")
        unknown: dict[str, tuple[int, int]] = {}
        for number, values in table.select(list(columns.values())):
            if isinstance(values, SkippedRow):
                self.writer.skips.add(values.reason, _where(table, number, split))
            elif isinstance(values, RowProblem):
                raise row_error(table, number, values)
            else:
                self._add_row(table, number, dict(zip(columns, values, strict=True)), label, split, unknown)
        if unknown:
            raise _unknown_splits(table, columns["split"], unknown)
        self.writer.notes += table.notes()

    def _text_and_label(self, table: Table) -> tuple[str, str | None]:
        if self.options.to_train:
            return text_and_label(table, self.options.text_column, self.options.label_column)
        try:
            text = text_column(table, self.options.text_column)
        except BadInput:  # of two columns, the one that is not the label has the texts
            return text_and_label(table, self.options.text_column, self.options.label_column)
        return text, optional_label_column(table, text, self.options.label_column)

    def _add_row(
        self,
        table: Table,
        number: int,
        values: Mapping[str, Any],
        label_column: str | None,
        split: str | None,
        unknown: dict[str, tuple[int, int]],
    ) -> None:
        text = text_of(table, values["text"])
        if isinstance(text, RowProblem):
            raise row_error(table, number, text)
        row_split = split
        if "split" in values:
            row_split = split_of(values["split"])
            if split is None and row_split is None:
                value = "" if values["split"] is None else str(values["split"])
                count, first = unknown.get(value, (0, number))
                if len(unknown) < MOST_VALUES or count:
                    unknown[value] = count + 1, first
                return
            if split is not None and row_split not in (None, split):
                raise table.row_error(
                    number, f"the split is {quoted(values['split'])}, but the file is that of the {split} texts"
                )
            row_split = split or row_split
        label = None
        if label_column is not None:
            label = label_of(table, number, values["label"], table.class_names.get(label_column, ()))
        own_id = values.get("id")
        self.writer.add(
            text,
            label,
            row_split,
            _where(table, number, split),
            record=number,
            own_id=None if own_id is None else str(own_id)[:LONGEST_ID],
        )

    def _leave_out(self, table: Table) -> None:
        """Report the texts of a test table without labels, which nothing can be measured on."""
        column = text_column(table, self.options.text_column)
        texts = 0
        for number, values in table.select([column]):
            if isinstance(values, SkippedRow):
                self.writer.skips.add(values.reason, _where(table, number, "test"))
            else:
                texts += 1
                self.writer.skips.add("test row{s} in a table without labels", _where(table, number, "test"))
        self.writer.notes.append(
            f"{table.path.name} has no labels, so its {counted(texts, 'test text is', 'test texts are')} left out: "
            f"classify {plural(texts, 'it', 'them')} with tmeattn predict."
        )


def _where(table: Table, number: int, split: str | None) -> str:
    return f"{table.unit} {number}" if split is None else f"{table.path.name}, {table.unit} {number}"


def _unknown_splits(table: Table, column: str, unknown: dict[str, tuple[int, int]]) -> BadInput:
    listed = ", ".join(
        f"{quoted(value) if value else 'no value'} (rows: {count:,}, first: {table.unit} {first})"
        for value, (count, first) in unknown.items()
    )
    return BadInput(
        f"{table.path}: the column {quoted(column)} has values that are not train, validation or test: {listed}.",
        hint="Correct these values, or rename the column if it does not give the split.",
    )
