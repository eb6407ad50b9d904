"""What an explanation knows about itself, and texts without some of their words."""

from __future__ import annotations

import math

import pytest
from support.explanations import explain

from tmeattn.explain.explanation import ExplainRequest, without_words


def test_labels_and_confidence() -> None:
    found = explain("a good film", true_label="negative", target=0)
    assert (found.predicted_label, found.target_label, found.confidence) == ("positive", "negative", 0.973)
    assert found.is_correct is False
    assert explain("a good film", true_label="positive").is_correct is True
    assert explain("a good film").is_correct is None


@pytest.mark.parametrize(
    ("fields", "named"), [({}, False), ({"signed": True}, True), ({"target": 0}, True), ({"target": 1}, False)]
)
def test_the_target_is_named_where_scores_depend_on_it(fields: dict[str, object], named: bool) -> None:
    assert explain("a good film", **fields).names_target is named


def test_words_of_a_truncated_text() -> None:
    found = explain("A good film of the year", [0.1, -0.5, 0.5])
    assert (found.is_truncated, found.tokens_cut) == (True, 3)
    assert [found.word_text(word) for word in found.ranked_words()] == ["good", "film", "A"]
    assert found.largest_score == 0.5
    whole = explain("", [])
    assert (whole.is_truncated, whole.largest_score, whole.ranked_words()) == (False, 0, [])
    assert math.isfinite(whole.largest_score)


def test_the_document_has_the_fields_alone() -> None:
    document = explain("a good film").document()
    assert list(document) == [
        "text", "words", "tokens_total", "run", "model", "method", "signed", "probabilities", "predicted",
        "target", "entropy", "normalized_entropy", "true_label", "note", "layer", "head",
        "tokens_read", "special_attention",
    ]  # fmt: skip
    assert (document["predicted"], document["probabilities"]) == ("positive", {"negative": 0.027, "positive": 0.973})


def test_dropped_words_become_spaces() -> None:
    assert without_words("don't stop", [(3, 4)]) == "don t stop"
    assert ExplainRequest("a good film", dropped=((2, 6), (0, 1))).visible_text == "       film"
    assert ExplainRequest("a good film").visible_text == "a good film"
