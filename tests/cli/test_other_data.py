"""`--dataset`, `--split`, `--texts`, `--map-label` and the columns, the same in four commands; `--predictions`."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import polars
import pytest
from support import planted as planted_plugin

from tmeattn.runs.directory import RunDirectory

COMMANDS = (["evaluate"], ["mistakes"], ["faithfulness", "--methods", "attention"])
TEXTS = planted_plugin.texts(12, 3)
NAMES = ("negative", "positive")


def table(path: Path, labels: list[str] | None, *, texts: list[str] | None = None) -> str:
    """A file of the given texts with ids x0, x1 ... and these labels."""
    own = list(TEXTS.texts) if texts is None else texts
    heading = "id,text" if labels is None else "id,text,label"
    lines = [f"x{at},{text}" + ("" if labels is None else f",{labels[at]}") for at, text in enumerate(own)]
    path.write_text("\n".join([heading, *lines]) + "\n")
    return str(path)


def own_labels() -> list[str]:
    return [NAMES[label] for label in TEXTS.labels]


def notes(result: Any) -> str:
    return " ".join(result.out.split())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_all_texts_of_other_data_are_taken(tmeattn: Any, trained: RunDirectory, tmp_path: Path, command: Any) -> None:
    path = table(tmp_path / "other.csv", [name.upper() for name in own_labels()])
    document = tmeattn(*command, "--dataset", path, "--json").json
    said = document.get("notes") or [document["note"]]
    assert document["texts"] == 12
    assert f"The run was not trained on {path}: all its 12 texts are taken." in " ".join(said)
    assert "Labels are matched without regard to case and outer spaces" in " ".join(said)
    assert "text" in " ".join(said).split(path)[-1]


def test_labels_are_mapped_and_others_left_out(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    labels = ["good" if name == "positive" else "bad" for name in own_labels()]
    path = table(tmp_path / "other.csv", [*labels[:-1], "odd"])
    mapped = ["--map-label", "good=positive", "--map-label", "bad=negative"]
    document = tmeattn("evaluate", "--dataset", path, *mapped, "--json").json
    assert document["texts"] == 11
    assert any(note.startswith("1 text is left out") and "'odd' (1)" in note for note in document["notes"])
    assert tmeattn("evaluate", "--dataset", path).refused().startswith(f"No label of {path} is a class of the run")
    assert "Did you mean positive?" in tmeattn("mistakes", "--dataset", path, "--map-label", "good=positiv").refused()
    index = str(11)  # the text that is left out can be explained, without a true class
    assert tmeattn("explain", "--dataset", path, *mapped, "--index", index, "--json").json["true_label"] is None
    assert tmeattn("explain", "--dataset", path, *mapped, "--index", "0", "--json").json["true_label"] in NAMES


def test_texts_without_labels_are_only_classified(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    path = table(tmp_path / "other.csv", None)
    document = tmeattn("evaluate", "--dataset", path, "--json").json
    assert document["texts"] == sum(document["predicted"].values()) == 12
    assert f"{path} has no labels: the texts are classified, and nothing is measured." in document["notes"]
    assert "accuracy" not in document
    assert "predicted class" in tmeattn("evaluate", "--dataset", path).out
    assert tmeattn("mistakes", "--dataset", path, "--json").json["wrong"] is None
    assert tmeattn("faithfulness", "--methods", "attention", "--dataset", path, "--json").json["accuracy"] is None
    assert "nothing can be measured" in tmeattn("evaluate", "--dataset", path, "--shuffle-words").refused()


def test_one_class_alone_can_be_measured(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    path = table(tmp_path / "other.csv", ["positive"] * 12)
    document = tmeattn("evaluate", "--dataset", path, "--json").json
    assert (document["texts"], document["roc_auc"]) == (12, None)
    assert "No text has the class 'negative'." in document["notes"]
    assert "the texts are all of one class" in tmeattn("evaluate", "--dataset", path).out


def test_splits_and_columns_of_the_data_are_used(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    rows = [
        f"{text},{name},{'test' if at < 5 else 'train'}"
        for at, (text, name) in enumerate(zip(TEXTS.texts, own_labels(), strict=True))
    ]
    path.write_text("\n".join(["words,gold,split", *rows]) + "\n")
    columns = ["--dataset", str(path), "--text-column", "words", "--label-column", "gold"]
    assert tmeattn("evaluate", *columns, "--json").json["texts"] == 12
    assert tmeattn("evaluate", *columns, "--split", "test", "--json").json["texts"] == 5
    assert "Did you mean test?" in tmeattn("evaluate", *columns, "--split", "tset").refused()
    plain = table(tmp_path / "plain.csv", own_labels())
    assert "Leave --split out" in tmeattn("evaluate", "--dataset", plain, "--split", "validation").err


def test_texts_of_the_training_are_counted(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    train = planted_plugin.load().read()["train"]
    known = list(train.texts[:3])
    path = table(tmp_path / "other.csv", [*own_labels()[:2], *(NAMES[label] for label in train.labels[:3])],
                 texts=["a new film", "one more new film", *known])  # fmt: skip
    said = " ".join(tmeattn("evaluate", "--dataset", path, "--json").json["notes"])
    assert "Warning: 3 of the 5 texts are training texts of the run" in said


def test_the_training_file_itself_gives_its_validation_part(
    tmeattn: Any, quick: list[str], planted: dict[str, Any], tmp_path: Path
) -> None:
    texts = planted_plugin.texts(60, 7)
    path = table(tmp_path / "mine.csv", [NAMES[label] for label in texts.labels], texts=list(texts.texts))
    assert tmeattn("train", "mean", *quick, "--dataset", path, "--vectors", "random").code == 0
    plain = tmeattn("evaluate", "--json").json
    named = tmeattn("evaluate", "--dataset", path, "--json").json
    copy = shutil.copy(path, tmp_path / "copy.csv")
    of_copy = tmeattn("evaluate", "--dataset", str(copy), "--json").json
    assert plain["texts"] == named["texts"] == of_copy["texts"] < 60
    assert plain["accuracy"] == named["accuracy"] == pytest.approx(of_copy["accuracy"])
    assert plain["notes"] == []
    assert "its validation part is taken" in named["notes"][0]
    assert "its validation part is taken" in of_copy["notes"][0]
    output = tmp_path / "own.csv"
    assert tmeattn("evaluate", "--predictions", str(output)).code == 0
    rows = list(csv.DictReader(output.open()))
    lines = Path(path).read_text().splitlines()
    assert len(rows) == plain["texts"]
    for row in rows:  # the number of a row is its line in the file
        assert lines[int(row["row"]) - 1].startswith(f"{row['id']},")
        assert lines[int(row["row"]) - 1].endswith(f",{row['gold']}")


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_predictions_are_those_of_predict(tmeattn: Any, trained: RunDirectory, tmp_path: Path, ending: str) -> None:
    path, output = table(tmp_path / "other.csv", own_labels()), tmp_path / f"out.{ending}"
    document = tmeattn("evaluate", "--dataset", path, "--predictions", str(output), "--json").json
    rows: list[dict[str, Any]]
    if ending == "csv":
        rows = [
            {**row, "probabilities": {name: float(row[name]) for name in NAMES}}
            for row in csv.DictReader(output.open())
        ]
    elif ending == "jsonl":
        rows = [json.loads(line) for line in output.read_text().splitlines()]
    else:
        rows = polars.read_parquet(output).to_dicts()
    assert [row["id"] for row in rows] == [f"x{at}" for at in range(12)]
    assert [int(row["row"]) for row in rows] == list(range(2, 14))
    assert [row["gold"] for row in rows] == own_labels()
    assert document["accuracy"] == pytest.approx(sum(row["gold"] == row["label"] for row in rows) / 12)
    predicted = tmeattn("predict", *TEXTS.texts, "--json").json
    for row, one in zip(rows, predicted, strict=True):
        assert row["label"] == one["label"]
        assert row["probabilities"] == pytest.approx(one["probabilities"], abs=1e-5)
        assert sum(row["probabilities"].values()) == pytest.approx(1)
    assert list(tmp_path.glob(".*tmp")) == []


def test_predictions_replace_nothing_unasked(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    path = table(tmp_path / "other.csv", own_labels())
    wanted = ["evaluate", "--dataset", path, "--predictions"]
    assert "is the file that is read" in tmeattn(*wanted, path, "--force").refused()
    assert "must end in .jsonl, .csv, .tsv or .parquet" in tmeattn(*wanted, str(tmp_path / "out.xlsx")).refused()
    output = tmp_path / "out.csv"
    output.write_text("mine")
    assert "add --force" in tmeattn(*wanted, str(output)).refused()
    assert output.read_text() == "mine"
    assert tmeattn(*wanted, str(output), "--force").code == 0
    assert output.read_text().startswith("row,index,id,gold,label,probability,negative,positive\n")
    assert tmeattn("evaluate", "--force").refused() == "--force needs --predictions."


def test_curves_and_measures_are_exported(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    for ending, beginning in {"svg": b"<?xml", "png": b"\x89PNG", "csv": b"run,model", "json": b"{"}.items():
        path = tmp_path / f"curves.{ending}"
        assert tmeattn("evaluate", "--export", str(path)).code == 0
        assert path.read_bytes().startswith(beginning)
    assert "must end in .svg, .png, .md, .tex, .csv or .json" in tmeattn("evaluate", "--export", "x.pdf").refused()


def test_options_of_the_texts_need_texts_of_a_dataset(tmeattn: Any, trained: RunDirectory) -> None:
    assert tmeattn("explain", "a film", "--texts", "sample").refused() == "--texts needs --index. Add --index N."
    assert tmeattn("explain", "a film", "--dataset", "planted").refused().startswith("--dataset needs --index.")
    refused = tmeattn("faithfulness", "--rationales", "x.jsonl", "--split", "test").refused()
    assert refused.startswith("--rationales has texts of its own, so --split has no effect.")


def test_best_lists_a_command_for_each_dataset(tmeattn: Any, trained: RunDirectory) -> None:
    other = RunDirectory(Path(shutil.copytree(trained.path, trained.path.with_name("zzzz-other"))))
    info = json.loads((other.path / "run.json").read_text())
    info["id"], info["data"]["fingerprint"], info["config"]["train"]["dataset"] = "zzzz-other", "g", "another"
    (other.path / "run.json").write_text(json.dumps(info))
    message = tmeattn("explain", "a film", "--run", "best").refused()
    assert message.startswith("best can mean 2 runs, because the accuracies on different datasets cannot be compared")
    assert "tmeattn explain 'a film' --run zzzz-other" in message
    assert f"tmeattn explain 'a film' --run {trained.id}" in message
    assert tmeattn("evaluate", "best", "--dataset", "planted", "--json").json["run"] == trained.id
