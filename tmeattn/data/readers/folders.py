"""Trees of text files: one folder a class, optionally below one folder a split; on disk or in an archive."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tmeattn.data.readers.archives import texts_in_archive
from tmeattn.data.readers.columns import SPLIT_NAMES
from tmeattn.data.readers.folder_walk import files_below, is_hidden
from tmeattn.data.readers.skip_count import SkipCount
from tmeattn.data.readers.text_io import read_text
from tmeattn.errors import BadInput

UNLABELLED = "unsup"
"""The folder of the IMDb archive whose reviews have no label."""
ENDING = ".txt"
MOST_ENDING = 20
"""The most characters of the ending of a file in a message."""
NO_CLASS = "file{s} in no folder of a class"
TOO_DEEP = "file{s} in folders below folders"


class Arrangement(NamedTuple):
    """What the paths of text files mean.

    order:  the positions of the files with a class, ordered by split, class and name.
    labels: the class of each of them.   splits: the split of each, or None where no folder names one.
    """

    order: list[int]
    labels: list[str]
    splits: list[str | None]


def text_files(path: Path, skips: SkipCount | None = None) -> Iterator[tuple[PurePosixPath, str]]:
    """The path below the root and the content of each `.txt` file in the folders of a folder or archive.

    skips: counts every other file.

    Raises:
        BadInput: a file or folder cannot be read, a file is not UTF-8, or the archive cannot be read (see
            `texts_in_archive`).
    """
    skips = SkipCount() if skips is None else skips
    yield from _texts_on_disk(path, skips) if path.is_dir() else texts_in_archive(path, skips, why_no_text)


def arrange(paths: Sequence[PurePosixPath], source: str, skips: SkipCount | None = None) -> Arrangement:
    """Derive the class and the split of text files from their paths.

    Leading folders that all paths share are ignored. Numbers in file names are ordered by their value. Files in
    folders below a folder of a class have this class too if the folder also has files directly in it.

    source: names the tree in errors.   skips: counts the files without a class.

    Raises:
        BadInput: the files are not in folders of classes.
    """
    skips = SkipCount() if skips is None else skips
    shared = _shared_folders([path.parts[:-1] for path in paths])
    places = [_split_and_folders(path.parts[shared:-1]) for path in paths]
    classes = {(split, folders[0]) for split, folders in places if len(folders) == 1}
    rows = []
    for index, (path, (split, folders)) in enumerate(zip(paths, places, strict=True)):
        if folders and (split, folders[0]) in classes:
            rows.append((split, folders[0], [_natural_key(part) for part in (*folders[1:], path.name)][::-1], index))
        else:
            skips.add(TOO_DEEP if folders else NO_CLASS, str(path))
    splits = {split for split, *_ in rows}
    if None in splits and len(splits) > 1:
        raise BadInput(
            f"{source} has folders of classes beside folders of splits.",
            hint="Move every class into a folder named train, validation or test, or use no such folders.",
        )
    if not rows:
        there = f" It has {skips}." if skips.total else ""
        raise BadInput(
            f"{source} contains no .txt files in folders of classes.{there}",
            hint="Arrange them as CLASS/*.txt, or as train/CLASS/*.txt and test/CLASS/*.txt.",
        )
    rank = {"train": 0, "validation": 1, "test": 2, None: 0}
    rows.sort(key=lambda row: (rank[row[0]], row[1], row[2]))
    return Arrangement([row[3] for row in rows], [row[1] for row in rows], [row[0] for row in rows])


def why_no_text(path: PurePosixPath) -> str | None:
    """Why the file at a path below the root is no text, as `SkipCount.add` takes it; None where it is one."""
    if any(map(is_hidden, path.parts)):
        return "hidden file{s}"
    if path.suffix.lower() != ENDING:
        ending = path.suffix[:MOST_ENDING]
        return f"file{{s}} with the ending {ending}" if ending else "file{s} without an ending"
    if len(path.parts) == 1:
        return NO_CLASS
    return f"file{{s}} without a label, in {UNLABELLED}" if UNLABELLED in path.parts else None


def has_classes(root: Path) -> bool:
    """Whether a folder has texts in folders of two classes or more."""
    relative = [PurePosixPath(path.relative_to(root).as_posix()) for path in files_below(root)]
    try:
        return len(set(arrange([path for path in relative if why_no_text(path) is None], str(root)).labels)) > 1
    except BadInput:
        return False


def _texts_on_disk(root: Path, skips: SkipCount) -> Iterator[tuple[PurePosixPath, str]]:
    for path in files_below(root, skips):
        relative = PurePosixPath(path.relative_to(root).as_posix())
        if (reason := why_no_text(relative)) is not None:
            skips.add(reason, str(relative))
            continue
        yield relative, read_text(path)


def _split_and_folders(folders: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    split = SPLIT_NAMES.get(folders[0].lower()) if folders else None
    return split, folders[1:] if split else folders


def _shared_folders(folders: Sequence[tuple[str, ...]]) -> int:
    """The number of leading folders that all files share, without the folder of a class or of a split."""
    if not folders:
        return 0
    first, last = min(folders), max(folders)  # all share what the first and the last share
    shared = [a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))]
    count = min(len(shared), min(map(len, folders)) - 1)
    while count > 0 and any(part.lower() in SPLIT_NAMES for part in shared[:count]):
        count -= 1
    return max(count, 0)


def _natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Orders digits by their value, of which the number of digits without leading zeros comes first."""
    return tuple(
        (len(part.lstrip("0")), part.lstrip("0")) if part.isdigit() else (-1, part)
        for part in re.findall(r"[0-9]+|[^0-9]+", name)
    )
