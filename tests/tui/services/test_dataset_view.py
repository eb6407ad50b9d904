"""Which texts of a split a reader wants to see."""

from __future__ import annotations

import numpy as np
import pytest
from support.explanations import draw
from support.user_files import write_csv

from tmeattn.errors import BadInput, UnknownName
from tmeattn.tui.services.dataset_view import (
    ALL,
    PAIRS,
    Predictions,
    SplitTexts,
    TextFilter,
    balanced,
    candidates,
    filtered,
    open_texts,
)
from tmeattn.tui.wording.dataset import statistics

TEXTS = ["a good film", "so bad", "good good music all the way", "Dull. BAD.", "light"]
LABELS = [1, 0, 1, 0, 1]
POSITIVE = [0.9, 0.4, 0.2, 0.05, np.nan]


@pytest.fixture
def texts() -> SplitTexts:
    return SplitTexts("planted", "validation", ("negative", "positive"), TEXTS, np.array(LABELS))


@pytest.fixture
def predictions() -> Predictions:
    positive = np.array(POSITIVE, dtype=np.float32)
    return Predictions(("negative", "positive"), np.column_stack([1 - positive, positive]))


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (TextFilter(), [0, 1, 2, 3, 4]),
        (TextFilter(label=0), [1, 3]),
        (TextFilter(length=(2.0, 4.0)), [0, 1, 3]),
        (TextFilter(search="bad"), [1, 3]),
        (TextFilter(search="good", length=(4.0, 9.0), label=1), [2]),
        (TextFilter(search="nowhere"), []),
    ],
)
def test_label_length_and_search_need_no_run(texts: SplitTexts, wanted: TextFilter, rows: list[int]) -> None:
    assert not wanted.needs_predictions
    assert candidates(texts, wanted).tolist() == rows


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (TextFilter(prediction="right"), [0, 1, 3]),
        (TextFilter(prediction="wrong"), [2]),
        (TextFilter(confidence=(0.0, 0.7)), [1]),
        (TextFilter(order="least confident"), [1, 2, 0, 3]),
        (TextFilter(order="most confident"), [3, 0, 2, 1]),
        (TextFilter(order="worst errors"), [2, 1, 0, 3]),
        (TextFilter(prediction="right", order="most confident"), [3, 0, 1]),
    ],
)
def test_answers_certainty_and_errors_are_of_predicted_texts(
    texts: SplitTexts, predictions: Predictions, wanted: TextFilter, rows: list[int]
) -> None:
    assert wanted.needs_predictions
    assert filtered(texts, wanted, np.arange(5), predictions).tolist() == rows


def test_lengths_are_put_in_order_and_equals_stay_in_the_files(texts: SplitTexts) -> None:
    assert filtered(texts, TextFilter(order="shortest"), np.arange(5), None).tolist() == [4, 1, 3, 0, 2]
    assert filtered(texts, TextFilter(order="longest"), np.arange(5), None).tolist() == [2, 0, 1, 3, 4]


def test_without_a_run_nothing_is_left_out(texts: SplitTexts) -> None:
    assert filtered(texts, TextFilter(prediction="wrong"), np.arange(5), None).tolist() == [0, 1, 2, 3, 4]


def test_classes_are_compared_by_name(texts: SplitTexts, predictions: Predictions) -> None:
    turned = Predictions(("positive", "negative"), predictions.probabilities_NC[:, ::-1])
    assert turned.correct(texts).tolist() == predictions.correct(texts).tolist() == [True, True, False, True, False]
    foreign = Predictions(("no", "yes"), predictions.probabilities_NC)
    assert not foreign.correct(texts).any()
    assert foreign.of_label(texts).tolist() == [0] * 5


def test_a_dataset_is_read_with_all_its_splits(planted: dict) -> None:
    found = open_texts("planted")
    assert {name: len(texts) for name, texts in found.items()} == {"train": 64, "validation": 16}
    assert found["train"].words_N.min() >= 4
    assert found["train"].key == "planted/train"


def test_what_is_wrong_with_a_dataset_is_one_line(planted: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName, match="planted"):
        open_texts("plantd")

    def broken(name: str, *, narrate: object) -> None:
        raise OSError("the archive is torn")

    monkeypatch.setattr("tmeattn.tui.services.dataset_view.open_dataset", broken)
    with pytest.raises(BadInput, match="planted cannot be read: OSError: the archive is torn"):
        open_texts("planted")


def test_nothing_bounds_everything() -> None:
    assert ALL[0] <= 0 < 10**9 < ALL[1]


def test_every_beginning_of_the_balanced_rows_has_all_classes_in_their_shares() -> None:
    many = SplitTexts("planted", "train", ("a", "b", "c"), ["x"] * 90, np.array([0] * 60 + [1] * 30))
    rows = balanced(many, np.arange(90))
    assert sorted(rows.tolist()) == list(range(90))
    for size in range(3, 91, 3):
        assert np.bincount(many.labels_N[rows[:size]], minlength=3).tolist() == [2 * size // 3, size // 3, 0]
    assert balanced(many, np.arange(0)).tolist() == []


def test_every_order_has_a_reverse(texts: SplitTexts, predictions: Predictions) -> None:
    texts = SplitTexts("planted", "validation", ("negative", "positive"), ["b b", "C", "a a a"], np.array([1, 0, 1]))
    predictions = Predictions(predictions.classes, np.array([[0.1, 0.9], [0.7, 0.3], [0.6, 0.4]], dtype=np.float32))
    for first, reverse in PAIRS:
        rows = [filtered(texts, TextFilter(order=one), np.arange(3), predictions) for one in (first, reverse)]
        assert first == "label" or rows[0].tolist() == rows[1].tolist()[::-1]
    assert filtered(texts, TextFilter(order="A to Z"), np.arange(3), None).tolist() == [2, 0, 1]


def test_the_warnings_about_a_file_are_shown_with_the_statistics(tmp_path) -> None:
    path = write_csv(tmp_path / "a.csv", [(f"text number {i}", ["good", "Good"][i % 2]) for i in range(40)])
    for _ in range(2):  # imported, then from the cache
        found = open_texts(str(path))
        assert [warning.split(":")[1] for warning in found["train"].warnings] == [
            " labels that look alike are different classes"
        ]
    assert "labels that look alike" in draw(statistics(found, found["train"], None))
