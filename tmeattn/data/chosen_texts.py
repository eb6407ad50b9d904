"""The texts that a command measures or explains: those of a run's own dataset, or of any other labelled or unlabelled
data. `evaluate`, `mistakes`, `explain --index` and `faithfulness` all take them from here.

Shapes: M texts of the chosen splits, N of them that are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tmeattn.config import TrainOptions
from tmeattn.data.data_options import EVERY_SPLIT, OWN_SPLIT, DataOptions
from tmeattn.data.dataset_warnings import WARNING
from tmeattn.data.encoding.encode import limited_rows
from tmeattn.data.holdout import text_hashes
from tmeattn.data.label_edits import edits_of, merged_labels
from tmeattn.data.label_matching import match_labels
from tmeattn.data.readers.text_store import UNLABELLED
from tmeattn.data.sources import check_unchanged, dataset_of, import_path, label_edits, open_dataset
from tmeattn.data.splits import Joined
from tmeattn.errors import BadInput, TmeattnError, UnknownName, shortened
from tmeattn.foreign import plugin_call
from tmeattn.paths import existing_path
from tmeattn.plurals import counted, plural
from tmeattn.run_config import is_dataset
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import Split

Narrate = Callable[[str], None]
NO_LABEL = "-1"
"""The label of all texts of a published split without labels."""


@dataclass(frozen=True, eq=False)
class ChosenTexts:
    """Texts, and their classes among those of a run.

    dataset:   the name or path of the data.        own: whether it is the data that the run was trained on.
    split:     train, validation, test, or all.
    texts:     the M texts; the index of a text, as `explain --index` takes it, is its position among them.
    rows_N:    the positions of the taken texts, increasing.
    labels_N:  their classes; None for data without labels.
    records_M: the number of each text in its source; None where it is not known.
    ids:       the user's own ids of the M texts; None where there are none.
    limit:     of the run's `--limit`, where only the texts are taken that it keeps.
    notes:     sentences for the user.
    """

    dataset: str
    own: bool
    split: str
    texts: Sequence[str]
    rows_N: np.ndarray
    labels_N: np.ndarray | None
    records_M: np.ndarray | None = None
    ids: Sequence[str] | None = None
    limit: int | None = None
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.rows_N)

    def text(self, at: int) -> str:
        """The text number `at` of those that are taken."""
        return self.texts[int(self.rows_N[at])]

    def taken(self) -> Iterator[str]:
        """The N texts that are taken, in their order.

        Raises:
            BadInput: a plugin's dataset has a text that is not a string.
        """
        whole = len(self) == len(self.texts)
        for row, text in zip(
            self.rows_N.tolist(),
            self.texts if whole else map(self.texts.__getitem__, self.rows_N.tolist()),
            strict=True,
        ):
            if not isinstance(text, str):
                raise BadInput(f"Dataset {self.dataset}, row {row}: the text is {type(text).__name__}, not str.")
            yield text

    def label_at(self, index: int) -> int | None:
        """The class of the text at the position `index`; None where it is not known."""
        at = int(np.searchsorted(self.rows_N, index))
        if self.labels_N is None or at == len(self) or self.rows_N[at] != index:
            return None
        return int(self.labels_N[at])


@dataclass(frozen=True, eq=False)
class _Source:
    """Opened data: its splits by name, their labels as indices into `classes`, and what is known of the texts."""

    name: str
    own: bool
    classes: Sequence[str]
    splits: dict[str, Split]
    records: dict[str, np.ndarray] = field(default_factory=dict)
    ids: dict[str, Sequence[str]] = field(default_factory=dict)


def choose_texts(
    run: RunDirectory,
    options: TrainOptions,
    data: DataOptions,
    narrate: Narrate = lambda line: None,
    *,
    duplicates: bool = True,
) -> ChosenTexts:
    """Open the texts that the options of a command name, and match their labels with the classes of the run.

    options: of the run's training.   duplicates: whether to count the texts that are also training texts of the run.

    Raises:
        UnknownName: there is no such dataset or split, or `--map-label` names what does not exist.
        BadInput: the data cannot be read, the run's own data has changed, or no label matches a class.
        EnvironmentProblem: the data is not installed, or the cache cannot be written.
    """
    source = _open(run, options, data, narrate)
    split = data.split or (OWN_SPLIT if source.own else EVERY_SPLIT)
    if split != EVERY_SPLIT and split not in source.splits:
        if list(source.splits) == ["train"] and not source.own:
            raise BadInput(
                f"{shortened(source.name)} gives its texts no splits, so there is no split {shortened(split)!r}.",
                hint="Leave --split out: all its texts are taken.",
            )
        raise UnknownName("split", split, [*source.splits, EVERY_SPLIT])
    names = list(source.splits) if split == EVERY_SPLIT else [split]
    parts = [source.splits[name] for name in names]
    texts = parts[0].texts if len(parts) == 1 else Joined([part.texts for part in parts])
    labels_M = np.concatenate([np.asarray(part.labels, dtype=np.int64) for part in parts])
    notes = _what_is_taken(source, data, names)
    rows_N, labels_N = np.arange(len(labels_M)), _classes_of(source, labels_M, run, data, notes)
    if labels_N is not None:
        rows_N = np.flatnonzero(labels_N >= 0)
        labels_N = labels_N[rows_N]
    limit = options.limit if data.texts == "sample" else None
    if limit is not None:
        split_name = split if split != EVERY_SPLIT else OWN_SPLIT
        balanced_N = np.zeros(len(rows_N), dtype=np.int64) if labels_N is None else labels_N
        kept = limited_rows(balanced_N, split_name, len(run.data["classes"]), limit)
        rows_N, labels_N = rows_N[kept], None if labels_N is None else labels_N[kept]
    elif options.limit is not None and source.own:
        notes.append(
            f"The run was trained and evaluated with --limit {options.limit}; these figures are of the whole split."
        )
    if duplicates and not source.own:
        notes.append(_shared_texts(run, options, texts, rows_N))
    return ChosenTexts(
        dataset=source.name,
        own=source.own,
        split=split,
        texts=texts,
        rows_N=rows_N,
        labels_N=labels_N,
        records_M=np.concatenate([source.records[name] for name in names]) if source.records else None,
        ids=Joined([source.ids[name] for name in names]) if source.ids else None,
        limit=limit,
        notes=tuple(notes),
    )


def _open(run: RunDirectory, options: TrainOptions, data: DataOptions, narrate: Narrate) -> _Source:
    if data.dataset is None or _is_same_place(data.dataset, options.dataset):
        return _own(run, options, data, narrate)
    if is_dataset(data.dataset) or (path := existing_path(data.dataset)) is None:
        dataset = open_dataset(
            data.dataset, text_column=data.text_column, label_column=data.label_column, narrate=narrate
        )
        if dataset.fingerprint == run.data["fingerprint"]:
            return _own(run, replace_dataset(options, data.dataset), data, narrate)
        with plugin_call(f"Dataset {dataset.name}", "cannot be read"):
            return _Source(data.dataset, False, dataset.classes, dict(dataset.read()))
    if _may_be_a_copy(path, options.dataset):
        copy = replace_dataset(options, str(path))
        try:
            if dataset_of(copy).fingerprint == run.data["fingerprint"]:
                return _own(run, copy, data, narrate)
        except TmeattnError:  # it is not even data to train on
            pass
    store = import_path(path, data, to_train=False, validation=None, narrate=narrate)
    return _Source(str(path), False, store.classes, dict(store.splits), store.records, store.ids)


def _own(run: RunDirectory, options: TrainOptions, data: DataOptions, narrate: Narrate) -> _Source:
    """The data that the run was trained on, with the columns that it had; its training has shown the warnings."""
    text_column, label_column = data.text_column or options.text_column, data.label_column or options.label_column
    dataset = dataset_of(
        options.model_copy(update={"text_column": text_column, "label_column": label_column}),
        lambda line: None if line.startswith(WARNING) else narrate(line),
    )
    if (text_column, label_column) != (options.text_column, options.label_column) and (
        dataset.fingerprint != run.data["fingerprint"]
    ):
        raise BadInput(
            f"The run {run.id} was trained on other columns of {shortened(options.dataset)}.",
            hint="Leave --text-column and --label-column out, so that its validation texts are taken.",
        )
    check_unchanged(run, dataset)
    with plugin_call(f"Dataset {dataset.name}", "cannot be read"):
        splits = dict(dataset.read())
    path = None if is_dataset(options.dataset) else existing_path(options.dataset)
    if path is None:
        return _Source(options.dataset, True, dataset.classes, splits)
    columns = replace(data, text_column=text_column, label_column=label_column)
    store = import_path(path, columns, to_train=True, validation=options.validation, edits=label_edits(options))
    return _Source(options.dataset, True, store.classes, dict(store.splits), store.records, store.ids)


def replace_dataset(options: TrainOptions, dataset: str) -> TrainOptions:
    """The options of a run with another name of its dataset."""
    return options.model_copy(update={"dataset": dataset})


def _is_same_place(dataset: str, own: str) -> bool:
    if dataset == own:
        return True
    path, own_path = existing_path(dataset), existing_path(own)
    if is_dataset(dataset) or is_dataset(own) or path is None or own_path is None:
        return False
    return path.samefile(own_path)


def _may_be_a_copy(path: Path, own: str) -> bool:
    """Whether a file may have the same texts as the one that the run was trained on, by its size."""
    if is_dataset(own):
        return False
    own_path = existing_path(own)
    if own_path is None or path.is_dir() or own_path.is_dir():
        return True
    return path.stat().st_size == own_path.stat().st_size


def _what_is_taken(source: _Source, data: DataOptions, names: Sequence[str]) -> list[str]:
    counts = {name: len(source.splits[name].labels) for name in names}
    if source.own:
        if data.dataset is None or data.split is not None:
            return []
        return [
            f"The run was trained on {shortened(source.name)}: its {names[0]} part is taken "
            f"({counted(sum(counts.values()), 'text')}), which the run was not trained on."
        ]
    total, listed = (
        counted(sum(counts.values()), "text"),
        "; ".join(f"{name}: {count:,}" for name, count in counts.items()),
    )
    by_split = f" ({listed})" if len(source.splits) > 1 else ""
    which = "all its" if len(names) == len(source.splits) else "its"
    are = plural(sum(counts.values()), "is", "are")
    return [f"The run was not trained on {shortened(source.name)}: {which} {total} {are} taken{by_split}."]


def _classes_of(
    source: _Source, labels_M: np.ndarray, run: RunDirectory, data: DataOptions, notes: list[str]
) -> np.ndarray | None:
    """The run's class of each text, -1 where none matches or `--drop-label` names its label; None for data without
    labels."""
    classes = run.data["classes"]
    edits = edits_of(data.drop_labels, data.merge_labels)
    if source.own and list(source.classes) == list(classes) and not data.map_labels and not edits:
        return labels_M
    counts_L = np.bincount(labels_M, minlength=len(source.classes))
    counts = {name: int(count) for name, count in zip(source.classes, counts_L, strict=True) if count}
    without = set(counts) <= ({UNLABELLED} if NO_LABEL in classes else {UNLABELLED, NO_LABEL})
    if without and not data.map_labels and not edits:
        notes.append(f"{shortened(source.name)} has no labels: the texts are classified, and nothing is measured.")
        return None
    edited = edits.resolve(counts, classes=1)
    notes += edited.notes()
    matched = match_labels(
        edited.class_counts(), classes, data.map_labels, data=shortened(source.name), merged=merged_labels(run.data)
    )
    notes += matched.notes
    found = [edited.classes.get(name) for name in source.classes]
    of_label = np.array([-1 if name is None or (at := matched.classes[name]) is None else at for name in found])
    classes_M: np.ndarray = of_label[labels_M]
    return classes_M


def _shared_texts(run: RunDirectory, options: TrainOptions, texts: Sequence[str], rows_N: np.ndarray) -> str:
    """A sentence about the texts that the run was trained on."""
    try:
        dataset = dataset_of(options)
        check_unchanged(run, dataset)
        with plugin_call(f"Dataset {dataset.name}", "cannot be read"):
            train = dataset.read()["train"]
    except TmeattnError as error:
        return f"How many of the texts are training texts of the run is unknown: {error.message}"
    kept = limited_rows(np.asarray(train.labels), "train", len(dataset.classes), options.limit)
    trained = text_hashes(
        train.texts if len(kept) == len(train.labels) else (train.texts[row] for row in kept.tolist())
    )
    chosen = text_hashes(texts if len(rows_N) == len(texts) else (texts[row] for row in rows_N.tolist()))
    shared = int(np.isin(chosen, trained).sum())
    if not shared:
        return "None of the texts is a training text of the run."
    are = "text is a training text" if shared == 1 else "texts are training texts"
    return f"Warning: {shared:,} of the {len(rows_N):,} {are} of the run, so the figures are better than on new texts."
