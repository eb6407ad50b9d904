"""`tmeattn faithfulness`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tmeattn.runs.directory import RunDirectory


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


def test_planted_shortcuts(tmeattn: Any, planted: dict[str, Any], tmp_path: Path) -> None:
    options = ["--dataset", "planted", "--option", "epochs=1", "--option", "vector-size=4", "--methods", "attention"]
    path = tmp_path / "table.csv"
    arguments = ["faithfulness", "--planted", "simple-attn", *options]
    result = tmeattn(*arguments, "--export", str(path))
    assert result.code == 0
    assert all(len(line) <= 80 for line in result.out.splitlines())
    assert "not learned" in result.out
    assert {row["shortcut"] for row in csv.DictReader(path.open())} == {"token", "pair", "context"}
    again = tmeattn(*arguments, "--json")
    assert [row["status"] for row in again.json["rows"]] == ["not learned"] * 3
    assert "epoch" not in again.err  # nothing is trained again
    assert tmeattn("explain", "--index", "0", "--split", "test", "--run", "planted-pair-simple-attn-0").code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--seeds", "2"], "--seeds needs --planted."),
        (["--option", "lr=1"], "--option needs --planted."),
        (["some-run", "--planted", "all"], "RUN does not go with --planted"),
        (["--twin", "--planted", "all"], "--twin does not go with --planted"),
        (["--planted", "all", "--option", "lr"], "--option: 'lr' is not NAME=VALUE."),
        (["--planted", "all", "--option", "lr=1", "--option", "--lr=2"], "--option: lr is given twice."),
        (["--planted", ","], "--planted: ',' has no name."),
    ],
)
def test_planted_refuses(tmeattn: Any, options: list[str], said: str) -> None:
    assert tmeattn("faithfulness", *options).refused().startswith(said)
