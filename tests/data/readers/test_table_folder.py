"""Folders of tables: the same table twice, other files beside the tables, and tests without labels."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest
from support.user_files import ROWS, read, refused, write_csv, write_tree

from tmeattn.data.readers.skip_count import SkipCount
from tmeattn.data.readers.table_folder import tables_in
from tmeattn.errors import BadInput


def touch(folder, names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"text,label\n{name},1\n")
    return folder


@pytest.mark.parametrize(
    "names",
    [
        ["train.csv", "train.jsonl"],
        ["train.csv", "Train.csv.gz"],
        ["train.csv", "training.csv"],
        ["train.csv", "train-00000-of-00001.parquet"],
        ["train.csv", "train (1).csv"],
        ["train-1.csv", "train-2.csv", "train.csv"],
        ["train.csv", "dev.csv", "validation.csv"],
        ["data/train.csv", "data/test.jsonl", "data/test.csv"],
    ],
)
def test_the_same_table_twice_is_refused(tmp_path, names):
    with pytest.raises(BadInput, match=r"contains \S+( \(1\)\.csv)? and .*, which may be the same texts twice"):
        tables_in(touch(tmp_path, names))


@pytest.mark.parametrize("names", [["train-1.csv", "train-2.csv"], ["train_en.csv", "train_fr.csv", "test.jsonl"]])
def test_parts_of_a_split_are_read(tmp_path, names):
    assert [file.name for files in tables_in(touch(tmp_path, names)).values() for file in files] == names


def test_what_is_beside_the_tables_is_counted(tmp_path):
    others = ["README.md", "extra.csv", "old/train.csv", ".git/x", "LICENSE", "notes.txt"]
    skips = SkipCount()
    assert tables_in(touch(tmp_path, ["train.csv", *others]), skips) == {"train": [tmp_path / "train.csv"]}
    assert skips.total == len(others)
    assert "1 table whose name gives no split (first: extra.csv)" in str(skips)
    assert "1 table in other folders (first: old/train.csv)" in str(skips)
    assert "1 hidden folder (first: .git)" in str(skips)
    assert "1 file with the ending .md (first: README.md)" in str(skips)


def test_a_stray_table_beside_folders_of_classes_is_not_the_dataset(tmp_path):
    tree, narrated = write_tree(tmp_path / "tree", ROWS), []
    (tree / "metadata.json").write_text('{\n "homepage": "x"\n}\n')
    (tree / "README").write_text("x")
    (tree / "index.csv").write_text("x")
    _, splits = read(tree, tmp_path, narrated)
    assert sorted(splits["train"] + splits["validation"]) == sorted(ROWS)
    assert narrated[-1].startswith("Skipped 3 of 63 files: ")
    write_csv(tree / "train.csv")
    assert "contains the table train.csv and also folders of classes" in refused(tree, tmp_path / "x")


def folder_with_test(tmp_path, header, rows):
    write_csv(tmp_path / "d/train.csv") if (tmp_path / "d").mkdir() is None else None
    write_csv(tmp_path / "d/test.csv", rows, header)
    return tmp_path / "d"


@pytest.mark.parametrize(
    ("header", "rows"),
    [("text", [("a b",), ("c",)]), ("id,text", [("1", "a b"), ("2", "c")]), ("text,ID", [("a", "1")] * 2)],
)
def test_a_test_table_without_labels(tmp_path, header, rows):
    narrated = []
    _, splits = read(folder_with_test(tmp_path, header, rows), tmp_path, narrated)
    assert sorted(splits) == ["train", "validation"]
    assert "test.csv has no labels, so its 2 test texts are left out: classify them with tmeattn predict." in narrated
    assert narrated[-1] == "Skipped 2 of 62 rows: 2 test rows in a table without labels (first: test.csv, line 2)."


def test_the_label_of_the_test_table_is_that_of_the_training_table(tmp_path):
    (tmp_path / "d").mkdir()
    write_csv(tmp_path / "d/train.csv", ROWS, "text,genre")
    write_csv(tmp_path / "d/test.csv", ROWS[:6], "Text, Genre")
    assert read(tmp_path / "d", tmp_path)[1]["test"] == ROWS[:6]


def test_published_test_splits_have_the_label_minus_one(tmp_path):
    (tmp_path / "d").mkdir()
    frame = pl.DataFrame({"text": [text for text, _ in ROWS], "label": [i % 2 for i in range(len(ROWS))]})
    frame.write_parquet(tmp_path / "d/train.parquet")
    frame.with_columns(label=pl.lit(-1)).write_parquet(tmp_path / "d/test.parquet")
    narrated = []
    dataset, splits = read(tmp_path / "d", tmp_path, narrated)
    assert (dataset.classes, sorted(splits)) == (("0", "1"), ["train", "validation"])
    assert "60 test rows with the label -1, which stands for none" in narrated[-1]


def test_a_table_of_a_split_with_rows_of_another_is_refused(tmp_path):
    (tmp_path / "d").mkdir()
    write_csv(
        tmp_path / "d/train.csv",
        [(*row, "TEST" if i == 5 else "train") for i, row in enumerate(ROWS)],
        "text,label,Split",
    )
    assert "train.csv, line 7: the split is 'TEST', but the file is that of the train texts" in refused(
        tmp_path / "d", tmp_path / "x"
    )


def test_rows_of_a_table_without_a_label_are_counted_by_file(tmp_path):
    (tmp_path / "d").mkdir()
    write_csv(tmp_path / "d/train.csv")
    (tmp_path / "d/test.jsonl").write_text(
        "".join(json.dumps({"text": text, "label": None}) + "\n" for text, _ in ROWS)
    )
    narrated = []
    assert "test" not in read(tmp_path / "d", tmp_path, narrated)[1]
    assert narrated[-1] == "Skipped 60 of 120 rows: 60 rows without a label (first: test.jsonl, line 1)."


@pytest.mark.parametrize("make", ["link", "hard link", "copy"])
@pytest.mark.parametrize("names", [("train-1.csv", "train-2.csv"), ("train.csv", "test.csv")])
def test_one_table_under_two_names_is_refused(tmp_path, names, make):
    first, second = write_csv(tmp_path / names[0]), tmp_path / names[1]
    {"link": second.symlink_to, "hard link": second.hardlink_to, "copy": lambda path: shutil.copy(path, second)}[make](
        first
    )
    with pytest.raises(BadInput, match=r"contains \S+ and \S+, which are the same texts twice"):
        tables_in(tmp_path)


def test_tables_of_one_size_are_read(tmp_path):
    write_csv(tmp_path / "train-1.csv", ROWS[:1])
    write_csv(tmp_path / "train-2.csv", ROWS[1:2])
    assert (tmp_path / "train-1.csv").stat().st_size != 0
    assert [path.name for path in tables_in(tmp_path)["train"]] == ["train-1.csv", "train-2.csv"]
