"""`--dataset PATH`: labelled texts in the user's own files, imported once into the cache."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tmeattn.data.cache import open_or_build
from tmeattn.data.checksums import sampled_sha256
from tmeattn.data.edited_dataset import EditedDataset
from tmeattn.data.holdout import VALIDATION_SHARE, hold_out_blocks, hold_out_hashed
from tmeattn.data.readers.archives import is_archive
from tmeattn.data.readers.folder_walk import files_below
from tmeattn.data.readers.folders import Arrangement, arrange, text_files
from tmeattn.data.readers.labelled_table import ImportOptions, Narrate, TableImport
from tmeattn.data.readers.skip_count import SkipCount
from tmeattn.data.readers.table_folder import tables_in
from tmeattn.data.readers.text_io import read_errors
from tmeattn.data.readers.text_store import CONTENT, FORMAT, UNLABELLED, TextStore, open_text_store
from tmeattn.data.readers.text_writer import TextWriter
from tmeattn.errors import BadInput
from tmeattn.plurals import counted
from tmeattn.spacing import evenly_spaced
from tmeattn.specs import Dataset

if TYPE_CHECKING:
    from tmeattn.data.readers.text_rows import HoldOut

RULES = 4
"""The version of the rules by which files are read. Texts that were imported under other rules are imported again."""
MOST_HASHED_FILES = 512
"""The files of a folder whose content is part of the key of its import, evenly spaced; the others count with their
size and times."""


def open_user_dataset(path: Path, options: ImportOptions, cache: Path, narrate: Narrate) -> Dataset:
    """The dataset of the labelled texts at a path, imported now where the cache lacks them.

    Raises:
        BadInput: the path holds no labelled texts; the message names the file, the line, the cause and the remedy.
        EnvironmentProblem: the cache cannot be written.
    """
    store = import_texts(path, options, cache, narrate)
    return EditedDataset(path.name, store.classes, store.fingerprint, lambda: store.splits, store.edited)


def import_texts(path: Path, options: ImportOptions, cache: Path, narrate: Narrate) -> TextStore:
    """The stored texts of a path; the cache keeps them while the files stay the same. Raises as `open_user_dataset`."""

    built = False

    def build(temporary: Path) -> None:
        nonlocal built
        built = True
        with TextWriter(temporary, str(path), to_train=options.to_train, edits=options.edits) as writer:
            _import(writer, path, options, partial(hold_out_hashed, share=options.validation), narrate)
            _report(writer, path, narrate)

    store = open_or_build(cache / f"texts-{_key(path, options)[:32]}", open_text_store, build, CONTENT, narrate)
    if not built:  # the notes about the files are repeated each time
        for note in store.notes:
            narrate(note)
    return store


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
    labels = [label for label in writer.labels if label != UNLABELLED]
    classes = f"of {counted(len(labels), 'class', 'classes')}" if labels else "without labels"
    narrate(f"Imported {counted(len(writer), 'text')} {classes} from {path.name}.")
    for note in writer.notes:
        narrate(note)


def _key(path: Path, options: ImportOptions) -> str:
    """A key that changes with the names, the times and the content of the files, and with the options.

    Of a large file, and of a folder of many files, a part of the content is read (see `sampled_sha256`,
    `MOST_HASHED_FILES`); the time of change of the status, which no program can set, shows the other changes.
    """
    listing, skips = hashlib.sha256(), SkipCount()
    files = list(files_below(path, skips)) if path.is_dir() else [path]
    hashed = set(evenly_spaced(len(files), MOST_HASHED_FILES))
    for index, file in enumerate(files):
        with read_errors(file):
            status = file.stat()
        content = ""
        if index in hashed:
            with suppress(OSError):  # the import names a file that it needs and that cannot be read
                content = sampled_sha256(file)
        times = f"{status.st_size}\0{status.st_mtime_ns}\0{status.st_ctime_ns}"
        listing.update(f"{file}\0{times}\0{content}\0".encode("utf-8", "surrogateescape"))
    options = replace(options, validation=options.validation if options.to_train else VALIDATION_SHARE)
    parts = [FORMAT, RULES, listing.hexdigest(), str(skips), asdict(options)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _import(writer: TextWriter, path: Path, options: ImportOptions, hold_out: HoldOut, narrate: Narrate) -> None:
    """Write the texts of a folder of tables, of a tree or archive of text files, or of one table."""
    others = SkipCount()
    if path.is_dir() and (tables := tables_in(path, others)):
        table_import = TableImport(writer, options, narrate)
        if others.total:
            writer.notes.append(others.sentence(sum(map(len, tables.values())), "file"))
        for split, files in tables.items():
            for file in files:
                table_import.add(file, split)
        writer.finish(hold_out)
    elif path.is_dir() or is_archive(path):
        if options.text_column or options.label_column:
            raise BadInput(
                f"--text-column and --label-column are for tables, and {path} is not a table.",
                hint="Remove the two options.",
            )
        writer.finish(hold_out, _add_tree(writer, path))
    else:
        TableImport(writer, options, narrate).add(path, None)
        writer.finish(hold_out)


def _add_tree(writer: TextWriter, path: Path) -> Arrangement:
    """Write the texts of a tree or archive, and derive their classes and splits."""
    paths: list[PurePosixPath] = []
    for relative, text in text_files(path, writer.skips):
        if not text.strip():
            writer.skips.add("empty file{s}", str(relative))
            continue
        # The label comes from the arrangement.
        writer.add(text, "?", None, str(relative), record=len(paths), own_id=str(relative))
        paths.append(relative)
    return arrange(paths, str(path), writer.skips)
