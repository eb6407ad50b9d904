"""Datasets whose labels a user leaves out or merges: files, folders, registered datasets, and runs trained on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from support.user_files import read, refused, write_csv, write_tree

import tmeattn
from tmeattn.cli.main import cli
from tmeattn.config import TrainOptions
from tmeattn.data.edited_dataset import EditedDataset, edited
from tmeattn.data.label_edits import LabelEdits
from tmeattn.data.sources import dataset_of, open_dataset
from tmeattn.data.statistics import describe
from tmeattn.errors import BadInput, UnknownName
from tmeattn.run_config import resolve_run
from tmeattn.specs import Dataset, Split

LABELS = ("good", "Good", "bad", "n/a")
ROWS = [(f"text number {i}", LABELS[i % 4]) for i in range(80)]
EDITS = LabelEdits(("n/a",), ("Good=good",))


def write(tmp_path: Path, kind: str) -> Path:
    if kind == "folder":
        return write_tree(tmp_path / "tree", [(text, label.replace("/", "")) for text, label in ROWS])
    frame = pl.DataFrame(ROWS, schema=["text", "label"], orient="row")
    path = tmp_path / f"a.{kind}"
    if kind == "parquet":
        frame.write_parquet(path)
    elif kind == "jsonl":
        frame.write_ndjson(path)
    else:
        frame.write_csv(path, separator="\t" if kind == "tsv" else ",")
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet", "folder"])
def test_files_of_every_kind(tmp_path: Path, kind: str) -> None:
    narrated: list[str] = []
    missing = "na" if kind == "folder" else "n/a"
    edits = LabelEdits((missing,), EDITS.merge)
    path = write(tmp_path, kind)
    for _ in range(2):  # built, then from the cache
        dataset, splits = read(path, tmp_path, narrated, edits=edits)
        found = [row for split in splits.values() for row in split]
        assert dataset.classes == ("bad", "good")
        assert sorted(found) == sorted((text, label.lower()) for text, label in ROWS if label != "n/a")
        assert isinstance(dataset, EditedDataset)
        assert dataset.edited == {
            "dropped": [{"label": missing, "texts": 20}],
            "merged": [{"label": "Good", "class": "good", "texts": 20}],
        }
        assert list(narrated[-2:]) == [
            f"20 of 80 texts are left out by --drop-label: '{missing}' (20).",
            "Merged 'Good' (20) into the class 'good' (20), which now has 40 texts.",
        ]
    plain, _ = read(path, tmp_path)  # another entry of the cache
    assert len(plain.classes) == 4
    assert plain.fingerprint != dataset.fingerprint


def test_the_same_texts_with_the_labels_written_so_have_the_same_fingerprint(tmp_path: Path) -> None:
    dataset, _ = read(write_csv(tmp_path / "a.csv", ROWS), tmp_path, edits=EDITS)
    rows = [(text, label.lower()) for text, label in ROWS if label != "n/a"]
    assert dataset.fingerprint == read(write_csv(tmp_path / "b.csv", rows), tmp_path)[0].fingerprint


def test_a_label_of_one_split_alone(tmp_path: Path) -> None:
    rows = [(f"text {i}", ["pos", "neg"][i % 2], ["train", "dev", "test"][i % 3]) for i in range(30)]
    rows += [("a", "POS", "test"), ("b", "odd", "test")]
    path = write_csv(tmp_path / "a.csv", rows, "text,label,split")
    assert "1 test text has the label 'POS', but no training text has it" in refused(path, tmp_path)
    _, splits = read(path, tmp_path, edits=LabelEdits(("odd",), ("POS=pos",)))
    assert ("a", "pos") in splits["test"]
    assert "b" not in [text for text, _ in splits["test"]]


def test_one_class_that_is_left_and_unknown_labels_are_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", ROWS)
    for edits, message in (
        (LabelEdits(("n/a,bad",), ("Good=good",)), "leave one class, 'good', of the 4 labels of the data"),
        (LabelEdits(("god",)), "no label of the data (--drop-label) named 'god'. Did you mean good"),
    ):
        assert message in refused(path, tmp_path / str(len(message)), edits=edits)


def test_skipped_rows_are_of_all_rows(tmp_path: Path) -> None:
    narrated: list[str] = []
    read(write_csv(tmp_path / "a.csv", [*ROWS, ("", "bad")]), tmp_path, narrated, edits=EDITS)
    assert "Skipped 1 of 81 rows: 1 row without a text (first: line 82)." in narrated


def test_a_registered_dataset() -> None:
    texts = [text for text, _ in ROWS]
    labels = [LABELS.index(label) for _, label in ROWS]
    splits = {"train": Split(texts[:60], labels[:60]), "validation": Split(texts[60:], labels[60:])}
    dataset, narrated = Dataset("films", LABELS, "f1", lambda: splits), list[str]()
    found = edited(dataset, EDITS, narrated.append)
    assert isinstance(found, EditedDataset)
    assert found.classes == ("good", "bad")
    assert found.fingerprint != dataset.fingerprint
    train = found.read()["train"]
    assert list(train.texts) == [text for text, label in ROWS[:60] if label != "n/a"]
    assert train.texts[2] == "text number 2"
    assert train.texts[1:3] == ["text number 1", "text number 2"]
    assert np.asarray(train.labels).tolist() == [0, 0, 1] * 15
    assert narrated[0].startswith("20 of 80 texts are left out")
    assert edited(dataset, LabelEdits(), narrated.append) is dataset
    with pytest.raises(UnknownName, match="Did you mean good"):
        edited(dataset, LabelEdits(("god",)), narrated.append)


def test_a_built_in_dataset_of_two_classes_is_refused() -> None:
    with pytest.raises(BadInput, match="leaves one class, 'positive', of the 2 labels"):
        dataset_of(TrainOptions(dataset="rotten-tomatoes", drop_label=("negative",)))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"drop_label": "a,b"}, (("a,b",), None)),
        ({"drop_label": ["a", 3]}, (("a", "3"), None)),
        ({"drop_label": ""}, (None, None)),
        ({"drop_label": []}, (None, None)),
        ({"merge_labels": {"A": "a", 1: "one"}}, (None, ("A=a", "1=one"))),
        ({"merge_labels": ("A=a",)}, (None, ("A=a",))),
    ],
)
def test_values_from_python_and_from_files(given: dict[str, object], meant: tuple[object, object]) -> None:
    options = TrainOptions.model_validate(given)
    assert (options.drop_label, options.merge_labels) == meant


def test_a_run_keeps_its_labels(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [(f"a {label} film {text}", label) for text, label in ROWS])
    options = {"vectors": "random", "epochs": 1, "threads": 1, "progress": False}
    model = tmeattn.train("mean", dataset=path, drop_label=["n/a"], merge_labels={"Good": "good"}, **options)
    assert model.classes == ("bad", "good")
    run = model.classifier.run
    assert run.data["labels"]["dropped"] == [{"label": "n/a", "texts": 20}]
    assert run.options["drop_label"] == ["n/a"]
    assert model.evaluate()["texts"] == 12
    other = write_csv(tmp_path / "b.csv", [*ROWS[:8], ("more", "Good"), ("new", "great")])
    document = model.evaluate(dataset=other, merge_labels={"great": "good"})
    assert document["texts"] == 8  # without those of n/a
    assert model.evaluate(dataset=other, drop_labels=["great"])["texts"] == 7
    assert model.evaluate(["a film"], ["Good"])["texts"] == 1
    with pytest.raises(UnknownName, match="Did you mean great"):
        model.evaluate(dataset=other, drop_labels=["graet"])
    assert resolve_run("mean", run.options).train.merge_labels == ("Good=good",)


def test_data_show_has_the_warnings_once(tmp_path: Path) -> None:
    path = str(write_csv(tmp_path / "a.csv", ROWS))
    shown = CliRunner().invoke(cli, ["data", "show", path, "--samples", "0", "--drop-label", "n/a"])
    assert "20 of 80 texts are left out" in shown.stderr
    assert " ".join(shown.output.split()).count("labels that look alike") == 1
    notes: list[str] = []
    found = describe(open_dataset(path, narrate=notes.append), {}, notes=notes)
    assert [line.split(":")[1] for line in found["warnings"]] == [
        " labels that look alike are different classes",
        " a label that stands for no label is a class",
    ]


def test_a_dataset_without_texts_is_refused() -> None:
    empty = Dataset("empty", ("good", "bad", "n/a"), "1", dict)
    with pytest.raises(BadInput, match="Dataset empty"):
        edited(empty, LabelEdits(("n/a",)), print)
