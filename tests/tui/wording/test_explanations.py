"""What the screens say about predictions and words."""

from __future__ import annotations

import dataclasses

from support.explanations import explain

from tmeattn.explain.explanation import FALLBACK, SEE_MAPS
from tmeattn.tui.services.heatmap_words import LaidOutWord
from tmeattn.tui.wording.explanations import change, differences, note, verdict, word_details

TEXT = "a good film"


def test_a_prediction_and_whether_it_is_right() -> None:
    lines = verdict(explain(TEXT, true_label="positive", entropy=2.0, normalized_entropy=0.5)).plain.split("\n")
    assert lines == [
        "positive 97.3 %  ✓ correct",
        "attention, lstm-attn, run k3f9; attention entropy 2.00 nats, 50 % of uniform",
    ]
    assert "✗ wrong, label negative" in verdict(explain(TEXT, true_label="negative")).plain


def test_the_line_of_the_method_leaves_out_what_does_not_fit() -> None:
    found = explain(TEXT, entropy=4.47, normalized_entropy=0.99)
    lines = [verdict(found, room=room).plain.split("\n")[1] for room in (80, 66, 60, 54, 40)]
    assert lines == [
        "attention, lstm-attn, run k3f9; attention entropy 4.47 nats, 99 % of uniform",
        "attention, run k3f9; attention entropy 4.47 nats, 99 % of uniform",
        "attention, run k3f9; entropy 4.47 nats, 99 % of uniform",
        "attention; entropy 4.47 nats, 99 % of uniform",
        "attention; entropy 4.47 nats, 99 % of uniform",
    ]


def test_compared_runs_are_named_in_any_width() -> None:
    said = verdict(explain(TEXT, entropy=4.47, normalized_entropy=0.99), common="positive", room=20).plain
    assert said.endswith("attention, run k3f9; entropy 4.47 nats, 99 % of uniform")


def test_a_note_is_one_line_of_80_columns() -> None:
    found = dataclasses.replace(
        explain(TEXT), note=f"No single attention map decides the class: words are scored by {FALLBACK}. {SEE_MAPS}"
    )
    whole = note(found)
    assert whole.endswith(f"{FALLBACK}. To see the maps, open the attention map.")
    assert note(found, 78) == whole.removesuffix(" To see the maps, open the attention map.")
    assert len(note(found, 78)) <= 78


def test_of_many_classes_three_are_named() -> None:
    classes, probabilities = ("a", "b", "c", "d"), (0.1, 0.5, 0.05, 0.35)
    found = verdict(explain(TEXT, classes=classes, probabilities=probabilities)).plain
    assert found.startswith("b 50.0 %  d 35.0 %  a 10.0 %  \n")


def test_dropped_words_move_the_prediction() -> None:
    after = explain("a      film", [0.5, 0.5], probabilities=(0.4, 0.6))
    assert "1 word deleted: positive 97.3 → 60.0 % (-37.3 points)" in verdict(after, explain(TEXT), 1).plain
    assert "2 words deleted\n" in verdict(after, None, 2).plain


def test_a_flip_is_said_and_no_change_has_no_sign_of_one() -> None:
    whole = explain(TEXT)
    assert change(whole, (0.8, 0.2)) == "positive 97.3 → 20.0 % (-77.3 points, the prediction changes)"
    assert change(whole, (0.02701, 0.97299)) == "positive 97.3 → 97.3 % (+0.0 points)"


def test_a_change_is_that_of_the_figures_that_are_shown() -> None:
    """65.94 and 65.96 are shown as 65.9 and 66.0: a change of "+0.0 points" would contradict them."""

    def between(before: float, after: float) -> str:
        return change(explain(TEXT, probabilities=(1 - before, before)), (1 - after, after))

    assert between(0.6594, 0.6596) == "positive 65.9 → 66.0 % (+0.1 points)"
    assert between(0.54151, 0.54149) == "positive 54.2 → 54.1 % (-0.1 points)"
    assert between(0.6896, 0.1234).startswith("positive 69.0 → 12.3 % (-56.7 points")


def test_a_word_has_score_and_rank() -> None:
    found = explain(TEXT, [0.2, 0.7, 0.1], unknown=(2,))
    items = [LaidOutWord(word.start, word.end, word.token, word) for word in found.words]
    assert word_details(TEXT, items[1], found).plain == "good  0.7000, rank 1 of 3"
    assert word_details(TEXT, items[2], found).plain == "film  0.1000, rank 3 of 3, not in the vocabulary"
    assert "deleted; delete it again" in word_details(TEXT, LaidOutWord(2, 6, "good", None), found).plain


def test_signed_scores_keep_their_sign() -> None:
    found = explain(TEXT, [0.2, -0.7, 0.1], signed=True)
    word = found.words[1]
    assert word_details(TEXT, LaidOutWord(2, 6, "good", word), found).plain == "good  -0.7000, rank 1 of 3"


def test_two_runs_differ_in_shares_of_their_scores() -> None:
    one, other = explain(TEXT, [1.0, 8.0, 1.0], run="aaaa-x"), explain(TEXT, [0.3, 0.1, 0.6], run="bbbb-y")
    words = "  good 80.0 | 10.0  film 10.0 | 60.0  a 10.0 | 30.0"
    assert differences(one, other, 118).plain == f"Largest differences (aaaa | bbbb, % of all scores):{words}"
    assert differences(one, other, 78).plain == f"aaaa | bbbb, % of scores:{words}"  # the words are to be seen


def test_scores_of_two_kinds_are_not_compared() -> None:
    told = differences(explain(TEXT), explain(TEXT, method="leave-one-out"), 78).plain
    assert told.endswith("the scores of attention and leave-one-out are not comparable. Choose one method.")


def test_two_runs_that_agree_do() -> None:
    assert differences(explain(TEXT), explain(TEXT), 78).plain.endswith("the shares of all words are equal")


def test_a_word_that_one_run_does_not_read_has_a_dash() -> None:
    told = differences(explain(TEXT, [0.5, 0.5]), explain(TEXT, [0.2, 0.2, 0.6]), 78).plain
    assert "film – | 60.0" in told


def test_users_words_cannot_steer_the_terminal() -> None:
    text = "a \x1b[31mred film"
    assert "\x1b" not in differences(explain(text, [1.0, 0.0, 0.0]), explain(text), 78).plain
    assert "\x1b" not in verdict(explain(text, true_label="\x1b[1m")).plain
