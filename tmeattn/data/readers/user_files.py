"""`--dataset PATH`: labelled texts in the user's own files, imported once into the cache."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tmeattn.data.cache import open_or_build
from tmeattn.data.checksums import sampled_sha256
from tmeattn.data.holdout import VALIDATION_SHARE, hold_out_blocks, hold_out_hashed
from tmeattn.data.readers.archives import is_archive
from tmeattn.data.readers.columns import label_of, split_of, text_and_label, text_of
from tmeattn.data.readers.folders import SPLIT_NAMES, Arrangement, arrange, files_below, text_files
from tmeattn.data.readers.tables import RowProblem, Table, format_of, open_table
from tmeattn.data.readers.text_io import NOT_UTF8, not_utf8, read_errors
from tmeattn.data.readers.text_store import CONTENT, FORMAT, TextStore, open_text_store
from tmeattn.data.readers.text_writer import TextWriter
from tmeattn.errors import BadInput
from tmeattn.spacing import evenly_spaced
from tmeattn.specs import Dataset

if TYPE_CHECKING:
    from tmeattn.data.readers.text_writer import HoldOut

SPLIT_COLUMN = "split"
MOST_HASHED_FILES = 512
"""The files of a folder whose content is part of the key of its import, evenly spaced; the others count with their
size and times."""

Narrate = Callable[[str], None]


@dataclass(frozen=True)
class ImportOptions:
    """How a path is imported.

    text_column, label_column: names of columns; None to guess them.
    validation:                the share of the training texts that is held out for validation.
    """

    text_column: str | None = None
    label_column: str | None = None
    validation: float = VALIDATION_SHARE


def open_user_dataset(path: Path, options: ImportOptions, cache: Path, narrate: Narrate) -> Dataset:
    """The dataset of the labelled texts at a path, imported now where the cache lacks them.

    Raises:
        BadInput: the path holds no labelled texts; the message names the file, the line, the cause and the remedy.
        EnvironmentProblem: the cache cannot be written.
    """
    store = import_texts(path, options, cache, narrate)
    return Dataset(path.name, store.classes, store.fingerprint, lambda: store.splits)


def import_texts(path: Path, options: ImportOptions, cache: Path, narrate: Narrate) -> TextStore:
    """The stored texts of a path; the cache keeps them while the files stay the same. Raises as `open_user_dataset`."""

    def build(temporary: Path) -> None:
        with TextWriter(temporary, str(path)) as writer:
            _import(writer, path, options, partial(hold_out_hashed, share=options.validation), narrate)
            _report(writer, path, narrate)

    return open_or_build(cache / f"texts-{_key(path, options)[:32]}", open_text_store, build, CONTENT, narrate)


def import_known_tree(
    path: Path, folder: Path, names: Mapping[str, str], expected: Mapping[tuple[str, str], int], narrate: Narrate
) -> TextStore:
    """Import a published tree or archive into `folder`, which is no cache.

    names:    the class of each folder of the tree.
    expected: the number of texts by (split, class).
    Validation is the last fifth of the training texts of each class.

    Raises:
        BadInput: the path is no such tree, or has another number of texts.
        EnvironmentProblem: the folder cannot be written.
    """

    def build(temporary: Path) -> None:
        with TextWriter(temporary, str(path)) as writer:
            order, folders, splits = _add_tree(writer, path)
            labels = [names.get(label, label) for label in folders]
            counts = Counter((split or "train", label) for split, label in zip(splits, labels, strict=True))
            if counts != expected:
                raise BadInput(
                    f"{path} contains {_listed(counts)} texts; expected are {_listed(expected)}.",
                    hint="To train on it as it is, use: tmeattn train MODEL --dataset PATH",
                )
            writer.finish(partial(hold_out_blocks, share=VALIDATION_SHARE), Arrangement(order, labels, splits))
            _report(writer, path, narrate)

    return open_or_build(folder, open_text_store, build, CONTENT, narrate)


def _listed(counts: Mapping[tuple[str, str], int]) -> str:
    return ", ".join(f"{count:,} {split}/{label}" for (split, label), count in sorted(counts.items())) or "no"


def _report(writer: TextWriter, path: Path, narrate: Narrate) -> None:
    narrate(f"Imported {len(writer):,} texts of {len(writer.labels):,} classes from {path.name}.")
    if skipped := writer.skipped():
        narrate(f"Skipped {skipped}.")


def _key(path: Path, options: ImportOptions) -> str:
    """A key that changes with the names, the times and the content of the files, and with the options.

    Of a large file, and of a folder of many files, a part of the content is read (see `sampled_sha256`,
    `MOST_HASHED_FILES`); the time of change of the status, which no program can set, shows the other changes.
    """
    listing = hashlib.sha256()
    files = files_below(path) if path.is_dir() else [path]
    hashed = set(evenly_spaced(len(files), MOST_HASHED_FILES))
    for index, file in enumerate(files):
        with read_errors(file):
            status = file.stat()
            content = sampled_sha256(file) if index in hashed and file.is_file() else ""
        times = f"{status.st_size}\0{status.st_mtime_ns}\0{status.st_ctime_ns}"
        listing.update(f"{file}\0{times}\0{content}\0".encode("utf-8", "surrogateescape"))
    parts = [FORMAT, listing.hexdigest(), asdict(options)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _import(writer: TextWriter, path: Path, options: ImportOptions, hold_out: HoldOut, narrate: Narrate) -> None:
    """Write the texts of a folder of tables, of a tree or archive of text files, or of one table."""
    if path.is_dir() and (tables := tables_in(path)):
        for split, files in tables.items():
            for file in files:
                _add_table(writer, file, options, split, narrate)
        writer.finish(hold_out)
    elif path.is_dir() or is_archive(path):
        if options.text_column or options.label_column:
            raise BadInput(
                f"--text-column and --label-column are for tables, and {path} is not a table.",
                hint="Remove the two options.",
            )
        writer.finish(hold_out, _add_tree(writer, path))
    else:
        _add_table(writer, path, options, None, narrate)
        writer.finish(hold_out)


def _add_tree(writer: TextWriter, path: Path) -> Arrangement:
    """Write the texts of a tree or archive, and derive their classes and splits."""
    paths: list[PurePosixPath] = []
    for relative, text in text_files(path):
        before = len(writer)
        writer.add(text, "?", None, str(relative))  # the label comes from the arrangement
        paths += [relative] * (len(writer) - before)  # an empty text was skipped
    return arrange(paths, str(path))


def tables_in(folder: Path) -> dict[str | None, list[Path]]:
    """The tables of a folder, or of `data/` in it, by the split in their names; empty where it has no table.

    Such names are train.csv or test-00000-of-00001.parquet. A single table may have any name and has the split None.

    Raises:
        BadInput: the names of several tables give no split.
    """
    tables: dict[str | None, list[Path]] = {}
    for parent in (folder, folder / "data"):
        files = sorted(file for file in parent.iterdir() if file.is_file()) if parent.is_dir() else []
        for file in files:
            if (format_of(file) or "txt") != "txt" and not file.name.startswith("."):
                word = re.split(r"[-_.]", file.name.lower())[0]
                tables.setdefault(SPLIT_NAMES.get(word), []).append(file)
        if tables:
            break
    unnamed = tables.get(None, [])
    if len(tables) > 1:
        tables.pop(None, None)
    elif len(unnamed) > 1:
        raise BadInput(
            f"{folder} contains several tables whose names give no split, such as {unnamed[0].name} and "
            f"{unnamed[1].name}.",
            hint="Rename them to train, validation and test, or give the path of one table.",
        )
    return tables


def _add_table(writer: TextWriter, path: Path, options: ImportOptions, split: str | None, narrate: Narrate) -> None:
    """Write the texts of a table. `split` is that of the whole file; None for the split column, or training."""
    table = open_table(path)
    text_column, label_column = text_and_label(table, options.text_column, options.label_column)
    columns = [text_column, label_column]
    if split is None and SPLIT_COLUMN in table.columns and SPLIT_COLUMN not in columns:
        columns.append(SPLIT_COLUMN)
    narrate(f"Reading {path.name}: texts from the column {text_column!r}, labels from the column {label_column!r}.")
    class_names = table.class_names.get(label_column, ())
    for number, values in table.select(columns):
        if isinstance(values, RowProblem):
            raise _row_error(table, number, values)
        text = text_of(table, values[0])
        if isinstance(text, RowProblem):
            raise _row_error(table, number, text)
        where = f"{table.unit} {number}" if split is None else f"{path.name}, {table.unit} {number}"
        row_split = split_of(table, number, values[2]) if len(columns) > 2 else split
        writer.add(text, label_of(table, number, values[1], class_names), row_split, where)


def _row_error(table: Table, number: int, problem: RowProblem) -> BadInput:
    """The error of a row; a row that is not UTF-8 gets the offset of the wrong byte in the file."""
    return not_utf8(table.path) if problem.reason == NOT_UTF8 else table.row_error(number, problem.reason)
