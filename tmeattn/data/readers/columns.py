"""The text, the label and the split of a table's rows: which columns hold them, and which values are valid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tmeattn.data.readers.folders import SPLIT_NAMES
from tmeattn.data.readers.tables import RowProblem, Table, type_name
from tmeattn.data.readers.text_io import NOT_UTF8, is_utf8
from tmeattn.errors import BadInput

TEXT_COLUMNS = ("text", "review", "sentence", "content", "comment", "body", "document", "tweet", "message")
LABEL_COLUMNS = ("label", "sentiment", "target", "class", "category", "stars", "rating", "score", "polarity")


def text_and_label(table: Table, text_column: str | None, label_column: str | None) -> tuple[str, str]:
    """The columns of text and label: the given names, else guessed by their names.

    Raises:
        BadInput: a column is missing; the message lists the columns of the table.
    """
    text = _column(table, text_column, TEXT_COLUMNS, "text")
    label = _column(table, label_column, LABEL_COLUMNS, "label")
    if text is None or label is None:
        if len(table.columns) == 2 and (known := text or label):  # the other column must be the missing one
            other = next(name for name in table.columns if name != known)
            return (known, other) if text else (other, known)
        missing = "text" if text is None else "label"
        raise _no_column(
            table,
            missing,
            f"Name it with --{missing}-column. If these are not names, add a first line that names the columns."
            if len(table.columns) > 1
            else "Each row needs a text and a label; the first line names the columns.",
        )
    if text == label:
        raise BadInput(
            f"{table.path}: text and label are both the column {text!r}.",
            hint="Name two different columns with --text-column and --label-column.",
        )
    return text, label


def text_column(table: Table, name: str | None) -> str:
    """The column of the texts: the given name, else guessed; the only column of a table in any case.

    Raises:
        BadInput: the column is missing.
    """
    column = _column(table, name, TEXT_COLUMNS, "text")
    if column is None and len(table.columns) == 1:
        return table.columns[0]
    if column is None:
        raise _no_column(table, "text", "Name it with --text-column.")
    return column


def _column(table: Table, name: str | None, guesses: tuple[str, ...], kind: str) -> str | None:
    if name is not None:
        if name not in table.columns:
            raise BadInput(
                f"--{kind}-column: {table.path} has no column {name!r}.",
                hint=f"Its columns are {_listed(table.columns)}.",
            )
        return name
    lowered = {column.lower(): column for column in reversed(table.columns)}
    return next((lowered[guess] for guess in guesses if guess in lowered), None)


def _no_column(table: Table, kind: str, hint: str) -> BadInput:
    columns = _listed(table.columns)
    return BadInput(f"{table.path} has no column that looks like the {kind}; its columns are {columns}.", hint=hint)


def _listed(names: tuple[str, ...]) -> str:
    listed = ", ".join(name if len(name) < 40 else name[:39] + "…" for name in names[:12])
    return listed + (", ..." if len(names) > 12 else "")


def text_of(table: Table, value: Any) -> str | RowProblem | None:
    """The text of a row; None where the row has no text."""
    if value is not None and not isinstance(value, str):
        return RowProblem(f"the text is {type_name(value)}, not a string")
    # JSON and Parquet can contain a lone surrogate. In other formats it is a byte that is not UTF-8.
    if value is not None and table.kind not in ("jsonl", "parquet") and not is_utf8(value):
        return RowProblem(NOT_UTF8)
    return value


def label_of(table: Table, number: int, value: Any, class_names: Sequence[str]) -> str | None:
    """The label of a row; None where the row has no label.

    class_names: the names of integer labels.

    Raises:
        BadInput: the value cannot be a label.
    """
    if value is None or value != value:  # in a column of numbers, NaN means no value
        return None
    if isinstance(value, list | dict | tuple | bytes):
        raise table.row_error(number, f"the label is {type_name(value)}, not a number or a string")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(class_names):
        return str(class_names[value])
    label = str(value).strip()
    if not is_utf8(label):
        raise table.row_error(number, "the label is not UTF-8")
    return label


def split_of(table: Table, number: int, value: Any) -> str:
    """The split of a row: "train", "validation" or "test".

    Raises:
        BadInput: the value names no split.
    """
    split = SPLIT_NAMES.get(str(value).strip().lower()) if value is not None else None
    if split is None:
        raise table.row_error(number, f"the split is {value!r}, not train, validation or test")
    return split
