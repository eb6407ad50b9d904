"""`tmeattn faithfulness`."""

from __future__ import annotations

import csv
import json
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


def test_the_sections_of_one_run(tmeattn: Any, trained: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = [
        "faithfulness",
        "--methods",
        "attention",
        "--limit",
        "8",
        "--limit-bounded",
        "4",
        "--limit-random",
        "3",
    ]
    said = tmeattn(*arguments, "--random-rationales", "9", "--keep-rate", "0.25").out
    assert "Normalised erasure: 4 of 8 texts, bounds of 4 exact, of 0 by beam" in said
    assert "Soft erasure: 25 % of the word vectors kept" in said
    assert "4 texts have no bounds (--limit-bounded 4)." in said
    assert said.count("Win rate against 9 random rationales of 20 % of the words, 3 texts") == 2
    monkeypatch.setenv("COLUMNS", "140")
    assert "p after Benjamini and Hochberg" in tmeattn(*arguments).out  # a wide terminal has all columns
    found = tmeattn(*arguments, "--operator", "infill,delete", "--json").json
    assert [one["operator"] for one in found["against_random"]] == ["infill", "delete"]
    assert found["against_random"][0]["methods"][0]["method"] == "attention"
    without = tmeattn(*arguments[:-4], "--limit-bounded", "0", "--limit-random", "0", "--json").json
    assert (without["bounds"], without["against_random"]) == (None, [])
    assert "normalized_sufficiency" not in without["rows"][0]["measures"]


def test_several_runs_have_a_column_each(tmeattn: Any, quick: list[str], tmp_path: Path) -> None:
    for model in ("simple-attn", "mean"):
        assert tmeattn("train", model, *quick, "--name", f"my-{model}").code == 0
    runs = ["faithfulness", "my-simple-attn", "my-mean", "my-mean", "--limit", "6", "--random-rationales", "9"]
    path = tmp_path / "table.csv"
    said = tmeattn(*runs, "--methods", "leave-one-out,gradient", "--export", str(path)).out
    assert all(len(line) <= 80 for line in said.splitlines())
    assert "Compare models only by the normalised measures." in said
    assert "Normalised comprehensiveness (higher is better)" in said
    assert "deletion" not in said
    rows = list(csv.DictReader(path.open()))
    assert {row["model"] for row in rows} == {"simple-attn", "mean"}
    assert {row["operator"] for row in rows if row["measure"] == "sufficiency_p"} == {"delete", "unknown", "infill"}
    found = tmeattn(*runs, "--methods", "gradient", "--json", "--export", str(path.with_suffix(".md"))).json
    assert [one["model"] for one in found["runs"]] == ["simple-attn", "mean"]
    assert found["comparable"] == ["normalized_comprehensiveness", "normalized_sufficiency"]
    text = path.with_suffix(".md").read_text()
    assert "| Method | simple-attn | mean |" in text
    assert "not to be compared between models" in text
    every = tmeattn(*runs, "--methods", "gradient", "--measures", "all").out
    assert "Compare methods within a column, not models between columns." in " ".join(every.split())
    assert "Deletion (lower is better)" in every


def test_faithfulness_with_a_twin(tmeattn: Any, quick: list[str]) -> None:
    assert tmeattn("train", "simple-attn", *quick, "--name", "first").code == 0
    found = tmeattn("faithfulness", "first", "--methods", "attention", "--limit", "4", "--twin", "--json").json
    twin = found["twins"]["twin"]
    assert found["no_twins"] is None
    assert twin in tmeattn("faithfulness", "first", "--methods", "attention", "--limit", "4").out
    said = tmeattn("faithfulness", twin, "--methods", "attention", "--limit", "4").out
    assert "Not applicable: this run is a twin itself." in said


def test_plausibility_stands_apart_and_the_accuracy_is_that_of_the_file(
    tmeattn: Any, trained: RunDirectory, tmp_path: Path
) -> None:
    (tmp_path / "docs").mkdir()
    records = []
    for at, (word, label) in enumerate([("good", "POS"), ("bad", "NEG"), ("good", "NEG")]):
        (tmp_path / "docs" / f"{at}.txt").write_text(f"the {word} film and the story\n")
        piece = {"docid": f"{at}.txt", "start_token": 1, "end_token": 2, "text": word}
        records.append({"annotation_id": f"{at}.txt", "classification": label, "evidences": [[piece]]})
    path = tmp_path / "val.jsonl"
    path.write_text("\n".join(map(json.dumps, records)))
    arguments = ["faithfulness", "--methods", "leave-one-out", "--rationales", str(path), "--limit-bounded", "0"]
    shown = tmeattn(*arguments, "--export", str(tmp_path / "table.tex"))
    out = " ".join(shown.out.split())
    assert "66.7 % on these texts" in out
    assert "NEG is read as negative" in out
    swapped = [*arguments, "--map-label", "NEG=positive", "--map-label", "POS=negative", "--json"]
    assert tmeattn(*swapped).json["accuracy"] == pytest.approx(1 / 3)
    titles = [line for line in shown.out.splitlines() if line.startswith(("Plausibility", "Raw erasure"))]
    assert len(titles) == 2
    tables = (tmp_path / "table.tex").read_text().split(r"\begin{table}")[1:]
    assert sum("AUPRC &" in one for one in tables) == 1
    assert not any("AUPRC &" in one and "compr. &" in one for one in tables)
    posts = {
        "1_gab": {
            "post_id": "1_gab",
            "annotators": [{"label": label, "annotator_id": 1, "target": ["None"]} for label in ("offensive",) * 3],
            "rationales": [[0, 1, 0], [0, 1, 0]],
            "post_tokens": ["the", "bad", "film"],
        }
    }
    (tmp_path / "dataset.json").write_text(json.dumps(posts))
    found = tmeattn(*arguments[:4], str(tmp_path / "dataset.json"), *arguments[5:], "--json").json
    assert found["rows"][0]["measures"]["auprc"]["mean"] == 1
    assert found["accuracy"] is None
    assert any("whose label is no class of the run: offensive (1)" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--methods", "rollout"],
            "The method 'rollout' cannot be used: the model 'simple-attn' has no self-attention.",
        ),
        (["--methods", "atention"], "There is no method named 'atention'. Did you mean attention"),
        (["--operator", "delete,mask"], "There is no operator named 'mask'."),
        (["--measures", "aopc"], "There is no measure named 'aopc'."),
        (["--split", "tset"], "There is no split named 'tset'."),
        (["--rationales", "none.jsonl"], "--rationales: none.jsonl cannot be read"),
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
