"""Writes labelled texts of any source to disk, as `text_store` opens them, and divides them into splits.

Shapes: N texts.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tmeattn.data.cache import file_checks, save_array, write_manifest
from tmeattn.data.holdout import hash_array, text_digest
from tmeattn.data.label_edits import NO_EDITS, LabelEdits
from tmeattn.data.readers.label_warnings import label_warnings
from tmeattn.data.readers.skip_count import SkipCount
from tmeattn.data.readers.text_kinds import TextKinds
from tmeattn.data.readers.text_rows import TextRows, check_splits, spans, with_validation
from tmeattn.data.readers.text_store import CONTENT, FORMAT, IDS, MANIFEST, SPLITS, TEXTS, UNLABELLED, TextManifest
from tmeattn.errors import BadInput, shortened
from tmeattn.files import disk_error, disk_errors
from tmeattn.limits import TEXT

if TYPE_CHECKING:
    from pathlib import Path

    from tmeattn.data.readers.folders import Arrangement
    from tmeattn.data.readers.text_rows import HoldOut
    from tmeattn.runs.run_files import LabelRecord

MOST_CLASSES = 1000
LONGEST_LABEL = 1000
"""Characters of the longest label."""
NO_LABEL = "-1"


class TextWriter:
    """Writes texts one by one, with about 40 bytes of memory a text, then their splits.

    Use it as a context manager: `add` every text, then `finish`.

    source: names the files of the user in errors.
    to_train: False: texts that are only measured need no labels, no second class and no validation part.
    edits:  the labels that are left out or merged.
    labels: the classes so far, with the order of their first occurrence.
    skips:  the rows or files that are left out.
    notes:  sentences for the user, such as warnings about the labels; stored, and complete after `finish`.
    edited: what `edits` have done, after `finish`.
    """

    def __init__(self, folder: Path, source: str, *, to_train: bool = True, edits: LabelEdits = NO_EDITS) -> None:
        self.folder, self.source, self.to_train, self.edits = folder, source, to_train, edits
        self.labels: dict[str, int] = {}
        self._lengths, self._labels, self._splits = array("q"), array("i"), array("b")
        self._records, self._id_lengths, self._any_id = array("q"), array("q"), False
        self._digests, self._kinds = bytearray(), TextKinds()
        self._kept: int | None = None
        self._label_length = 0
        self.skips, self.notes = SkipCount(), list[str]()
        self.edited: LabelRecord | None = None

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
            if self.to_train:
                self._kinds.add(text, data, where)
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
            UnknownName: an edit names a label that no text has.
            BadInput: there is no text, one class or too many, or a class without training texts.
            EnvironmentProblem: the cache cannot be written.
        """
        with disk_errors(CONTENT, self.folder.parent):
            self._file.flush()
        rows = self._arranged(arrangement)
        rows = rows[~self._unlabelled_tests(rows)]
        read = len(rows)
        rows = self._edited(rows)
        self._kept = len(rows)
        classes = self._sorted_classes(len(rows))
        label_of = np.empty(max(self.labels.values(), default=-1) + 1, dtype=np.int64)
        label_of[[self.labels[name] for name in classes]] = np.arange(len(classes))
        rows = replace(rows, labels_N=label_of[rows.labels_N])
        if self.to_train:
            rows = replace(rows, splits_N=with_validation(rows.splits_N, rows.labels_N, rows.hashes_N, hold_out))
            check_splits(self.source, rows.splits_N, rows.labels_N, classes)
            self._warn(rows, classes)
        if self.skips.total:
            self.notes.append(self.skips.sentence(read, "row" if arrangement is None else "file"))
        self._write(classes, rows)

    def _arranged(self, arrangement: Arrangement | None) -> TextRows:
        """The texts in their order, with the codes of their labels."""
        rows = TextRows(
            spans(self._lengths),
            hash_array(bytes(self._digests)),
            np.frombuffer(self._labels, dtype=np.int32),
            np.frombuffer(self._splits, dtype=np.int8),
            np.frombuffer(self._records, dtype=np.int64),
            spans(self._id_lengths),
            np.arange(len(self._lengths)),
        )
        if arrangement is None:
            return rows
        order, labels, splits = arrangement
        self.labels = {label: code for code, label in enumerate(dict.fromkeys(labels))}
        return replace(
            rows[order],
            labels_N=np.array([self.labels[label] for label in labels], dtype=np.int32),
            splits_N=np.array([SPLITS.index(split or "train") for split in splits], dtype=np.int8),
        )

    def _unlabelled_tests(self, rows: TextRows) -> np.ndarray:
        """The test texts without a label, (N,) bool: published test splits have the label -1 for all texts."""
        unlabelled_N: np.ndarray = rows.labels_N == self.labels.get(NO_LABEL, -1)
        is_test_N = rows.splits_N == SPLITS.index("test")
        if not self.to_train or not unlabelled_N.any() or not np.array_equal(unlabelled_N, is_test_N):
            return np.zeros(len(rows), dtype=bool)
        del self.labels[NO_LABEL]
        reason = f"test row{{s}} with the label {NO_LABEL}, which stands for none"
        self.skips.add(reason, "the first test text", int(unlabelled_N.sum()))
        return unlabelled_N

    def _edited(self, rows: TextRows) -> TextRows:
        """The texts that `--drop-label` leaves, with the codes of the classes after `--merge-labels`."""
        if not self.edits or not len(rows):
            return rows
        names = {code: label for label, code in self.labels.items()}
        counts_L = np.bincount(rows.labels_N).tolist()
        edited = self.edits.resolve({names[code]: count for code, count in enumerate(counts_L) if count})
        self.notes += edited.notes()
        self.edited = edited.record()
        new_L = np.full(len(counts_L), -1, dtype=np.int32)
        for label, code in edited.codes().items():
            new_L[self.labels[label]] = code
        self.labels = {name: code for code, name in enumerate(edited.class_counts())}
        rows = replace(rows, labels_N=new_L[rows.labels_N])
        return rows[rows.labels_N >= 0]

    def _warn(self, rows: TextRows, classes: list[str]) -> None:
        """Note what is unusual about labels and texts."""
        learned = rows[rows.splits_N != SPLITS.index("test")]
        all_C, learned_C = (np.bincount(each.labels_N, minlength=len(classes)).tolist() for each in (rows, learned))
        self.notes += label_warnings(dict(zip(classes, all_C, strict=True)), dict(zip(classes, learned_C, strict=True)))
        spans_N2 = spans(self._lengths)
        with (self.folder / TEXTS).open("rb") as file:

            def text_of(number: int) -> str:
                start, end = spans_N2[number].tolist()
                file.seek(start)
                return file.read(end - start).decode("utf-8", "surrogatepass")

            self.notes += self._kinds.warnings(learned.numbers_N, learned.labels_N, classes, text_of)

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

    def _write(self, classes: list[str], rows: TextRows) -> None:
        with disk_errors(CONTENT, self.folder.parent):
            self._file.close()
            self._ids.close()
            if not self._any_id:
                (self.folder / IDS).unlink()
            content = hashlib.sha256(json.dumps(classes).encode())
            present = [name for code, name in enumerate(SPLITS) if (rows.splits_N == code).any()]
            for name in present:
                split = rows[rows.splits_N == SPLITS.index(name)]
                save_array(self.folder / f"{name}.spans.npy", split.spans_N2)
                save_array(self.folder / f"{name}.labels.npy", split.labels_N)
                save_array(self.folder / f"{name}.records.npy", split.records_N)
                if self._any_id:
                    save_array(self.folder / f"{name}.ids.npy", split.ids_N2)
                # The positions of the texts in the file are not part of the fingerprint.
                content.update(split.labels_N.astype("<i8").tobytes())
                content.update(split.hashes_N.astype("<u8").tobytes())
            manifest = TextManifest(
                format=FORMAT,
                classes=classes,
                fingerprint=content.hexdigest(),
                splits=present,
                notes=self.notes,
                edited=self.edited,
                **file_checks(self.folder),
            )
            write_manifest(self.folder / MANIFEST, manifest)
