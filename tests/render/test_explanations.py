"""Several explanations of one text."""

from __future__ import annotations

import re

from rich.cells import cell_len
from support.explanations import CONTROL, draw, explain

from tmeattn.render.explanations import by_methods, one_after_another, side_by_side, word_differences


def test_methods_stand_under_one_another_and_in_one_table() -> None:
    first = explain("an awful film", [0.1, 0.7, 0.2])
    second = explain("an awful film", [0.0, -2.0, 1.0], signed=True, method="leave-one-out")
    for width in (80, 140):
        output = draw(by_methods([first, second], top=2), width)
        assert all(cell_len(line) <= width for line in output.splitlines())
        assert output.count("Prediction") == 1
        assert re.search(r"awful +1\.00 +-1\.00", output)
        assert re.search(r"film +0\.29 +\+0\.50", output)
        assert "\nan   " not in output


def test_two_models_side_by_side_and_where_they_differ() -> None:
    first = explain("good but long", [0.8, 0.1, 0.1], model="one")
    second = explain("good but long", [0.2, 0.05, 0.75], model="two")
    assert [word.text for word in word_differences(first, second)] == ["long", "good", "but"]
    wide, narrow = (draw(side_by_side(first, second), width) for width in (140, 80))
    assert any(line.count("Prediction") == 2 for line in wide.splitlines())
    assert not any(line.count("Prediction") == 2 for line in narrow.splitlines())
    assert re.search(r"long +10\.0 % +75\.0 % +\+65\.0", narrow)
    assert re.search(r"good +80\.0 % +20\.0 % +-60\.0", narrow)


def test_the_difference_of_two_shares_is_that_of_the_shown_figures() -> None:
    """18.94 and 18.96 % are shown as 18.9 and 19.0 %, so the difference is 0.1 points, not 0.0."""
    first, second = explain("good film", [0.1894, 0.8106]), explain("good film", [0.1896, 0.8104])
    assert re.search(r"good +18\.9 % +19\.0 % +\+0\.1", draw(side_by_side(first, second), 140))


def test_words_that_one_model_does_not_read() -> None:
    first, second = explain("good but long", [0.5, 0.5]), explain("good but long", [0.5, 0.25, 0.25])
    found = {word.text: word for word in word_differences(first, second)}
    assert found["long"].first is None
    assert found["long"].difference == 0.25
    draw(side_by_side(first, second))


def test_a_hostile_text_stays_text() -> None:
    hostile = explain("a \x1b[31mb \x9b \u202e [red]c[/red]", note="\x1b[2J")
    for picture in (by_methods([hostile, hostile]), side_by_side(hostile, hostile), one_after_another([hostile])):
        assert not CONTROL.search(draw(picture))


def test_many_texts_are_numbered_and_explained_once() -> None:
    output = draw(one_after_another([explain("a good film"), explain("a bad film")]))
    assert "Text 1  Prediction: positive 97.3 %" in output
    assert "Text 2  Prediction" in output
    assert output.count("strong word of its text") == 1
