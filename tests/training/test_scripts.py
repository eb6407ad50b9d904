"""Chinese, German and Arabic texts train with the tokenizer that `auto` chooses, and explanations find their words."""

import csv

import pytest
from support.three_scripts import WORDS, texts, write_reviews

from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.training.session import start


@pytest.fixture
def reviews(tmp_path):
    return write_reviews(tmp_path / "reviews.csv")


def test_three_scripts_train_above_90_per_cent(reviews, fresh_registry):
    options = {"dataset": str(reviews), "vectors": "random", "vector_size": 16, "epochs": 10, "lr": 0.02, "threads": 1}
    lines = []
    run = start("simple-attn", {**options, "batch_size": 16, "device": "cpu", "patience": 0}, narrate=lines.append)
    assert run.config["train"]["tokenizer"] == "unicode"
    assert any("The tokenizer is unicode, because " in line for line in lines)
    (warning,) = [line for line in lines if "Warning" in line]
    assert "the texts are in several scripts" in warning
    classifier = TrainedClassifier(run)
    for wanted in WORDS:
        asked = [(text, label) for language, text, label in texts(180, 1) if language == wanted]
        predicted = classifier.probabilities([text for text, _ in asked]).argmax(axis=1)
        right = [classifier.classes[at] == label for at, (_, label) in zip(predicted, asked, strict=True)]
        assert sum(right) / len(right) > 0.9, wanted
    found = explain(classifier, ExplainRequest("这部电影，我们昨天看了精彩。", method="leave-one-out"))
    assert {found.word_text(word) for word in found.ranked_words()[:2]} <= set("精彩")
    assert "".join(found.word_text(word) for word in found.words) == found.text


def test_texts_without_spaces_are_warned_about_with_another_tokenizer(tmp_path, fresh_registry):
    path, lines = tmp_path / "long.csv", []
    rows = [
        ("text", "label"),
        *((text * 6 if language == "zh" else text, label) for language, text, label in texts(60, 0)),
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    options = {"dataset": str(path), "vectors": "random", "epochs": 1, "threads": 1, "device": "cpu"}
    start("mean", {**options, "tokenizer": "whitespace"}, narrate=lines.append)
    (warning,) = [line for line in lines if line.startswith("Warning") and "several scripts" not in line]
    assert "in words of more than 40 characters" in warning
    assert "Add --tokenizer unicode" in warning
