"""The texts of a dataset's split, and which of them a reader wants to see. No widgets, and nothing is predicted here.

Shapes: N texts of the split, C classes of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from tmeattn.config import stored_config
from tmeattn.data.encoding.dataset_check import check_dataset
from tmeattn.data.sources import dataset_of, open_dataset
from tmeattn.errors import BadInput, TmeattnError
from tmeattn.runs.directory import RunDirectory

Answer = Literal["any", "right", "wrong"]
Order = Literal["file", "doubtful", "certain", "wrong", "shortest", "longest"]
Range = tuple[float, float]
ALL: Range = (0.0, float("inf"))


@dataclass(frozen=True, eq=False)
class SplitTexts:
    """A split as its dataset reads it. labels_N: indices into `classes`."""

    dataset: str
    split: str
    classes: tuple[str, ...]
    texts: Sequence[str]
    labels_N: np.ndarray

    @cached_property
    def words_N(self) -> np.ndarray:  # noqa: N802
        """(N,) words between white space; counted when first asked for, which takes a while."""
        return np.fromiter((len(text.split()) for text in self.texts), dtype=np.int64, count=len(self.texts))

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def key(self) -> str:
        """Names this list of texts."""
        return f"{self.dataset}/{self.split}"


def open_texts(dataset: str, run: RunDirectory | None = None) -> dict[str, SplitTexts]:
    """All splits of a dataset, or of the dataset of a run, read now: not for the thread that draws.

    Raises:
        TmeattnError: there is no such dataset, or it is not installed, or malformed.
    """
    try:
        found = dataset_of(stored_config(run.id, run.config).train) if run else open_dataset(dataset)
        splits = found.read()
        check_dataset(found, splits)
    except TmeattnError:
        raise
    except Exception as error:  # a plugin's reader
        raise BadInput(f"The dataset {dataset} cannot be read: {type(error).__name__}: {error}.") from error
    return {
        name: SplitTexts(dataset, name, found.classes, split.texts, np.asarray(split.labels, dtype=np.int64))
        for name, split in splits.items()
    }


@dataclass(frozen=True)
class Predictions:
    """What a run says: probabilities_NC, NaN where it has not been asked, of its own `classes`."""

    classes: tuple[str, ...]
    probabilities_NC: np.ndarray

    def known(self) -> np.ndarray:
        """(N,) bool: which texts have been predicted."""
        return np.asarray(~np.isnan(self.probabilities_NC[:, 0]))

    def certainty(self) -> np.ndarray:
        """(N,) the probability of the predicted class."""
        return np.asarray(self.probabilities_NC.max(axis=1))

    def of_label(self, texts: SplitTexts) -> np.ndarray:
        """(N,) the probability of each text's own label; 0 for a label that the run does not know."""
        padded = np.column_stack([self.probabilities_NC, np.zeros(len(texts), dtype=self.probabilities_NC.dtype)])
        return np.asarray(padded[np.arange(len(texts)), self._columns(texts)])

    def right(self, texts: SplitTexts) -> np.ndarray:
        """(N,) bool: where the predicted class is the label; False where nothing is known."""
        best = np.where(self.known(), np.nan_to_num(self.probabilities_NC).argmax(axis=1), -2)
        return np.asarray(best == self._columns(texts))

    def _columns(self, texts: SplitTexts) -> np.ndarray:
        """(N,) the run's class that each text's label is; -1 for a label that the run does not know."""
        column = [self.classes.index(name) if name in self.classes else -1 for name in texts.classes]
        return np.asarray(np.array(column)[texts.labels_N])


@dataclass(frozen=True)
class TextFilter:
    """Which texts, and in which order. certainty: from 0 to 1; words: of the text; search: anywhere in the text."""

    label: int | None = None
    answer: Answer = "any"
    certainty: Range = ALL
    words: Range = ALL
    search: str = ""
    order: Order = "file"

    @property
    def asks_run(self) -> bool:
        """Whether every text that is left must have been predicted to know."""
        return self.answer != "any" or self.certainty != ALL or self.order in ("doubtful", "certain", "wrong")


def candidates(texts: SplitTexts, wanted: TextFilter) -> np.ndarray:
    """The rows that fit in label, length and search, which need no prediction; increasing."""
    keep = _within(texts.words_N, wanted.words)
    if wanted.label is not None:
        keep &= texts.labels_N == wanted.label
    rows = np.flatnonzero(keep)
    if needle := wanted.search.lower():
        rows = np.array([row for row in rows.tolist() if needle in texts.texts[row].lower()], dtype=np.int64)
    return rows


def chosen(texts: SplitTexts, wanted: TextFilter, rows: np.ndarray, predictions: Predictions | None) -> np.ndarray:
    """Those of `rows` that fit in answer and certainty too, in the order wanted; equals stay in the file's order."""
    if wanted.asks_run and predictions is not None:
        keep = predictions.known()[rows]
        if wanted.answer != "any":
            keep &= predictions.right(texts)[rows] == (wanted.answer == "right")
        rows = rows[keep & _within(predictions.certainty()[rows], wanted.certainty)]
    key = _sort_key(texts, wanted.order, predictions)
    return rows if key is None else rows[np.argsort(key[rows], kind="stable")]


def _sort_key(texts: SplitTexts, order: Order, predictions: Predictions | None) -> np.ndarray | None:
    if order in ("shortest", "longest"):
        return texts.words_N if order == "shortest" else -texts.words_N
    if predictions is None or order == "file":
        return None
    if order == "wrong":
        return predictions.of_label(texts)
    return predictions.certainty() if order == "doubtful" else -predictions.certainty()


def _within(values: np.ndarray, bounds: Range) -> np.ndarray:
    """(N,) bool: low <= value < high."""
    return np.asarray((values >= bounds[0]) & (values < bounds[1]))
