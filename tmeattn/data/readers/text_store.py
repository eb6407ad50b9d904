"""Imported texts on disk: never parsed again, never held in memory as a whole. `text_writer` writes them.

texts.bin           all texts in UTF-8 (lone surrogates survive), concatenated
SPLIT.spans.npy     (N, 2) int64, the first byte of each text in texts.bin and the byte after its last
SPLIT.labels.npy    (N,) int64, indices into the classes
SPLIT.records.npy   (N,) int64, the number of each text in its source; absent in old files
ids.bin, SPLIT.ids.npy    the user's own ids of the texts, stored as the texts are; absent where there are none
texts.json          classes, fingerprint, splits, sizes and checksums of the files: written last
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NotRequired, overload

import numpy as np

from tmeattn.data.cache import DAMAGE, FileChecks, load_array, read_manifest
from tmeattn.runs.run_files import LabelRecord
from tmeattn.specs import Split

FORMAT = 1
TEXTS, IDS, MANIFEST = "texts.bin", "ids.bin", "texts.json"
UNLABELLED = ""
"""The only class of texts without labels."""
CONTENT = "the imported texts"
SPLITS = ("train", "validation", "test")


class TextManifest(FileChecks):
    """`texts.json`. `notes`: notes about the source for the user; `edited`: see `TextStore`. Both are absent in old
    files."""

    format: int
    classes: list[str]
    fingerprint: str
    splits: list[str]
    notes: NotRequired[list[str]]
    edited: NotRequired[LabelRecord | None]


class StoredTexts(Sequence[str]):
    """The texts of one split, read from disk at each access; several threads may share it."""

    def __init__(self, path: Path, spans_N2: np.ndarray) -> None:
        self._path, self._spans = path, spans_N2
        self._file: BinaryIO | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._spans)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._read(*span) for span in self._spans[index].tolist()]
        return self._read(*self._spans[index].tolist())

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), 2**12):
            yield from self[start : start + 2**12]

    def _read(self, start: int, end: int) -> str:
        with self._lock:  # all threads share the position in the file
            if self._file is None:
                self._file = self._path.open("rb")
            self._file.seek(start)
            data = self._file.read(end - start)
        return data.decode("utf-8", "surrogatepass")


@dataclass(frozen=True, eq=False)
class TextStore:
    """Imported texts, opened without reading them.

    fingerprint: SHA-256 of texts, labels, classes and splits.
    notes:       sentences about how the files were read, such as the number of skipped rows.
    records:     by split, the number of each text in its source, (N,) int64: a line, a row or, in a folder, a file.
    ids:         by split, the user's own ids of the texts, of a folder the paths; empty where there are none.
    edited:      the labels that were left out or merged; None where the user edits none.
    """

    classes: tuple[str, ...]
    fingerprint: str
    splits: dict[str, Split]
    notes: tuple[str, ...] = ()
    records: dict[str, np.ndarray] = field(default_factory=dict)
    ids: dict[str, Sequence[str]] = field(default_factory=dict)
    edited: LabelRecord | None = None


def open_text_store(folder: Path) -> TextStore | None:
    """Open the texts in this folder; None where they are missing or damaged."""
    try:
        manifest: TextManifest = read_manifest(folder / MANIFEST, FORMAT)
        splits = {
            name: Split(
                StoredTexts(folder / TEXTS, load_array(folder / f"{name}.spans.npy")),
                load_array(folder / f"{name}.labels.npy"),
            )
            for name in manifest["splits"]
        }
        notes = tuple(map(str, manifest.get("notes", ())))
        records = {
            name: load_array(path)
            for name in manifest["splits"]
            if (path := folder / f"{name}.records.npy").name in manifest["sizes"]
        }
        ids: dict[str, Sequence[str]] = {
            name: StoredTexts(folder / IDS, load_array(path))
            for name in manifest["splits"]
            if (path := folder / f"{name}.ids.npy").name in manifest["sizes"]
        }
        return TextStore(
            tuple(manifest["classes"]), manifest["fingerprint"], splits, notes, records, ids, manifest.get("edited")
        )
    except DAMAGE:
        return None
