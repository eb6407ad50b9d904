"""The counts, lengths and accuracies of a split, as the data screen shows them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.explanations import draw

from tmeattn.tui.services.dataset_view import Predictions, SplitTexts
from tmeattn.tui.wording.dataset import statistics

CLASSES = ("negative", "positive", "[b]odd")


def split(name: str, texts: list[str], labels: list[int]) -> SplitTexts:
    return SplitTexts("planted", name, CLASSES, texts, np.array(labels))


TRAIN = split("train", ["good film", "bad", "so bad", "a b c d e f"], [1, 0, 0, 1])
VALIDATION = split("validation", ["good", "bad"], [1, 0])
SPLITS = {"train": TRAIN, "validation": VALIDATION}


def lines(*arguments: Any) -> list[str]:
    return [" ".join(line.split()) for line in draw(statistics(*arguments), 100).splitlines()]


def predictions(positive: list[float], **fields: Any) -> Predictions:
    values = np.array(positive)
    return Predictions(("negative", "positive"), np.column_stack([1 - values, values]), **fields)


def test_all_splits_are_counted_and_the_lengths_are_of_the_shown_one() -> None:
    shown = lines(SPLITS, TRAIN, None)
    assert "split negative positive [b]odd texts" in shown
    assert "train 2 2 0 4" in shown
    assert "validation 1 1 0 2" in shown
    assert "Words per text, train split 4 texts" in shown or "Words per text, train split 3 texts" in shown
    assert shown[-1] == "median 2, maximum 6; the histogram omits the longest 1 %"
    assert "median 1, maximum 1; the histogram omits the longest 1 %" in lines(SPLITS, VALIDATION, None)


def test_the_accuracy_is_shown_once_all_texts_are_predicted() -> None:
    shown = lines(SPLITS, TRAIN, predictions([0.9, 0.2, 0.8, 0.7]))
    assert "Predictions on the train split" in shown
    assert shown[-4:] == ["negative 2 50.0 %", "positive 2 100.0 %", "[b]odd 0 –", "all texts 4 75.0 %"]
    partly = lines(SPLITS, TRAIN, predictions([0.9, 0.2, 0.8, np.nan]), "K")
    assert partly[-1].endswith("shown when all texts of the train split are predicted. Press K.")
    assert not any("50.0 %" in line for line in partly)


@pytest.mark.parametrize("found", [None, predictions([np.nan] * 4), predictions([0.9] * 4, comparable=False)])
def test_without_comparable_predictions_there_is_no_accuracy(found: Predictions | None) -> None:
    assert not any("Predictions" in line for line in lines(SPLITS, TRAIN, found))


def test_without_a_dataset() -> None:
    assert lines({}, None, None) == ["No dataset is open."]


def test_of_many_classes_the_most_frequent_have_a_column_and_the_others_are_counted() -> None:
    labels = np.array([*range(1000), 7, 7, 999])
    many = SplitTexts("many", "train", tuple(f"c{at}" for at in range(1000)), ["a"] * 1003, labels)
    shown = [" ".join(line.split()) for line in draw(statistics({"train": many}, many, None), 120).splitlines()]
    assert "split c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 c10 c999 988 others texts" in shown
    assert "train 1 1 1 1 1 1 1 3 1 1 1 2 988 1,003" in shown
