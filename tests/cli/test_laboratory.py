"""`tmeattn explain` with several methods, texts and runs; `tmeattn faithfulness` and `tmeattn mistakes`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tmeattn.runs.directory import RunDirectory


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
    assert result.err == "Skipped the empty line 2.\n"
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


def test_faithfulness(tmeattn: Any, trained: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.csv"
    arguments = ["faithfulness", "--methods", "attention,leave-one-out", "--limit", "8"]
    found = tmeattn(*arguments, "--json", "--export", str(path)).json
    assert [row["method"] for row in found["rows"]] == ["attention", "leave-one-out", "random"]
    assert found["rows"][1]["measures"].keys() >= {"comprehensiveness", "sufficiency", "deletion", "insertion"}
    rows = list(csv.DictReader(path.open()))
    assert {row["measure"] for row in rows} >= {"deletion", "tau_gradient", "seconds_per_text"}
    result = tmeattn(*arguments)
    assert all(len(line) <= 80 for line in result.out.splitlines())
    assert "add --twin" in " ".join(result.out.split())
    monkeypatch.setenv("COLUMNS", "50")
    narrow = tmeattn(*arguments).out
    assert "…" not in narrow  # figures move to a table of their own instead
    assert "insertion" in narrow
    for ending, start in ((".md", "## Faithfulness"), (".tex", "% Needs"), (".json", "{")):
        tmeattn(*arguments, "--json", "--export", str(path.with_suffix(ending)))
        assert path.with_suffix(ending).read_text().startswith(start)


def test_faithfulness_with_a_twin(tmeattn: Any, quick: list[str]) -> None:
    assert tmeattn("train", "simple-attn", *quick, "--name", "first").code == 0
    found = tmeattn("faithfulness", "first", "--methods", "attention", "--limit", "4", "--twin", "--json").json
    twin = found["twins"]["twin"]
    assert found["no_twins"] is None
    assert twin in tmeattn("faithfulness", "first", "--methods", "attention", "--limit", "4").out
    said = tmeattn("faithfulness", twin, "--methods", "attention", "--limit", "4").out
    assert "Not applicable: this run is a twin itself." in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--methods", "rollout"],
            "The method 'rollout' cannot be used: the model 'simple-attn' has no self-attention.",
        ),
        (["--methods", "atention"], "There is no method named 'atention'. Did you mean attention"),
        (["--split", "tset"], "There is no split named 'tset'."),
        (["--rationales", "none.jsonl"], "--rationales: the folder . has neither"),
    ],
)
def test_faithfulness_refuses(
    tmeattn: Any, trained: RunDirectory, options: list[str], said: str, monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert tmeattn("faithfulness", *options).refused().startswith(said)


def test_mistakes(tmeattn: Any, quick: list[str], tmp_path: Path) -> None:
    assert tmeattn("train", "simple-attn", *quick).code == 0
    path = tmp_path / "mistakes.html"
    result = tmeattn("mistakes", "--top", "2", "--export", str(path))
    assert result.code == 0
    assert "The most confident mistakes" in result.out
    assert "The least certain predictions" in result.out
    assert path.read_text().startswith("<!doctype html>")
    found = tmeattn("mistakes", "--top", "2", "--method", "leave-one-out", "--json").json
    assert (found["texts"], len(found["uncertain"])) == (16, 2)
    shown = found["uncertain"][0]
    again = tmeattn("explain", "--index", str(shown["index"]), "--method", "leave-one-out", "--json").json
    assert (again["text"], again["true_label"]) == (shown["text"], shown["true_label"])


def test_a_whole_split_is_told_apart_from_what_a_limited_run_used(tmeattn: Any, quick: list[str]) -> None:
    assert tmeattn("train", "simple-attn", *quick, "--limit", "8").code == 0
    assert tmeattn("evaluate", "--json").json["texts"] == 2
    assert "2 texts (--limit 8)" in tmeattn("evaluate").out
    said = "The run was trained and evaluated with --limit 8; these figures are of the whole split."
    assert tmeattn("mistakes", "--json").json["note"] == said
    assert said in " ".join(tmeattn("mistakes").out.split())
    arguments = ["faithfulness", "--methods", "attention", "--limit", "4"]
    assert said in tmeattn(*arguments, "--json").json["notes"]
