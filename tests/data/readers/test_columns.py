"""Columns of text, label and split: guessed, named, and with wrong values."""

import json

import polars as pl
import pytest
from support.user_files import ROWS, read, refused, write_csv


@pytest.mark.parametrize(
    "header", ["Review,SENTIMENT", "label,text", "id,text,label,score", "sentence,stars", "x,label"]
)
def test_columns_are_guessed(tmp_path, header):
    names = header.lower().split(",")
    text = next(i for i, name in enumerate(names) if name in ("review", "text", "sentence", "x"))
    label = next(i for i, name in enumerate(names) if name in ("sentiment", "label", "stars"))
    rows = [[row[0] if i == text else row[1] if i == label else "7" for i in range(len(names))] for row in ROWS]
    _, splits = read(write_csv(tmp_path / "a.csv", rows, header), tmp_path)
    assert sorted(splits["train"] + splits["validation"]) == sorted(ROWS)


def test_columns_are_named(tmp_path):
    path = write_csv(tmp_path / "a.csv", [(text, "0", label) for text, label in ROWS], "title,label,genre")
    _, splits = read(path, tmp_path, text_column="title", label_column="genre")
    assert sorted(splits["train"] + splits["validation"]) == sorted(ROWS)
    assert (
        "has no column that looks like the text; its columns are title, label, genre. "
        "Name it with --text-column. If" in refused(path, tmp_path / "x")
    )
    message = refused(path, tmp_path / "x", text_column="titel")
    assert message == f"--text-column: {path} has no column 'titel'. Its columns are title, label, genre."
    assert "are both the column" in refused(path, tmp_path / "x", text_column="label")


def test_labels_of_any_type(tmp_path):
    path = tmp_path / "a.jsonl"
    labels = [10, 9, 2]
    path.write_text("".join(json.dumps({"text": f"t{i}", "label": labels[i % 3]}) + "\n" for i in range(30)))
    assert read(path, tmp_path)[0].classes == ("2", "9", "10")  # numbers in their order
    path.write_text("".join(json.dumps({"text": f"t{i}", "label": i % 2 == 0}) + "\n" for i in range(30)))
    assert read(path, tmp_path)[0].classes == ("False", "True")
    frame = pl.DataFrame(
        {"text": [f"t{i}" for i in range(30)], "label": [1.0, None, float("nan")] * 5 + [2.0, 1.0, 2.0] * 5}
    )
    frame.write_parquet(tmp_path / "a.parquet")
    narrated = []
    assert read(tmp_path / "a.parquet", tmp_path, narrated)[0].classes == ("1.0", "2.0")
    assert narrated[-1] == "Skipped 10 of 30 rows: 10 rows without a label (first: row 2)."


def test_a_split_column(tmp_path):
    names = ["train", "Valid", "TEST"]
    rows = [(*row, names[i // 3 % 3]) for i, row in enumerate(ROWS)]
    path = write_csv(tmp_path / "a.csv", rows, "text,label,split")
    _, splits = read(path, tmp_path)
    assert {name: len(rows) for name, rows in splits.items()} == {"train": 21, "validation": 21, "test": 18}
    write_csv(path, [*rows, ("x", "good", "later")], "text,label,split")
    message = refused(path, tmp_path / "x")
    assert "'split' has values that are not train, validation or test: 'later' (rows: 1, first: line 62)" in message


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": 3, "label": 1}, "line 3: the text is a number, not a string"),
        ({"text": ["a"], "label": 1}, "line 3: the text is a list, not a string"),
        ({"text": "a", "label": [1]}, "line 3: the label is a list, not a number or a string"),
        ({"text": "a", "label": {}}, "line 3: the label is an object"),
        ({"text": "a", "label": "\ud800"}, "line 3: the label is not UTF-8"),
    ],
)
def test_bad_rows(tmp_path, row, message):
    path = tmp_path / "a.jsonl"
    path.write_text(
        "".join(json.dumps(one) + "\n" for one in ({"text": "a", "label": 1}, {"text": "b", "label": 2}, row))
    )
    assert message in refused(path, tmp_path)
