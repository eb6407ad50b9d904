"""Texts on disk: what a labelled file of any kind becomes once, so that it is never parsed again nor held in memory.

texts.bin           all texts in UTF-8 (lone surrogates survive), one after the other
SPLIT.spans.npy     (N, 2) int64, where each text begins and ends in texts.bin
SPLIT.labels.npy    (N,) int64, indices into the classes
SPLIT.hashes.npy    (N,) uint64, equal for equal texts
texts.json          classes, fingerprint, what was passed over, and the sizes of the files: written last
"""

from __future__ import annotations

import hashlib
import json
import threading
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from tmeattn.data.cache import load_array, writing
from tmeattn.errors import BadInput
from tmeattn.specs import Split

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = 1
SPLITS = ("train", "validation", "test")
MOST_CLASSES = 1000
WHAT = "The imported texts"


class StoredTexts(Sequence[str]):
    """The texts of one split, read from disk when asked for."""

    def __init__(self, path: Path, spans_N2: np.ndarray) -> None:
        self._path, self._spans = path, spans_N2
        self._file: Any = None
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
        with self._lock:  # one position for all
            if self._file is None:
                self._file = self._path.open("rb")
            self._file.seek(start)
            data: bytes = self._file.read(end - start)
        return data.decode("utf-8", "surrogatepass")


@dataclass(frozen=True, eq=False)
class TextStore:
    """Imported texts, opened without reading them.

    fingerprint: SHA-256 of texts, labels, classes and splits.
    passed_over: rows without a text or label: how many, and the first of them.
    hashes:      per split, (N,) uint64.
    """

    classes: tuple[str, ...]
    fingerprint: str
    splits: dict[str, Split]
    hashes: dict[str, np.ndarray]
    passed_over: str


def open_texts(folder: Path) -> TextStore | None:
    """The texts in this folder; None where they are missing or damaged."""
    try:
        about = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            return None
        if any((folder / name).stat().st_size != size for name, size in about["sizes"].items()):
            return None
        arrays = {
            name: [load_array(folder / f"{name}.{part}.npy") for part in ("spans", "labels", "hashes")]
            for name in about["splits"]
        }
        return TextStore(
            tuple(about["classes"]),
            about["fingerprint"],
            {
                name: Split(StoredTexts(folder / "texts.bin", spans), labels)
                for name, (spans, labels, _) in arrays.items()
            },
            {name: hashes for name, (_, _, hashes) in arrays.items()},
            about["passed_over"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


class TextWriter:
    """Writes texts as they come, about 25 bytes of memory each; then the splits.

    Use as a context manager, `add` every text, then `finish`.
    """

    def __init__(self, folder: Path, source: str) -> None:
        self.folder, self.source = folder, source
        self.labels: dict[str, int] = {}
        self._lengths, self._label_of, self._split_of = array("q"), array("i"), array("b")
        self._hashes = bytearray()
        self._kept: int | None = None
        self._wanting: dict[str, tuple[int, str]] = {}

    def __enter__(self) -> TextWriter:
        with writing(WHAT, self.folder.parent):
            self._file = (self.folder / "texts.bin").open("wb", buffering=2**20)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        """Texts kept so far."""
        return len(self._lengths) if self._kept is None else self._kept

    def add(self, text: str | None, label: str | None, split: str | None, where: str) -> None:
        """Keep one text. A row that lacks its text or its label is passed over, and counted."""
        if text is None or text.isspace() or not text:
            self._pass_over("text", where)
        elif label is None or not label:
            self._pass_over("label", where)
        else:
            data = text.encode("utf-8", "surrogatepass")
            self._file.write(data)
            self._hashes += hashlib.blake2b(data, digest_size=8).digest()
            self._lengths.append(len(data))
            self._label_of.append(self.labels.setdefault(label, len(self.labels)))
            self._split_of.append(SPLITS.index(split or "train"))

    def _pass_over(self, lacking: str, where: str) -> None:
        number, first = self._wanting.get(lacking, (0, where))
        self._wanting[lacking] = number + 1, first

    def said_of_passed_over(self) -> str:
        """ "12 rows without a text (first: line 17)"; empty where there is none."""
        return " and ".join(
            f"{number:,} row{'s' if number > 1 else ''} without a {lacking} (first: {first})"
            for lacking, (number, first) in self._wanting.items()
        )

    def finish(
        self,
        hold_out: Callable[[np.ndarray, np.ndarray], np.ndarray],
        *,
        order: Sequence[int] | None = None,
        labels: Sequence[str | None] | None = None,
        splits: Sequence[str | None] | None = None,
    ) -> None:
        """Order the classes, hold out validation texts where the source has none, and write the arrays.

        hold_out: called with hashes_N and labels_N of the training texts; says which go to validation, (N,) bool.
        order, labels, splits: for a source whose files' names must all be known first: the texts to keep, in order,
        and what each belongs to.

        Raises:
            BadInput: no text, one class or too many, a class that training lacks.
            EnvironmentProblem: the cache cannot be written.
        """
        with writing(WHAT, self.folder.parent):
            self._file.flush()
        lengths = np.frombuffer(self._lengths, dtype=np.int64)
        spans = np.stack([np.cumsum(lengths) - lengths, np.cumsum(lengths)], axis=1).reshape(-1, 2)
        hashes = np.frombuffer(bytes(self._hashes), dtype="<u8").astype(np.uint64)
        label_of, split_of = np.frombuffer(self._label_of, dtype=np.int32), np.frombuffer(self._split_of, dtype=np.int8)
        if order is not None and labels is not None and splits is not None:
            self._kept = len(order)
            self.labels = {label: code for code, label in enumerate(dict.fromkeys(filter(None, labels)))}
            spans, hashes = spans[list(order)], hashes[list(order)]
            label_of = np.array([self.labels[label or ""] for label in labels], dtype=np.int32)
            split_of = np.array([SPLITS.index(split or "train") for split in splits], dtype=np.int8)
        classes = self._classes(len(label_of))
        code_of = np.empty(len(classes), dtype=np.int64)
        code_of[[self.labels[name] for name in classes]] = np.arange(len(classes))
        of_class = code_of[label_of]
        split_of = self._held_out(split_of, of_class, hashes, hold_out)
        self._check(split_of, of_class, classes)
        self._write(classes, split_of, of_class, spans, hashes)

    def _classes(self, rows: int) -> list[str]:
        """Class names, as numbers where all are, else by the alphabet."""
        found = list(self.labels)
        passed = self.said_of_passed_over()
        if not rows:
            raise BadInput(f"{self.source} holds no labelled text" + (f": {passed}." if passed else "."))
        if len(found) == 1:
            raise BadInput(f"{self.source}: all texts have the label {found[0]!r}, so nothing can be learned.")
        if len(found) > MOST_CLASSES:
            raise BadInput(
                f"{self.source} has {len(found):,} different labels in {rows:,} rows; a classifier takes up to "
                f"{MOST_CLASSES:,}.",
                hint="Name the column of the classes with --label-column.",
            )
        try:
            return sorted(found, key=float)
        except ValueError:
            return sorted(found)

    def _held_out(
        self,
        split_of: np.ndarray,
        label_of: np.ndarray,
        hashes: np.ndarray,
        hold_out: Callable[[np.ndarray, np.ndarray], np.ndarray],
    ) -> np.ndarray:
        if (split_of == SPLITS.index("validation")).any():
            return split_of
        train = np.flatnonzero(split_of == SPLITS.index("train"))
        split_of = split_of.copy()
        split_of[train[hold_out(hashes[train], label_of[train])]] = SPLITS.index("validation")
        return split_of

    def _check(self, split_of: np.ndarray, label_of: np.ndarray, classes: list[str]) -> None:
        for code, name in enumerate(SPLITS[:2]):
            if not (split_of == code).any():
                raise BadInput(
                    f"{self.source} has {len(split_of):,} texts, too few for a {name} split."
                    if name == "validation"
                    else f"{self.source} has no texts to train on.",
                    hint="Give more texts, a larger --validation, or validation texts of your own.",
                )
        trained = np.bincount(label_of[split_of == 0], minlength=len(classes))
        for code, name in enumerate(SPLITS[1:], start=1):
            counts = np.bincount(label_of[split_of == code], minlength=len(classes))
            if (lost := np.flatnonzero((counts > 0) & (trained == 0))).size:
                raise BadInput(
                    f"{self.source}: the label {classes[lost[0]]!r} stands in {counts[lost[0]]:,} {name} texts and in "
                    "no training text.",
                    hint="Add training texts of that class, or take those away.",
                )

    def _write(
        self,
        classes: list[str],
        split_of: np.ndarray,
        label_of: np.ndarray,
        spans: np.ndarray,
        hashes: np.ndarray,
    ) -> None:
        with writing(WHAT, self.folder.parent):
            self._file.close()
            content = hashlib.sha256(json.dumps(classes).encode())
            present = [name for code, name in enumerate(SPLITS) if (split_of == code).any()]
            for name in present:
                rows = split_of == SPLITS.index(name)
                for part, values in (("spans", spans), ("labels", label_of), ("hashes", hashes)):
                    np.save(self.folder / f"{name}.{part}.npy", values[rows])
                    if part != "spans":  # where the texts stand is no part of what they are
                        content.update(values[rows].astype(f"<{values.dtype.kind}8").tobytes())
            about = {
                "format": FORMAT,
                "classes": classes,
                "fingerprint": content.hexdigest(),
                "splits": present,
                "passed_over": self.said_of_passed_over(),
                "sizes": {path.name: path.stat().st_size for path in sorted(self.folder.iterdir())},
            }
            (self.folder / "texts.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
