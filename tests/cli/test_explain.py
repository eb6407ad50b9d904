"""`tmeattn explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import planted as planted_plugin

from tmeattn.data.readers.text_io import CONVERT
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


def test_standard_input_is_bounded_and_is_utf8(
    tmeattn: Any, trained: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmeattn("explain", stdin=b"a caf\xe9").refused()
    assert said == "standard input is not UTF-8. " + CONVERT
    assert "is UTF-16LE, not UTF-8" in tmeattn("explain", stdin="a good film".encode("utf-16-le")).refused()
    monkeypatch.setenv("TMEATTN_MAX_TEXT_MIB", "1")
    said = tmeattn("explain", stdin=b"good " * 2**18).refused()
    assert "The text on standard input is longer than 1 MiB." in said


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
    assert tmeattn("explain", "a", "--export", str(tmp_path / "none" / "x.svg"), "--json").code == 2


def test_explain_without_attention(tmeattn: Any, quick: list[str]) -> None:
    assert tmeattn("train", "mean", *quick).code == 0
    document = tmeattn("explain", "a good film", "--json").json
    assert document["method"] == "leave-one-out"
    assert "has no attention" in document["note"]


def test_several_methods(tmeattn: Any, trained: RunDirectory) -> None:
    found = tmeattn("explain", "a good film", "--method", "attention,input-x-gradient,attention", "--json").json
    assert [one["method"] for one in found] == ["attention", "input-x-gradient"]
    output = tmeattn("explain", "a good film", "--method", "attention,input-x-gradient", "--top", "1").out
    assert output.count("Prediction") == 1
    assert "Each score over the largest of its method." in output


def test_many_texts(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("a good film\n\nbad\n")
    result = tmeattn("explain", "--file", str(tmp_path / "texts.txt"), "--json")
    assert [one["predicted"] for one in result.json] == ["positive", "negative"]
    assert result.err == "Skipped 1 of 3 rows: 1 blank line (first: line 2).\n"
    one = tmeattn("explain", "--file", "-", "--json", stdin=b"a good film").json
    assert len(one) == 1
    assert "Text 2  Prediction: negative" in tmeattn("explain", "--file", "-", stdin=b"good\nbad\n").out
    both = ("explain", "--file", "-", "--method", "attention,random")
    assert "Text 2, random  Prediction: negative" in tmeattn(*both, stdin=b"good\nbad\n").out
    order = [(one["text"], one["method"]) for one in tmeattn(*both, "--json", stdin=b"good\nbad\n").json]
    assert order == [("good", "attention"), ("good", "random"), ("bad", "attention"), ("bad", "random")]
    said = tmeattn("explain", "--file", "-", stdin=b'good\n"""\n').refused()
    assert said == """There are no words to explain in '\"\"\"'. Give a text with at least one word."""


def test_two_runs(tmeattn: Any, trained: RunDirectory, quick: list[str]) -> None:
    assert tmeattn("train", "mean", *quick, "--name", "other").code == 0
    found = tmeattn("explain", "a good film", "--run", trained.id, "--compare", "other", "--json").json
    assert [(one["model"], one["method"]) for one in found] == [
        ("simple-attn", "leave-one-out"),
        ("mean", "leave-one-out"),
    ]
    output = tmeattn("explain", "a good film", "--run", trained.id, "--compare", "other").out
    assert "Largest differences" in output


@pytest.mark.parametrize("ending", ["html", "tex", "csv", "json"])
def test_exports(tmeattn: Any, trained: RunDirectory, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out.{ending}"
    result = tmeattn("explain", "a <good> film", "--export", str(path))
    assert result.code == 0
    assert result.err == f"Wrote {path}\n"
    assert "good" in path.read_text()
