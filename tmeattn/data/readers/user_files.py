"""`--dataset PATH`: labelled texts in files of the user's own, imported once into the cache."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from tmeattn.data.cache import entry, writing
from tmeattn.data.holdout import hold_out_blocks, hold_out_hashed
from tmeattn.data.readers import text_store as texts
from tmeattn.data.readers.folders import SPLIT_NAMES, files_below, is_archive, leaves, placed
from tmeattn.data.readers.tables import Problem, Table, format_of, open_table
from tmeattn.data.readers.text_io import NOT_UTF8, is_utf8, not_utf8
from tmeattn.data.readers.text_store import TextStore, TextWriter, open_texts
from tmeattn.errors import BadInput
from tmeattn.specs import Dataset

VALIDATION_SHARE = 0.2
TEXT_COLUMNS = ("text", "review", "sentence", "content", "comment", "body", "document", "tweet", "message")
LABEL_COLUMNS = ("label", "sentiment", "target", "class", "category", "stars", "rating", "score", "polarity")
SPLIT_COLUMN = "split"

Narrate = Callable[[str], None]


@dataclass(frozen=True)
class Reading:
    """How a path is read: the columns of text and label (None: guessed), and the share held out for validation."""

    text_column: str | None = None
    label_column: str | None = None
    validation: float = VALIDATION_SHARE


def dataset_at(path: Path, how: Reading, cache: Path, narrate: Narrate) -> Dataset:
    """The labelled texts at a path, imported now where the cache does not have them yet.

    Raises:
        BadInput: they are no labelled texts; the message says what is wrong, where, and what to do.
        EnvironmentProblem: the cache cannot be written.
    """
    store = imported(path, how, cache, narrate)
    return Dataset(path.name, store.classes, store.fingerprint, lambda: store.splits)


def imported(path: Path, how: Reading, cache: Path, narrate: Narrate) -> TextStore:
    """The store of a path's texts, found again in the cache while the files are unchanged; raises as `dataset_at`."""

    def build(temporary: Path) -> None:
        with TextWriter(temporary, str(path)) as writer:
            _fill(writer, path, how, partial(hold_out_hashed, share=how.validation), narrate)
            _tell(writer, path, narrate)

    return entry(cache / f"texts-{_key(path, how)[:32]}", open_texts, build, texts.WHAT)


def import_tree(
    path: Path, folder: Path, names: Mapping[str, str], expected: Mapping[tuple[str, str], int], narrate: Narrate
) -> TextStore:
    """Import a tree or archive that is known to have so many texts by (split, class), into a folder to stay.

    names: the class of each folder. Validation is the last fifth of each class's training texts.

    Raises:
        BadInput: it is no such tree, or holds more or fewer texts.
        EnvironmentProblem: the folder cannot be written.
    """

    def build(temporary: Path) -> None:
        with TextWriter(temporary, str(path)) as writer:
            order, folders, splits = _leaves_of(writer, path)
            labels = [names.get(label, label) for label in folders]
            found = Counter((split or "train", label) for split, label in zip(splits, labels, strict=True))
            if found != expected:
                raise BadInput(
                    f"{path} holds {_counted(found)}; expected are {_counted(expected)}.",
                    hint="To train on it as it is: tmeattn train MODEL --dataset PATH",
                )
            writer.finish(partial(hold_out_blocks, share=VALIDATION_SHARE), order=order, labels=labels, splits=splits)
            _tell(writer, path, narrate)

    return entry(folder, open_texts, build, texts.WHAT)


def _counted(counts: Mapping[tuple[str, str], int]) -> str:
    return ", ".join(f"{count:,} {split}/{label}" for (split, label), count in sorted(counts.items())) or "no texts"


def _tell(writer: TextWriter, path: Path, narrate: Narrate) -> None:
    narrate(f"{len(writer):,} texts of {path.name}, {len(writer.labels):,} classes.")
    if passed := writer.said_of_passed_over():
        narrate(f"Passed over {passed}.")


def _key(path: Path, how: Reading) -> str:
    """Changes with the files' names, sizes and times of change, and with how they are read."""
    found = files_below(path) if path.is_dir() else [path]
    listing = hashlib.sha256()
    for file in found:
        about = file.stat()
        listing.update(f"{file}\0{about.st_size}\0{about.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
    parts = [texts.FORMAT, listing.hexdigest(), asdict(how)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _fill(writer: TextWriter, path: Path, how: Reading, hold_out: Callable[..., Any], narrate: Narrate) -> None:
    if path.is_dir() and (tables := tables_in(path)):
        with writing(texts.WHAT, writer.folder.parent):
            for split, files in tables.items():
                for file in files:
                    _fill_from_table(writer, file, how, split, narrate)
        writer.finish(hold_out)
    elif path.is_dir() or is_archive(path):
        if how.text_column or how.label_column:
            raise BadInput(f"--text-column and --label-column are for tables, and {path} is none.")
        order, labels, splits = _leaves_of(writer, path)
        writer.finish(hold_out, order=order, labels=labels, splits=splits)
    else:
        with writing(texts.WHAT, writer.folder.parent):
            _fill_from_table(writer, path, how, None, narrate)
        writer.finish(hold_out)


def _leaves_of(writer: TextWriter, path: Path) -> tuple[list[int], list[str], list[str | None]]:
    """Write the texts of a tree or archive; what `placed` says of them."""
    names: list[PurePosixPath] = []
    with writing(texts.WHAT, writer.folder.parent):
        for leaf in leaves(path):
            before = len(writer)
            writer.add(leaf.content, "?", None, str(leaf.path))
            names += [leaf.path] * (len(writer) - before)  # none where the text was empty
    return placed(names, str(path))


def tables_in(folder: Path) -> dict[str | None, list[Path]]:
    """The tables of a folder (or of `data/` in it) by the split in their names, such as train.csv or
    test-00000-of-00001.parquet; a single one has none. Empty where it holds no table.

    Raises:
        BadInput: several tables whose names tell no split.
    """
    found: dict[str | None, list[Path]] = {}
    for place in (folder, folder / "data"):
        files = sorted(file for file in place.iterdir() if file.is_file()) if place.is_dir() else []
        for file in files:
            if (format_of(file) or "txt") != "txt" and not file.name.startswith("."):
                word = re.split(r"[-_.]", file.name.lower())[0]
                found.setdefault(SPLIT_NAMES.get(word), []).append(file)
        if found:
            break
    unnamed = found.get(None, [])
    if len(found) > 1:
        found.pop(None, None)
    elif len(unnamed) > 1:
        raise BadInput(
            f"{folder} holds several tables, {unnamed[0].name} and {unnamed[1].name} among them, and which is which "
            "is not clear.",
            hint="Name them train, validation and test, or give one of them.",
        )
    return found


def _fill_from_table(writer: TextWriter, path: Path, how: Reading, split: str | None, narrate: Narrate) -> None:
    table = open_table(path)
    text, label = text_and_label(table, how)
    wanted = [text, label]
    if split is None and SPLIT_COLUMN in table.columns and SPLIT_COLUMN not in wanted:
        wanted.append(SPLIT_COLUMN)
    narrate(f"Reading {path.name}: texts from the column {text!r}, labels from {label!r}.")
    names = table.names.get(label, ())
    for number, values in table.select(wanted):
        if isinstance(values, Problem):
            raise not_utf8(path) if values.reason == NOT_UTF8 else table.bad(number, values.reason)
        found = text_of(table, values[0])
        if isinstance(found, Problem):
            raise not_utf8(path) if found.reason == NOT_UTF8 else table.bad(number, found.reason)
        where = f"{table.unit} {number}" if split is None else f"{path.name}, {table.unit} {number}"
        own = _split_of(table, number, values[2]) if len(wanted) > 2 else split
        writer.add(found, _label_of(table, number, values[1], names), own, where)


def text_and_label(table: Table, how: Reading) -> tuple[str, str]:
    """The columns of text and label, as given or guessed by their names.

    Raises:
        BadInput: there are none; the message lists those that are there.
    """
    text = _column(table, how.text_column, TEXT_COLUMNS, "text")
    label = _column(table, how.label_column, LABEL_COLUMNS, "label")
    if text is None or label is None:
        if len(table.columns) == 2 and (known := text or label):  # the other one must be what is missing
            other = next(name for name in table.columns if name != known)
            return (known, other) if text else (other, known)
        what = "text" if text is None else "label"
        raise BadInput(
            f"{table.path} has no column that looks like the {what}; it has {_listed(table.columns)}.",
            hint=f"Name it with --{what}-column; if these are no names, add a first line that names the columns."
            if len(table.columns) > 1
            else "Each row needs a text and a label; the first line names the columns.",
        )
    if text == label:
        raise BadInput(f"{table.path}: text and label are both the column {text!r}.")
    return text, label


def text_column(table: Table, wanted: str | None) -> str:
    """The column of the texts, as given or guessed; a table's only column in any case.

    Raises:
        BadInput: there is none.
    """
    found = _column(table, wanted, TEXT_COLUMNS, "text")
    if found is None and len(table.columns) == 1:
        return table.columns[0]
    if found is None:
        raise BadInput(
            f"{table.path} has no column that looks like the text; it has {_listed(table.columns)}.",
            hint="Name it with --text-column.",
        )
    return found


def _column(table: Table, wanted: str | None, guesses: tuple[str, ...], what: str) -> str | None:
    if wanted is not None:
        if wanted not in table.columns:
            raise BadInput(f"--{what}-column: {table.path} has no column {wanted!r}; it has {_listed(table.columns)}.")
        return wanted
    lowered = {name.lower(): name for name in reversed(table.columns)}
    return next((lowered[guess] for guess in guesses if guess in lowered), None)


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(name if len(name) < 40 else name[:39] + "…" for name in names[:12])
    return shown + (", ..." if len(names) > 12 else "")


def text_of(table: Table, value: Any) -> str | Problem | None:
    """A row's text; None where it has none."""
    if value is not None and not isinstance(value, str):
        return Problem(f"the text is {_kind(value)}, not a text")
    # JSON can spell half a character, and means it; elsewhere one is a byte that is no UTF-8.
    if value is not None and table.kind not in ("jsonl", "parquet") and not is_utf8(value):
        return Problem(NOT_UTF8)
    return value


def _label_of(table: Table, number: int, value: Any, names: Any) -> str | None:
    if value is None or value != value:  # NaN is how a table of numbers says that there is none
        return None
    if isinstance(value, list | dict | tuple | bytes):
        raise table.bad(number, f"the label is {_kind(value)}, not a number or a name")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return str(names[value])
    label = str(value).strip()
    if not is_utf8(label):
        raise table.bad(number, "the label is not UTF-8")
    return label


def _split_of(table: Table, number: int, value: Any) -> str:
    split = SPLIT_NAMES.get(str(value).strip().lower()) if value is not None else None
    if split is None:
        raise table.bad(number, f"the split is {value!r}, not train, validation or test")
    return split


def _kind(value: Any) -> str:
    return {int: "a number", float: "a number", bool: "true or false", list: "a list", dict: "an object"}.get(
        type(value), f"of type {type(value).__name__}"
    )
