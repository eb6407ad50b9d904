"""`tmeattn mistakes`, and notes on runs that were trained on a part of the dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any


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
    assert tmeattn("evaluate", "--texts", "sample", "--json").json["texts"] == 2
    assert "2 texts (--limit 8)" in tmeattn("evaluate", "--texts", "sample").out
    assert tmeattn("mistakes", "--texts", "sample", "--json").json["texts"] == 2
    assert tmeattn("faithfulness", "--methods", "attention", "--texts", "sample", "--json").json["texts"] == 2
    assert tmeattn("evaluate", "--json").json["texts"] == 16
    said = "The run was trained and evaluated with --limit 8; these figures are of the whole split."
    assert tmeattn("mistakes", "--json").json["note"] == said
    assert said in " ".join(tmeattn("mistakes").out.split())
    arguments = ["faithfulness", "--methods", "attention", "--limit", "4"]
    assert said in tmeattn(*arguments, "--json").json["notes"]


def test_an_export_never_replaces_a_file_that_is_read(tmeattn: Any, quick: list[str], tmp_path: Path) -> None:
    dataset = tmp_path / "reviews.csv"
    rows = "".join(f"a {['bad', 'good'][i % 2]} film {i},{i % 2}\n" for i in range(30))
    dataset.write_text(f"text,label\n{rows}")
    own = ["--dataset", str(dataset), "--vectors", "random", "--name", "own"]
    assert tmeattn("train", "mean", *quick, *own).code == 0
    other = tmp_path / "other.csv"
    other.write_text("text\na good film\n")
    export = ["--export", str(dataset)]
    for command in (
        ["mistakes", "own", *export],
        ["faithfulness", "own", *export],
        ["explain", "a film", "--run", "own", *export],
        ["explain", "--file", str(other), "--run", "own", "--export", str(other)],
    ):
        assert tmeattn(*command).refused() == f"--export: {command[-1]} is a file that is read. Choose another name."
    assert dataset.read_text() == f"text,label\n{rows}"
