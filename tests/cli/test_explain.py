"""`tmeattn explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import planted as planted_plugin

from tmeattn.runs.directory import RunDirectory


def test_explain(tmeattn: Any, trained: RunDirectory) -> None:
    document = tmeattn("explain", "A good  film!", "--json").json
    assert document["text"] == "A good  film!"
    assert document.keys() >= {"run", "model", "method", "probabilities", "predicted", "target", "words", "entropy"}
    assert document["probabilities"].keys() == {"negative", "positive"}
    assert document["predicted"] == document["target"] == "positive"
    assert [document["text"][word["start"] : word["end"]] for word in document["words"]] == ["A", "good", "film", "!"]
    assert [word["known"] for word in document["words"]] == [True, True, True, False]
    assert sum(word["score"] for word in document["words"]) == pytest.approx(1)
    assert max(document["words"], key=lambda word: word["score"])["token"] == "good"
    piped = tmeattn("explain", stdin=b"A good  film!\n")
    assert piped.code == 0
    assert "good" in piped.out


def test_explain_by_another_method_and_class(tmeattn: Any, trained: RunDirectory) -> None:
    arguments = ["explain", "a bad film", "--method", "leave-one-out", "--class", "negative", "--json"]
    document = tmeattn(*arguments).json
    assert (document["method"], document["target"]) == ("leave-one-out", "negative")
    assert max(document["words"], key=lambda word: word["score"])["token"] == "bad"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["good", "--method", "attenton"],
            "There is no method named 'attenton'. Did you mean attention or",
        ),
        (
            ["good", "--class", "neutral"],
            "--class: the model has no class 'neutral'. Its classes are negative, positive.",
        ),
        (["\u2028"], "The text is empty."),
        (["--index", "16"], "--index 16: the split validation of planted has texts 0 to 15."),
        (["--index", "0", "--split", "tset"], "There is no split named 'tset'."),
    ],
)
def test_explain_refuses(tmeattn: Any, trained: RunDirectory, options: list[str], said: str) -> None:
    assert tmeattn("explain", *options).refused().startswith(said)


def test_explain_a_text_of_the_dataset(tmeattn: Any, trained: RunDirectory) -> None:
    text = planted_plugin.load().read()["validation"].texts[3]
    document = tmeattn("explain", "--index", "3", "--json").json
    assert (document["text"], document["true_label"]) == (text, "positive")


def test_explain_export(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    path = tmp_path / "picture.svg"
    result = tmeattn("explain", "a good film", "--export", str(path))
    assert result.code == 0
    assert path.read_text().startswith("<svg")
    assert tmeattn("explain", "a", "--export", str(tmp_path / "none" / "x.svg"), "--json").code == 3


def test_explain_without_attention(tmeattn: Any, quick: list[str]) -> None:
    assert tmeattn("train", "mean", *quick).code == 0
    document = tmeattn("explain", "a good film", "--json").json
    assert document["method"] == "leave-one-out"
    assert "has no attention" in document["note"]
