"""Folders of tables: which tables are which split, and which are ambiguous."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath

from tmeattn.data.checksums import sampled_sha256
from tmeattn.data.readers.columns import SPLIT_NAMES
from tmeattn.data.readers.folder_walk import files_below, is_hidden
from tmeattn.data.readers.folders import has_classes, why_no_text
from tmeattn.data.readers.skip_count import SkipCount
from tmeattn.data.readers.tables import format_of
from tmeattn.data.readers.text_io import read_errors
from tmeattn.errors import BadInput

NO_SPLIT = "table{s} whose name gives no split"
ORDER = ("train", "validation", "test", None)


def tables_in(folder: Path, skips: SkipCount | None = None) -> dict[str | None, list[Path]]:
    """The tables of a folder, or of `data/` in it, by the split in their names; empty where it is no folder of tables.

    Such names are train.csv or test-00000-of-00001.parquet. A single table may have any name and has the split None.
    A table without a split in its name is no dataset beside folders of classes.

    skips: counts all other files below the folder.

    Raises:
        BadInput: the names of several tables give no split, or two of them may be the same table.
    """
    tables: dict[str | None, list[Path]] = {}
    for parent in (folder, folder / "data"):
        for file in _tables_directly_in(parent):
            tables.setdefault(SPLIT_NAMES.get(_stem(file)[0]), []).append(file)
        if tables:
            break
    if not tables:
        return {}
    unnamed = tables.pop(None, [])
    if has_classes(folder):
        if tables:
            raise BadInput(
                f"{folder} contains the table {next(iter(tables.values()))[0].name} and also folders of classes.",
                hint="Give the path of the table, or move the table or the folders away.",
            )
        return {}
    if not tables and len(unnamed) > 1:
        raise BadInput(
            f"{folder} contains several tables whose names give no split, such as {unnamed[0].name} and "
            f"{unnamed[1].name}.",
            hint="Rename them to train, validation and test, or give the path of one table.",
        )
    for files in tables.values():
        _refuse_doubled(folder, files)
    chosen = tables or {None: unnamed}
    _refuse_equal(folder, chosen)
    _count_others(
        folder, {file for files in chosen.values() for file in files}, SkipCount() if skips is None else skips
    )
    return {split: chosen[split] for split in ORDER if split in chosen}


def _tables_directly_in(folder: Path) -> list[Path]:
    with read_errors(folder):
        files = sorted(file for file in folder.iterdir() if file.is_file()) if folder.is_dir() else []
    return [file for file in files if (format_of(file) or "txt") != "txt" and not is_hidden(file.name)]


def _stem(file: Path) -> tuple[str, str]:
    """The first word of a file's name, and the rest of the name without its ending; in lower case."""
    name = file.name.lower()
    word = re.split(r"[-_. (]", name)[0]
    rest = re.sub(r"\.(gz|bz2|xz)$", "", name[len(word) :])
    return word, re.sub(r"\.[a-z]+$", "", rest)


def _refuse_doubled(folder: Path, files: list[Path]) -> None:
    """Raise `BadInput` where two files of one split may be the same table: all but numbered parts and other names."""
    for first, second in pairwise(files):
        (word, rest), (other_word, other_rest) = _stem(first), _stem(second)
        same_kind = format_of(first) == format_of(second)
        if word != other_word or not same_kind or not rest or not other_rest or rest == other_rest:
            raise BadInput(
                f"{folder} contains {first.name} and {second.name}, which may be the same texts twice.",
                hint="Remove one of them, or name parts of one table by numbers: train-1.csv and train-2.csv.",
            )


def _refuse_equal(folder: Path, tables: Mapping[str | None, Sequence[Path]]) -> None:
    """Raise `BadInput` where two tables are one file under two names, or have the same content: train-2.csv may be a
    link to train-1.csv, and test.csv a copy of train.csv."""
    found: dict[tuple[int, str], Path] = {}
    files = [file for parts in tables.values() for file in parts]
    sizes = Counter(_size(file) for file in files)
    for file in files:
        if sizes[size := _size(file)] > 1 and size:
            with read_errors(file):
                first = found.setdefault((size, sampled_sha256(file)), file)
            if first != file:
                raise BadInput(
                    f"{folder} contains {first.name} and {file.name}, which are the same texts twice.",
                    hint="Remove one of them.",
                )


def _size(file: Path) -> int:
    with read_errors(file):
        return file.stat().st_size


def _count_others(folder: Path, tables: set[Path], skips: SkipCount) -> None:
    """Count every file below the folder that is none of the tables."""
    for file in files_below(folder, skips):
        if file not in tables:
            relative = file.relative_to(folder)
            if (format_of(file) or "txt") != "txt":
                reason = NO_SPLIT if len(relative.parts) == 1 else "table{s} in other folders"
            else:
                reason = why_no_text(PurePosixPath("folder", relative.name)) or "file{s} with the ending .txt"
            skips.add(reason, str(relative))
