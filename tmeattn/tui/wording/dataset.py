"""The line about the texts that are shown, and statistics of a dataset: splits and classes, lengths of texts, and the
predictions of a run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.plurals import counted
from tmeattn.render.console import safe_line
from tmeattn.render.histogram import histogram
from tmeattn.render.numbers import count, percent
from tmeattn.render.tables import Cell, Column, table
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.services.dataset_view import Predictions, SplitTexts

BINS = 40
MOST_CLASSES = 12
"""Classes that have a column of their own; of more, the most frequent ones have."""
CHANGED = "the data has changed since the run was trained: right and wrong are not shown"
NOT_YET = "Right predictions in each class: shown when all texts of the {split} split are predicted. Press {key}."
NEARLY_ALL = 0.99


def summary(
    texts: SplitTexts,
    rows: np.ndarray,
    predictions: Predictions | None,
    *,
    comparable: bool,
    key: str,
    warnings_key: str,
) -> str:
    """How many texts are shown, and which share of them is right, once all of them are predicted.

    The share of a part would be that of the first texts of the file, often all of one class.

    predictions:  None where no share is to be shown.
    comparable:   whether the run was trained on these texts.
    key:          predicts all texts.
    warnings_key: shows the warnings; empty where they are shown.
    """
    line = f"{count(len(rows))} of {counted(len(texts), 'text')}"
    if not comparable:
        line += f"; {CHANGED}"
    elif predictions is not None and len(rows):
        if predictions.known()[rows].all():
            right = int(predictions.correct(texts)[rows].sum())
            line += f", {percent(right / len(rows))} right"
        else:
            line += f"; {key} predicts all"
    if texts.warnings and warnings_key:
        line += f"; {counted(len(texts.warnings), 'warning')}: {warnings_key}"
    return line


def while_loading(texts: SplitTexts, rows: np.ndarray, run: RunDirectory) -> str:
    """How many texts are shown, while the run that predicts them is loaded."""
    return f"{count(len(rows))} of {counted(len(texts), 'text')}; loading {safe_line(run.id)} …"


def progress(done: int, total: int, found: int | None, key: str) -> str:
    """How far the predictions are. found: texts that fit so far; None where all fit. key: stops them."""
    parts = [f"{count(done)} of {count(total)} predicted"] if total else []
    if found is not None:
        parts.append(f"{count(found) if found else 'none'} found so far")
    return ", ".join([*parts, f"{key} stops this"])


def statistics(
    splits: Mapping[str, SplitTexts], shown: SplitTexts | None, predictions: Predictions | None, evaluate: str = "v"
) -> Group:
    """Counts of all splits; lengths and predictions of the selected split. evaluate: the key that predicts all."""
    if shown is None:
        return Group(Text("No dataset is open.", style="italic"))
    per_class = {name: _per_class(texts) for name, texts in splits.items()}
    classes = _largest(np.sum(list(per_class.values()), axis=0))
    left_out = len(shown.classes) - len(classes)
    others = [counted(left_out, "other")] if left_out else []
    names = [*(shown.classes[at] for at in classes), *others, "texts"]
    numeric = [Column(safe_line(name), numeric=True) for name in names]
    rows: list[list[Cell]] = []
    for name, numbers in per_class.items():
        chosen = [int(numbers[at]) for at in classes]
        rest = [int(numbers.sum()) - sum(chosen)] if left_out else []
        rows.append([name, *chosen, *rest, int(numbers.sum())])
    parts: list[RenderableType] = [table(["split", *numeric], rows, title=shown.dataset), Text()]
    for warning in shown.warnings:
        parts += [Text(safe_line(warning), style="yellow"), Text()]
    parts += _lengths(shown)
    if predictions is not None and predictions.comparable:
        if predictions.known().all():
            parts += [Text(), _accuracy(shown, predictions)]
        else:
            parts += [Text(), Text(NOT_YET.format(split=shown.split, key=evaluate), style="dim")]
    return Group(*parts)


def _per_class(texts: SplitTexts) -> np.ndarray:
    return np.bincount(texts.labels_N, minlength=len(texts.classes))


def _largest(numbers: np.ndarray) -> list[int]:
    """The classes that have a column, in their own order: all, or the most frequent ones."""
    return sorted(np.argsort(-numbers, kind="stable")[:MOST_CLASSES].tolist())


def _lengths(texts: SplitTexts) -> list[RenderableType]:
    """A histogram of the lengths of the texts in a split, without the longest 1 %."""
    words = texts.words_N
    high = float(np.quantile(words, NEARLY_ALL)) + 1
    counts, _ = np.histogram(words, bins=BINS, range=(0, high))
    summary = f"median {count(float(np.median(words)))}, maximum {count(int(words.max()))}"
    summary += "; the histogram omits the longest 1 %"
    picture = histogram(counts.tolist(), 0, high, title=f"Words per text, {texts.split} split", height=5, unit="words")
    return [picture, Text(summary, style="dim")]


def _accuracy(texts: SplitTexts, predictions: Predictions) -> RenderableType:
    """The accuracy of the run in each class, and over all texts of the split."""
    right = predictions.correct(texts)
    rows = []
    for index, name in enumerate(texts.classes):
        asked = texts.labels_N == index
        total = int(asked.sum())
        rows.append([name, count(total), percent(float(right[asked].mean())) if total else None])
    if len(texts):
        rows.append(["all texts", count(len(texts)), percent(float(right.mean()))])
    columns: list[str | Column] = ["label", Column("texts", numeric=True), Column("correct", numeric=True)]
    return table(columns, rows, title=f"Predictions on the {texts.split} split")
