"""Which reviews are shown, and the look of the report."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from tmeattn.explain.explanation import Explanation, Word, with_oov_marks
from tmeattn.reproduce.heatmaps import choose
from tmeattn.specs import Split


def classifier(*predicted: int) -> Any:
    """A classifier of two classes that gives each text, which is its position, the class in `predicted`."""

    def probabilities(texts: list[str]) -> np.ndarray:
        return np.eye(2)[[predicted[int(text.split()[0])] for text in texts]]

    return SimpleNamespace(classes=("no", "yes"), probabilities=probabilities)


def split(*labels: int, words: int = 30) -> Split:
    return Split([f"{index}{' w' * (words - 1)}" for index in range(len(labels))], list(labels))


def test_each_class_shows_a_right_and_a_wrong_prediction_where_there_are() -> None:
    assert choose(classifier(0, 0, 1, 1, 1, 0), split(0, 0, 0, 1, 1, 1)) == [0, 2, 3, 5]


def test_two_right_ones_where_none_is_wrong_and_the_other_way_round() -> None:
    assert choose(classifier(0, 0, 0, 0, 0), split(0, 0, 1, 1, 1)) == [0, 1, 2, 3]


def test_a_class_without_texts_shows_none() -> None:
    assert choose(classifier(1, 1), split(1, 1)) == [0, 1]


def test_texts_of_a_readable_length_come_first() -> None:
    texts = Split(["0", "1" + " w" * 29, "2" + " w" * 99, "3" + " w" * 25], [0, 0, 0, 0])
    assert choose(classifier(0, 0, 0, 0), texts) == [1, 3]


def test_unknown_words_are_marked_and_the_text_is_in_lower_case() -> None:
    text = "A GREAT Fïlm.  The END, unread"
    spans = [(0, 1, True), (2, 7, True), (8, 13, False), (15, 18, True), (19, 23, False)]
    words = tuple(Word(start, end, text[start:end].lower(), known, 0.2) for start, end, known in spans)
    before = Explanation(text, words, 6, "r", "m", "attention", False, ("no", "yes"), (0.4, 0.6), 1, 1)
    shown = with_oov_marks(before)
    assert shown.text == "a great __OOV__  the __OOV__ unread"
    assert [shown.word_text(word) for word in shown.words] == ["a", "great", "__OOV__", "the", "__OOV__"]
    assert [word.score for word in shown.words] == [0.2] * 5
    assert before.text == text
