"""Trees of text files: one folder a class, optionally below one folder a split; on disk or in an archive."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tmeattn.data.readers.archives import texts_in_archive
from tmeattn.data.readers.text_io import read_errors, read_text
from tmeattn.errors import BadInput

SPLIT_NAMES = {
    "train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
    "dev": "validation", "eval": "validation", "test": "test", "testing": "test",
}  # fmt: skip
"""The split by the name of a folder, of a file or in a split column."""
UNLABELLED = "unsup"
"""The folder of the IMDb archive whose reviews have no label."""


class Arrangement(NamedTuple):
    """What the paths of text files mean.

    order:  the positions of the files with a class, ordered by split, class and name.
    labels: the class of each of them.   splits: the split of each, or None where no folder names one.
    """

    order: list[int]
    labels: list[str]
    splits: list[str | None]


def text_files(path: Path) -> Iterator[tuple[PurePosixPath, str]]:
    """The path below the root and the content of each `.txt` file in the folders of a folder or archive.

    Raises:
        BadInput: a file is not UTF-8, or the archive cannot be read (see `texts_in_archive`).
    """
    yield from _texts_on_disk(path) if path.is_dir() else texts_in_archive(path, is_text)


def arrange(paths: Sequence[PurePosixPath], source: str) -> Arrangement:
    """Derive the class and the split of text files from their paths.

    Leading folders that all paths share are ignored. Numbers in file names are ordered by their value.

    source: names the tree in errors.

    Raises:
        BadInput: the files are not in folders of classes.
    """
    shared = _shared_folders([path.parts[:-1] for path in paths])
    rows = []
    for index, path in enumerate(paths):
        folders = path.parts[shared:-1]
        split = SPLIT_NAMES.get(folders[0].lower()) if folders else None
        label = folders[1:] if split else folders
        if len(label) == 1:
            rows.append((split, label[0], _natural_key(path.name), index))
    splits = {split for split, *_ in rows}
    if None in splits and len(splits) > 1:
        raise BadInput(
            f"{source} has folders of classes beside folders of splits.",
            hint="Move every class into a folder named train, validation or test, or use no such folders.",
        )
    if not rows:
        raise BadInput(
            f"{source} contains no .txt files in folders of classes.",
            hint="Arrange them as CLASS/*.txt, or as train/CLASS/*.txt and test/CLASS/*.txt.",
        )
    rank = {"train": 0, "validation": 1, "test": 2, None: 0}
    rows.sort(key=lambda row: (rank[row[0]], row[1], row[2]))
    return Arrangement([row[3] for row in rows], [row[1] for row in rows], [row[0] for row in rows])


def files_below(root: Path) -> list[Path]:
    """All files below a folder, ordered by folder and name; links to folders are not followed."""
    files = []
    with read_errors(root):
        for folder, folders, names in os.walk(root):
            folders.sort()
            files += [Path(folder, name) for name in sorted(names)]
    return files


def is_text(path: PurePosixPath) -> bool:
    """Whether a path below the root is a `.txt` file in a folder, neither hidden nor without a label."""
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix == ".txt" and len(path.parts) > 1 and UNLABELLED not in path.parts and not hidden


def _texts_on_disk(root: Path) -> Iterator[tuple[PurePosixPath, str]]:
    for path in files_below(root):
        relative = PurePosixPath(path.relative_to(root).as_posix())
        if is_text(relative):
            yield relative, read_text(path)


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
