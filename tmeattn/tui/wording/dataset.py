"""A dataset in numbers: its splits and classes, how long its texts are, and how a run fares with them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.render.console import safe
from tmeattn.render.histogram import histogram
from tmeattn.render.numbers import count, percent
from tmeattn.render.tables import Cell, Column, table
from tmeattn.tui.services.dataset_view import Predictions, SplitTexts

BINS = 40
NEARLY_ALL = 0.99


def statistics(splits: Mapping[str, SplitTexts], shown: SplitTexts | None, predictions: Predictions | None) -> Group:
    """Numbers of all splits; lengths and answers of the one that is shown."""
    if shown is None:
        return Group(Text("No dataset is open.", style="italic"))
    numeric = [Column(safe(name), numeric=True) for name in (*shown.classes, "texts")]
    rows: list[list[Cell]] = [[name, *_per_class(texts), len(texts)] for name, texts in splits.items()]
    parts: list[RenderableType] = [table(["split", *numeric], rows, title=shown.dataset), Text(), *_lengths(shown)]
    if predictions is not None and predictions.known().any():
        parts += [Text(), _answers(shown, predictions)]
    return Group(*parts)


def _per_class(texts: SplitTexts) -> list[int]:
    return [int(number) for number in np.bincount(texts.labels_N, minlength=len(texts.classes))]


def _lengths(texts: SplitTexts) -> list[RenderableType]:
    """How long the texts of the split are; the picture leaves out the longest in a hundred."""
    words = texts.words_N
    high = float(np.quantile(words, NEARLY_ALL)) + 1
    counts, _ = np.histogram(words, bins=BINS, range=(0, high))
    told = f"median {count(float(np.median(words)))}, longest {count(int(words.max()))}; not drawn: the longest 1 %"
    picture = histogram(counts.tolist(), 0, high, title=f"Words of a text, {texts.split}", height=5, unit="words")
    return [picture, Text(told, style="dim")]


def _answers(texts: SplitTexts, predictions: Predictions) -> RenderableType:
    """How often the run is right, class by class, as far as it was asked."""
    known, right = predictions.known(), predictions.correct(texts)
    rows = []
    for index, name in enumerate(texts.classes):
        asked = known & (texts.labels_N == index)
        total = int(asked.sum())
        rows.append([name, count(total), percent(float(right[asked].mean())) if total else None])
    columns: list[str | Column] = ["label", Column("predicted so far", numeric=True), Column("right", numeric=True)]
    return table(columns, rows, title=f"What the run makes of {texts.split}")
