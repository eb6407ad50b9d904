"""The texts of a dataset's split, and a filter that selects and sorts them. No widgets; nothing is predicted here.

Shapes: N texts of the split, C classes of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from tmeattn.data.dataset_warnings import warnings_of
from tmeattn.data.encoding.dataset_check import check_dataset
from tmeattn.data.sources import dataset_of, open_dataset
from tmeattn.errors import TmeattnError
from tmeattn.foreign import plugin_error
from tmeattn.run_config import stored_config
from tmeattn.runs.directory import RunDirectory

PredictionFilter = Literal["any", "right", "wrong"]
Order = Literal[
    "file",
    "file, last first",
    "label",
    "label, last first",
    "least confident",
    "most confident",
    "worst errors",
    "surest right",
    "shortest",
    "longest",
    "A to Z",
    "Z to A",
]
PAIRS: tuple[tuple[Order, Order], ...] = (
    ("file", "file, last first"),
    ("label", "label, last first"),
    ("least confident", "most confident"),
    ("worst errors", "surest right"),
    ("shortest", "longest"),
    ("A to Z", "Z to A"),
)
"""Each order with the reverse one."""
BY_PREDICTION = ("least confident", "most confident", "worst errors", "surest right")
Range = tuple[float, float]
ALL: Range = (0.0, float("inf"))


@dataclass(frozen=True, eq=False)
class SplitTexts:
    """The texts of one split. labels_N: indices into `classes`. fingerprint, warnings: of the whole dataset."""

    dataset: str
    split: str
    classes: tuple[str, ...]
    texts: Sequence[str]
    labels_N: np.ndarray
    fingerprint: str = ""
    warnings: tuple[str, ...] = ()

    def are_of(self, run: RunDirectory) -> bool:
        """Whether predictions can be compared with the labels: False where the run was trained on this dataset when it
        had other texts, labels or classes."""
        if run.config["train"]["dataset"] != self.dataset or not self.fingerprint:
            return True
        return run.data["fingerprint"] == self.fingerprint and tuple(run.data["classes"]) == self.classes

    @cached_property
    def words_N(self) -> np.ndarray:  # noqa: N802
        """(N,) white-space words of each text. The first access counts them, which takes a while."""
        return np.fromiter((len(text.split()) for text in self.texts), dtype=np.int64, count=len(self.texts))

    @cached_property
    def alphabet_N(self) -> np.ndarray:  # noqa: N802
        """(N,) the place of each text in the alphabet, upper and lower case alike. The first access sorts them."""
        places = np.empty(len(self.texts), dtype=np.int64)
        places[sorted(range(len(self.texts)), key=lambda row: self.texts[row].casefold())] = np.arange(len(self.texts))
        return places

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def key(self) -> str:
        """A name for this list of texts, unique over datasets and splits."""
        return f"{self.dataset}/{self.split}"


def pair_of(order: Order) -> tuple[Order, Order]:
    """The orders by one column: from its first text on, and from its last."""
    return next(pair for pair in PAIRS if order in pair)


def open_texts(dataset: str, run: RunDirectory | None = None) -> dict[str, SplitTexts]:
    """Read all splits of a dataset, or of the dataset of a run. This is slow: call it in a thread.

    Raises:
        TmeattnError: the dataset does not exist, is not installed, or is malformed.
    """
    notes: list[str] = []
    try:
        found = (
            dataset_of(stored_config(run.id, run.config).train, notes.append)
            if run
            else open_dataset(dataset, narrate=notes.append)
        )
        splits = found.read()
        check_dataset(found, splits)
        warnings = warnings_of(dataset, found, splits, notes)
    except TmeattnError:
        raise
    except BaseException as error:  # a plugin's reader
        raise plugin_error(error, f"The dataset {dataset}", "cannot be read") from error
    return {
        name: SplitTexts(
            dataset,
            name,
            found.classes,
            split.texts,
            np.asarray(split.labels, dtype=np.int64),
            found.fingerprint,
            warnings,
        )
        for name, split in splits.items()
    }


@dataclass(frozen=True)
class Predictions:
    """The predictions of a run.

    probabilities_NC: over its own `classes`, NaN for texts not predicted yet.
    comparable:       whether they can be compared with the labels (see `SplitTexts.are_of`).
    """

    classes: tuple[str, ...]
    probabilities_NC: np.ndarray
    comparable: bool = True

    def known(self) -> np.ndarray:
        """(N,) bool: the texts that have been predicted."""
        return np.asarray(~np.isnan(self.probabilities_NC[:, 0]))

    def confidence(self) -> np.ndarray:
        """(N,) the probability of the predicted class."""
        return np.asarray(self.probabilities_NC.max(axis=1))

    def of_label(self, texts: SplitTexts) -> np.ndarray:
        """(N,) the probability of each text's label; 0 for a label that is no class of the run."""
        padded = np.column_stack([self.probabilities_NC, np.zeros(len(texts), dtype=self.probabilities_NC.dtype)])
        return np.asarray(padded[np.arange(len(texts)), self._columns(texts)])

    def correct(self, texts: SplitTexts) -> np.ndarray:
        """(N,) bool: the predicted class is the label; False for texts not predicted yet, and where nothing can be
        compared."""
        if not self.comparable:
            return np.zeros(len(texts), dtype=bool)
        best = np.where(self.known(), np.nan_to_num(self.probabilities_NC).argmax(axis=1), -2)
        return np.asarray(best == self._columns(texts))

    def _columns(self, texts: SplitTexts) -> np.ndarray:
        """(N,) the column of each text's label in `probabilities_NC`; -1 for a label that is no class of the run."""
        column = [self.classes.index(name) if name in self.classes else -1 for name in texts.classes]
        return np.asarray(np.array(column)[texts.labels_N])


@dataclass(frozen=True)
class TextFilter:
    """Which texts to show, and in which order.

    label: index of the class. confidence: from 0 to 1. length: in words. search: part of the text.
    """

    label: int | None = None
    prediction: PredictionFilter = "any"
    confidence: Range = ALL
    length: Range = ALL
    search: str = ""
    order: Order = "file"

    @property
    def needs_predictions(self) -> bool:
        """Whether the filter needs the predictions of all texts that fit its other fields."""
        return self.prediction != "any" or self.confidence != ALL or self.order in BY_PREDICTION


def candidates(texts: SplitTexts, text_filter: TextFilter) -> np.ndarray:
    """The rows that fit label, length and search, which need no prediction; increasing."""
    keep = _within(texts.words_N, text_filter.length)
    if text_filter.label is not None:
        keep &= texts.labels_N == text_filter.label
    rows = np.flatnonzero(keep)
    if needle := text_filter.search.lower():
        rows = np.array([row for row in rows.tolist() if needle in texts.texts[row].lower()], dtype=np.int64)
    return rows


def balanced(texts: SplitTexts, rows: np.ndarray) -> np.ndarray:
    """The rows in an order in which every beginning has the classes in the same shares as all of them.

    Files often have one class after the other: a figure about their first texts would be about one class.
    """
    labels = texts.labels_N[rows]
    sizes = np.bincount(labels, minlength=len(texts.classes))
    by_class = np.argsort(labels, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    place_in_class = np.empty(len(rows), dtype=np.float64)
    place_in_class[by_class] = np.arange(len(rows)) - starts[labels[by_class]]
    return np.asarray(rows[np.argsort((place_in_class + 0.5) / np.maximum(sizes[labels], 1), kind="stable")])


def filtered(
    texts: SplitTexts, text_filter: TextFilter, rows: np.ndarray, predictions: Predictions | None
) -> np.ndarray:
    """Those of `rows` that fit prediction and confidence too, sorted; texts that are equal keep the file order."""
    if text_filter.needs_predictions and predictions is not None:
        keep = predictions.known()[rows]
        if text_filter.prediction != "any" and not predictions.comparable:
            keep[:] = False
        elif text_filter.prediction != "any":
            keep &= predictions.correct(texts)[rows] == (text_filter.prediction == "right")
        rows = rows[keep & _within(predictions.confidence()[rows], text_filter.confidence)]
    key = _sort_key(texts, text_filter.order, predictions)
    return rows if key is None else rows[np.argsort(key[rows], kind="stable")]


def _sort_key(texts: SplitTexts, order: Order, predictions: Predictions | None) -> np.ndarray | None:
    """(N,) what the texts are sorted by, the least first; None: the order of the file."""
    first, _ = pair_of(order)
    key: np.ndarray | None = None
    if first in ("least confident", "worst errors"):
        if predictions is not None and first == "least confident":
            key = predictions.confidence()
        elif predictions is not None and predictions.comparable:
            key = predictions.of_label(texts)
    elif first == "file":
        key = np.arange(len(texts))
    else:
        key = {"label": texts.labels_N, "shortest": texts.words_N}.get(first)
        key = texts.alphabet_N if key is None else key
    return key if key is None or order == first else -key


def _within(values: np.ndarray, bounds: Range) -> np.ndarray:
    """(N,) bool: low <= value < high."""
    return np.asarray((values >= bounds[0]) & (values < bounds[1]))
