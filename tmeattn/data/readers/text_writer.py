"""Writes labelled texts of any source to disk, as `text_store` opens them, and divides them into splits.

Shapes: N texts.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from tmeattn.data.cache import file_checks, save_array, write_manifest
from tmeattn.data.holdout import hash_array, text_digest
from tmeattn.data.readers.label_warnings import alike, label_warnings, numbers_of_rows
from tmeattn.data.readers.skip_count import SkipCount
from tmeattn.data.readers.text_store import CONTENT, FORMAT, IDS, MANIFEST, SPLITS, TEXTS, UNLABELLED, TextManifest
from tmeattn.errors import BadInput, shortened
from tmeattn.files import disk_error, disk_errors
from tmeattn.limits import TEXT
from tmeattn.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tmeattn.data.readers.folders import Arrangement

    HoldOut = Callable[[np.ndarray, np.ndarray], np.ndarray]
    """Called with hashes_N and labels_N of the training texts; returns which go to validation, (N,) bool."""

MOST_CLASSES = 1000
LONGEST_LABEL = 1000
"""Characters of the longest label."""
NO_LABEL = "-1"


class TextWriter:
    """Writes texts one by one, with about 40 bytes of memory a text, then their splits.

    Use it as a context manager: `add` every text, then `finish`.

    source: names the files of the user in errors.
    to_train: False: texts that are only measured need no labels, no second class and no validation part.
    labels: the classes so far, with the order of their first occurrence.
    skips:  the rows or files that are left out.
    notes:  sentences for the user, such as warnings about the labels; stored, and complete after `finish`.
    """

    def __init__(self, folder: Path, source: str, *, to_train: bool = True) -> None:
        self.folder, self.source, self.to_train = folder, source, to_train
        self.labels: dict[str, int] = {}
        self._lengths, self._labels, self._splits = array("q"), array("i"), array("b")
        self._records, self._id_lengths, self._any_id = array("q"), array("q"), False
        self._digests = bytearray()
        self._kept: int | None = None
        self._label_length = 0
        self.skips, self.notes = SkipCount(), list[str]()

    def __enter__(self) -> TextWriter:
        with disk_errors(CONTENT, self.folder.parent):
            self._file = (self.folder / TEXTS).open("wb", buffering=2**20)
            self._ids = (self.folder / IDS).open("wb", buffering=2**16)
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._file, self._ids):
            with suppress(OSError):  # after a full disk, closing fails again
                file.close()

    def __len__(self) -> int:
        """The number of texts kept so far."""
        return len(self._lengths) if self._kept is None else self._kept

    def add(
        self,
        text: str | None,
        label: str | None,
        split: str | None,
        where: str,
        *,
        record: int = 0,
        own_id: str | None = None,
    ) -> None:
        """Write one text. A row without a text is skipped and counted, and to train also one without a label.

        split: None for training, or for texts that `finish` arranges.   where: names the row in the count.
        record: the number of the text in its source.   own_id: the id that the user gave it.
        """
        if text is None or text.isspace() or not text:
            self.skips.add("row{s} without a text", where)
        elif not label and self.to_train:
            self.skips.add("row{s} without a label", where)
        else:
            label = label or UNLABELLED
            data = text.encode("utf-8", "surrogatepass")
            id_data = (own_id or "").encode("utf-8", "surrogatepass")
            if len(data) > 4 * TEXT.value:  # a character has at most four bytes
                raise TEXT.refusal(f"{self.source}, {where}: the text is longer than")
            try:
                self._file.write(data)
                self._ids.write(id_data)
            except OSError as error:
                raise disk_error(CONTENT, self.folder.parent, error) from error
            self._digests += text_digest(data)
            self._lengths.append(len(data))
            self._records.append(record)
            self._id_lengths.append(len(id_data))
            self._any_id |= own_id is not None
            self._labels.append(self.labels[label] if label in self.labels else self._new_label(label, where))
            self._splits.append(SPLITS.index(split or "train"))

    def _new_label(self, label: str, where: str) -> int:
        """The code of a class; all names of classes together are held in memory, so their length is bounded.

        Raises:
            BadInput: the name is too long for one, or all are.
        """
        if len(label) > LONGEST_LABEL:
            raise BadInput(
                f"{self.source}, {where}: the label {shortened(label)!r} has {len(label):,} characters, more than "
                f"{LONGEST_LABEL:,}.",
                hint="Name the column of the classes with --label-column.",
            )
        self._label_length += len(label)
        if self._label_length > TEXT.value:
            raise BadInput(
                f"{self.source} has more than {len(self.labels):,} different labels, of more than {TEXT.number:,} "
                f"{TEXT.unit}; the most are {MOST_CLASSES:,} labels.",
                hint="Name the column of the classes with --label-column.",
            )
        return self.labels.setdefault(label, len(self.labels))

    def finish(self, hold_out: HoldOut, arrangement: Arrangement | None = None) -> None:
        """Order the classes, hold out validation texts where the source has none, and write the arrays.

        arrangement: the order, labels and splits of the texts, for a source where all paths must be known first.

        Raises:
            BadInput: there is no text, one class or too many, or a class without training texts.
            EnvironmentProblem: the cache cannot be written.
        """
        with disk_errors(CONTENT, self.folder.parent):
            self._file.flush()
        spans_N2, ids_N2 = _spans(self._lengths), _spans(self._id_lengths)
        records_N = np.frombuffer(self._records, dtype=np.int64)
        hashes_N = hash_array(bytes(self._digests))
        added_as_N = np.frombuffer(self._labels, dtype=np.int32)
        splits_N = np.frombuffer(self._splits, dtype=np.int8)
        if arrangement is not None:
            order, labels, splits = arrangement
            self._kept = len(order)
            self.labels = {label: code for code, label in enumerate(dict.fromkeys(labels))}
            spans_N2, hashes_N, records_N, ids_N2 = (each[order] for each in (spans_N2, hashes_N, records_N, ids_N2))
            added_as_N = np.array([self.labels[label] for label in labels], dtype=np.int32)
            splits_N = np.array([SPLITS.index(split or "train") for split in splits], dtype=np.int8)
        if (unlabelled_N := self._unlabelled_tests(added_as_N, splits_N)).any():
            kept_N = ~unlabelled_N
            spans_N2, hashes_N, added_as_N, splits_N, records_N, ids_N2 = (
                array_N[kept_N] for array_N in (spans_N2, hashes_N, added_as_N, splits_N, records_N, ids_N2)
            )
            self._kept = len(added_as_N)
        classes = self._sorted_classes(len(added_as_N))
        label_of = np.empty(max(self.labels.values(), default=-1) + 1, dtype=np.int64)
        label_of[[self.labels[name] for name in classes]] = np.arange(len(classes))
        labels_N = label_of[added_as_N]
        if self.to_train:
            splits_N = _with_validation(splits_N, labels_N, hashes_N, hold_out)
            self._check(splits_N, labels_N, classes)
            self.notes += label_warnings(classes, len(labels_N))
        if self.skips.total:
            self.notes.append(self.skips.sentence(len(labels_N), "row" if arrangement is None else "file"))
        self._write(classes, splits_N, labels_N, spans_N2, hashes_N, records_N, ids_N2)

    def _unlabelled_tests(self, added_as_N: np.ndarray, splits_N: np.ndarray) -> np.ndarray:
        """The test texts without a label, (N,) bool: published test splits have the label -1 for all texts."""
        unlabelled_N: np.ndarray = added_as_N == self.labels.get(NO_LABEL, -1)
        is_test_N = splits_N == SPLITS.index("test")
        if not self.to_train or not unlabelled_N.any() or not np.array_equal(unlabelled_N, is_test_N):
            return np.zeros(len(splits_N), dtype=bool)
        del self.labels[NO_LABEL]
        reason = f"test row{{s}} with the label {NO_LABEL}, which stands for none"
        self.skips.add(reason, "the first test text", int(unlabelled_N.sum()))
        return unlabelled_N

    def _sorted_classes(self, texts: int) -> list[str]:
        """The names of the classes, ordered as numbers where all are numbers, else by the alphabet."""
        names = list(self.labels)
        if not texts:
            skipped = f": it has {self.skips}" if self.skips.total else ""
            raise BadInput(
                f"{self.source} contains no text with a label{skipped}.",
                hint="Each row needs a text and a label.",
            )
        if len(names) == 1 and self.to_train:
            raise BadInput(
                f"{self.source}: all texts have the label {names[0]!r}, so a model cannot learn anything."
                + (f" Skipped: {self.skips}." if self.skips.total else ""),
                hint="Give texts of two classes or more.",
            )
        if len(names) > MOST_CLASSES:
            raise BadInput(
                f"{self.source} has {len(names):,} different labels in {texts:,} rows; the most are {MOST_CLASSES:,}.",
                hint="Name the column of the classes with --label-column.",
            )
        try:
            return sorted(names, key=float)  # the label of texts without one is no number
        except ValueError:
            return sorted(names)

    def _check(self, splits_N: np.ndarray, labels_N: np.ndarray, classes: list[str]) -> None:
        if not (splits_N == 0).any():
            raise BadInput(f"{self.source} has no training texts.", hint="Add texts to the training split.")
        if not (splits_N == 1).any():
            if numbers_of_rows(len(classes), len(labels_N)):
                raise BadInput(
                    f"{self.source} has {len(classes):,} different labels in {len(labels_N):,} rows: they look like "
                    "numbers of rows, not classes.",
                    hint="Name the column of the classes with --label-column.",
                )
            raise BadInput(
                f"{self.source} has {counted(len(splits_N), 'text, which is', 'texts, which are')} too few for a "
                "validation split.",
                hint="Give more texts, a larger --validation, or a validation split of your own.",
            )
        train_counts = np.bincount(labels_N[splits_N == 0], minlength=len(classes))
        for code, split in enumerate(SPLITS[1:], start=1):
            counts = np.bincount(labels_N[splits_N == code], minlength=len(classes))
            if (untrained := np.flatnonzero((counts > 0) & (train_counts == 0))).size:
                label = untrained[0]
                similar = "".join(f" {warning}" for warning in alike(classes))
                raise BadInput(
                    f"{self.source}: {counted(counts[label], f'{split} text has', f'{split} texts have')} the label "
                    f"{classes[label]!r}, but no training text has it.{similar}",
                    hint="Add training texts of that class, or remove those texts.",
                )

    def _write(
        self,
        classes: list[str],
        splits_N: np.ndarray,
        labels_N: np.ndarray,
        spans_N2: np.ndarray,
        hashes_N: np.ndarray,
        records_N: np.ndarray,
        ids_N2: np.ndarray,
    ) -> None:
        with disk_errors(CONTENT, self.folder.parent):
            self._file.close()
            self._ids.close()
            if not self._any_id:
                (self.folder / IDS).unlink()
            content = hashlib.sha256(json.dumps(classes).encode())
            present = [name for code, name in enumerate(SPLITS) if (splits_N == code).any()]
            for name in present:
                rows = splits_N == SPLITS.index(name)
                save_array(self.folder / f"{name}.spans.npy", spans_N2[rows])
                save_array(self.folder / f"{name}.labels.npy", labels_N[rows])
                save_array(self.folder / f"{name}.records.npy", records_N[rows])
                if self._any_id:
                    save_array(self.folder / f"{name}.ids.npy", ids_N2[rows])
                # The positions of the texts in the file are not part of the fingerprint.
                content.update(labels_N[rows].astype("<i8").tobytes())
                content.update(hashes_N[rows].astype("<u8").tobytes())
            manifest = TextManifest(
                format=FORMAT,
                classes=classes,
                fingerprint=content.hexdigest(),
                splits=present,
                notes=self.notes,
                **file_checks(self.folder),
            )
            write_manifest(self.folder / MANIFEST, manifest)


def _spans(lengths: array[int]) -> np.ndarray:
    """(N, 2) int64: where each of N pieces of these lengths begins and ends in one after the other."""
    lengths_N = np.frombuffer(lengths, dtype=np.int64)
    ends_N = np.cumsum(lengths_N)
    return np.stack([ends_N - lengths_N, ends_N], axis=1).reshape(-1, 2)


def _with_validation(splits_N: np.ndarray, labels_N: np.ndarray, hashes_N: np.ndarray, hold_out: HoldOut) -> np.ndarray:
    """The split of each text, with validation texts held out of training where there are none."""
    if (splits_N == SPLITS.index("validation")).any():
        return splits_N
    train = np.flatnonzero(splits_N == SPLITS.index("train"))
    splits_N = splits_N.copy()
    splits_N[train[hold_out(hashes_N[train], labels_N[train])]] = SPLITS.index("validation")
    return splits_N
