"""Which texts of a split a reader wants to see."""

from __future__ import annotations

import numpy as np
import pytest

from tmeattn.errors import BadInput, UnknownName
from tmeattn.tui.services.dataset_view import ALL, Predictions, Texts, Wanted, candidates, chosen, open_texts

TEXTS = ["a good film", "so bad", "good good music all the way", "Dull. BAD.", "light"]
LABELS = [1, 0, 1, 0, 1]
POSITIVE = [0.9, 0.4, 0.2, 0.05, np.nan]


@pytest.fixture
def texts() -> Texts:
    return Texts("planted", "validation", ("negative", "positive"), TEXTS, np.array(LABELS))


@pytest.fixture
def predictions() -> Predictions:
    positive = np.array(POSITIVE, dtype=np.float32)
    return Predictions(("negative", "positive"), np.column_stack([1 - positive, positive]))


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (Wanted(), [0, 1, 2, 3, 4]),
        (Wanted(label=0), [1, 3]),
        (Wanted(words=(2.0, 4.0)), [0, 1, 3]),
        (Wanted(search="bad"), [1, 3]),
        (Wanted(search="good", words=(4.0, 9.0), label=1), [2]),
        (Wanted(search="nowhere"), []),
    ],
)
def test_label_length_and_search_need_no_run(texts: Texts, wanted: Wanted, rows: list[int]) -> None:
    assert not wanted.asks_run
    assert candidates(texts, wanted).tolist() == rows


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (Wanted(answer="right"), [0, 1, 3]),
        (Wanted(answer="wrong"), [2]),
        (Wanted(certainty=(0.0, 0.7)), [1]),
        (Wanted(order="doubtful"), [1, 2, 0, 3]),
        (Wanted(order="certain"), [3, 0, 2, 1]),
        (Wanted(order="wrong"), [2, 1, 0, 3]),
        (Wanted(answer="right", order="certain"), [3, 0, 1]),
    ],
)
def test_answers_certainty_and_errors_are_of_predicted_texts(
    texts: Texts, predictions: Predictions, wanted: Wanted, rows: list[int]
) -> None:
    assert wanted.asks_run
    assert chosen(texts, wanted, np.arange(5), predictions).tolist() == rows


def test_lengths_are_put_in_order_and_equals_stay_in_the_files(texts: Texts) -> None:
    assert chosen(texts, Wanted(order="shortest"), np.arange(5), None).tolist() == [4, 1, 3, 0, 2]
    assert chosen(texts, Wanted(order="longest"), np.arange(5), None).tolist() == [2, 0, 1, 3, 4]


def test_without_a_run_nothing_is_left_out(texts: Texts) -> None:
    assert chosen(texts, Wanted(answer="wrong"), np.arange(5), None).tolist() == [0, 1, 2, 3, 4]


def test_classes_are_compared_by_name(texts: Texts, predictions: Predictions) -> None:
    turned = Predictions(("positive", "negative"), predictions.probabilities_NC[:, ::-1])
    assert turned.right(texts).tolist() == predictions.right(texts).tolist() == [True, True, False, True, False]
    foreign = Predictions(("no", "yes"), predictions.probabilities_NC)
    assert not foreign.right(texts).any()
    assert foreign.of_label(texts).tolist() == [0] * 5


def test_a_dataset_is_read_with_all_its_splits(planted: dict) -> None:
    found = open_texts("planted")
    assert {name: len(texts) for name, texts in found.items()} == {"train": 64, "validation": 16}
    assert found["train"].words_N.min() >= 4
    assert found["train"].key == "planted/train"


def test_what_is_wrong_with_a_dataset_is_one_line(planted: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName, match="planted"):
        open_texts("plantd")

    def broken(name: str) -> None:
        raise OSError("the archive is torn")

    monkeypatch.setattr("tmeattn.tui.services.dataset_view.open_dataset", broken)
    with pytest.raises(BadInput, match="planted cannot be read: OSError: the archive is torn"):
        open_texts("planted")


def test_nothing_bounds_everything() -> None:
    assert ALL[0] <= 0 < 10**9 < ALL[1]
