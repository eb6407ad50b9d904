"""The text, the label and the split of a table's rows: which columns hold them, and which values are valid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tmeattn.data.readers.rows import RowProblem, Table, plain_name, quoted, type_name
from tmeattn.data.readers.text_encoding import is_utf8
from tmeattn.data.readers.text_io import NOT_UTF8, not_utf8
from tmeattn.errors import BadInput, shortened
from tmeattn.plurals import counted, listed

TEXT_COLUMNS = ("text", "review", "sentence", "content", "comment", "body", "document", "tweet", "message")
LABEL_COLUMNS = ("label", "sentiment", "target", "class", "category", "stars", "rating", "score", "polarity")
SPLIT_COLUMNS = ("split",)
ID_COLUMNS = ("id", "idx", "uid", "guid", "uuid", "key", "text_id", "review_id", "doc_id")
SPLIT_NAMES = {
    "train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
    "dev": "validation", "eval": "validation", "test": "test", "testing": "test",
}  # fmt: skip
"""The split by the name of a folder, of a file or in a split column, in lower case."""


def text_and_label(table: Table, text_column: str | None, label_column: str | None) -> tuple[str, str]:
    """The columns of text and label: the given names, else guessed by their names.

    Raises:
        BadInput: a column is missing or occurs twice; the message lists the columns of the table.
    """
    text = _column(table, text_column, TEXT_COLUMNS, "text")
    label = _column(table, label_column, LABEL_COLUMNS, "label")
    if (text is None or label is None) and len(table.columns) == 2 and (known := text or label):
        other = next((name for name in table.columns if name not in (known, "")), None)
        text, label = text or other, label or other  # the other column must be the missing one
    if text is None or label is None:
        raise _no_label_or_text(table, "text" if text is None else "label")
    if text == label:
        raise BadInput(
            f"{table.path}: text and label are both the column {text!r}.",
            hint="Name two different columns with --text-column and --label-column.",
        )
    return text, label


def label_column_like(table: Table, name: str | None) -> str | None:
    """The column of the labels in a further table of a dataset whose training table has the label in `name`; None
    where this table has no labels.

    Raises:
        BadInput: the column occurs twice.
    """
    wanted = LABEL_COLUMNS if name is None else (name, *LABEL_COLUMNS)
    return _column(table, None, wanted, "label")


def _no_label_or_text(table: Table, kind: str) -> BadInput:
    if table.kind == "txt":
        return BadInput(
            f"{table.path}: its first line has no label.",
            hint="Begin each line with __label__NAME and the text, or give a table whose first line names the columns.",
        )
    return _no_column(
        table,
        kind,
        f"Name it with --{kind}-column. If these are not names, add a first line that names the columns."
        if len(table.columns) > 1
        else "Each row needs a text and a label; the first line names the columns.",
    )


def text_column(table: Table, name: str | None) -> str:
    """The column of the texts: the given name, else guessed; the only column of a table in any case.

    Raises:
        BadInput: the column is missing or occurs twice.
    """
    column = _column(table, name, TEXT_COLUMNS, "text")
    if column is None and len(table.columns) == 1:
        return table.columns[0]
    if column is None:
        raise _no_column(table, "text", "Name it with --text-column.")
    return column


def optional_label_column(table: Table, text: str, label_column: str | None) -> str | None:
    """The column of the labels in a table that may have none: the given name, else guessed; None without labels.

    Raises:
        BadInput: the given column is missing, is that of the texts, or a column occurs twice.
    """
    label = _column(table, label_column, LABEL_COLUMNS, "label")
    others = [name for name in table.columns if name not in (text, "")]
    if label is None and len(table.columns) == 2 and len(others) == 1 and plain_name(others[0]) not in ID_COLUMNS:
        label = others[0]
    if label == text:
        raise BadInput(
            f"{table.path}: text and label are both the column {text!r}.",
            hint="Name two different columns with --text-column and --label-column.",
        )
    return label


def id_column(table: Table, name: str | None) -> str | None:
    """The column of the ids that the user gave the texts: the given name, else guessed; None where there is none.

    Raises:
        BadInput: the given column is missing or occurs twice.
    """
    if name is not None:
        return _column(table, name, (), "id")
    plain = [plain_name(column) for column in table.columns]
    return next((table.columns[plain.index(guess)] for guess in ID_COLUMNS if plain.count(guess) == 1), None)


def kept_columns(table: Table, names: Sequence[str]) -> tuple[str, ...]:
    """The columns that are carried into an output, each once: the given names.

    Raises:
        BadInput: a column is missing or occurs twice.
    """
    kept: dict[str, None] = {}
    for name in names:
        same = [column for column in table.columns if column == name]
        same = same or [column for column in table.columns if plain_name(column) == plain_name(name)]
        if len(same) != 1:
            problem = counted(len(same), "column") if same else "no column"
            raise BadInput(
                f"--keep: {shortened(table.path)} has {problem} {quoted(name)}.",
                hint=f"Its columns are {_listed(table.columns)}.",
            )
        kept[same[0]] = None
    return tuple(kept)


def split_column(table: Table) -> str | None:
    """The column of the splits; None where there is none.

    Raises:
        BadInput: it occurs twice.
    """
    return _column(table, None, SPLIT_COLUMNS, "split")


def _column(table: Table, name: str | None, guesses: tuple[str, ...], kind: str) -> str | None:
    """The column with this name, else the first guess that a column has, without regard to case and outer spaces."""
    for wanted in guesses if name is None else (name,):
        exact = [column for column in table.columns if column == wanted] if name is not None else []
        found = exact or [column for column in table.columns if plain_name(column) == plain_name(wanted)]
        if len(found) > 1:
            names = " and ".join(map(repr, dict.fromkeys(found)))
            raise BadInput(
                f"{table.path}: {len(found)} columns can be the {kind}: they have the name {names}."
                if len(set(found)) > 1
                else f"{table.path}: {len(found)} columns have the name {names}, which is the {kind}.",
                hint=f"Rename one of them{f', or choose with --{kind}-column' if len(set(found)) > 1 else ''}.",
            )
        if found:
            return found[0]
    if name is not None:
        raise BadInput(
            f"--{kind}-column: {table.path} has no column {quoted(name)}.",
            hint=f"Its columns are {_listed(table.columns)}.",
        )
    return None


def _no_column(table: Table, kind: str, hint: str) -> BadInput:
    columns = _listed(table.columns)
    return BadInput(f"{table.path} has no column that looks like the {kind}; its columns are {columns}.", hint=hint)


def _listed(names: tuple[str, ...]) -> str:
    return listed([(name if len(name) < 40 else name[:39] + "…") or "(without a name)" for name in names], 12)


def row_error(table: Table, number: int, problem: RowProblem) -> BadInput:
    """The error of a row; a row that is not UTF-8 gets the offset of the wrong byte in the file."""
    if problem.reason == NOT_UTF8 and table.path.is_file():
        return not_utf8(table.path)
    return table.row_error(number, problem.reason)


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


def split_of(value: Any) -> str | None:
    """The split of a row: "train", "validation" or "test"; None where the value names none."""
    return SPLIT_NAMES.get(str(value).strip().lower()) if value is not None else None
