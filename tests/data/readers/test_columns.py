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


@pytest.mark.parametrize("header", ["Text, LABEL ,Split", " TEXT,label,SPLIT ", "text,Label, split"])
def test_names_of_columns_have_no_case_and_no_outer_spaces(tmp_path, header):
    names = {"Train": "train", " DEV ": "validation", "Validation": "validation", "val": "validation", "TEST": "test"}
    rows = [(*row, list(names)[i % 5]) for i, row in enumerate(ROWS)]
    _, splits = read(write_csv(tmp_path / "a.csv", rows, header), tmp_path)
    assert {name: len(found) for name, found in splits.items()} == {"train": 12, "validation": 36, "test": 12}
    assert splits["test"] == [row[:2] for row in rows if row[2] == "TEST"]
    path = tmp_path / "a.jsonl"
    keys = header.split(",")
    path.write_text("".join(json.dumps(dict(zip(keys, row, strict=True))) + "\n" for row in rows))
    assert read(path, tmp_path)[1]["test"] == splits["test"]
    pl.DataFrame(dict(zip(keys, zip(*rows, strict=True), strict=True))).write_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", tmp_path)[1]["test"] == splits["test"]
    _, splits = read(path, tmp_path, text_column="tExT", label_column=" label")
    assert len(splits["train"]) == 12


def test_all_unknown_splits_are_listed(tmp_path):
    rows = [(*row, ["train", "later", "train", "", "Holdout"][i % 5]) for i, row in enumerate(ROWS)]
    message = refused(write_csv(tmp_path / "a.csv", rows, "text,label,Split"), tmp_path)
    assert (
        "the column 'Split' has values that are not train, validation or test: 'later' (rows: 12, first: line 3), "
        "no value (rows: 12, first: line 5), 'Holdout' (rows: 12, first: line 6)." in message
    )


def test_unnamed_and_doubled_columns_that_nobody_asked_for(tmp_path):
    path = write_csv(tmp_path / "a.csv", [(label, text, "", "", "") for text, label in ROWS], "v1,v2,,,")
    _, splits = read(path, tmp_path, text_column="v2", label_column="v1")
    assert sorted(splits["train"] + splits["validation"]) == sorted(ROWS)
    path = write_csv(tmp_path / "b.csv", [("1", "2", *row) for row in ROWS], "id,id,text,label")
    assert len(read(path, tmp_path)[1]["train"]) == 48


@pytest.mark.parametrize(
    ("header", "options", "message"),
    [
        ("text,label,label", {}, "2 columns have the name 'label', which is the label"),
        ("text,label,Text", {}, "2 columns can be the text: they have the name 'text' and 'Text'"),
        ("id,id,label", {"text_column": "id"}, "2 columns have the name 'id', which is the text"),
        ("text,label,Split,split", {}, "2 columns can be the split"),
        ("text,", {}, "has no column that looks like the label"),
    ],
)
def test_doubled_columns_that_are_asked_for(tmp_path, header, options, message):
    path = write_csv(tmp_path / "a.csv", [tuple("abcd"[: header.count(",") + 1])], header)
    assert message in refused(path, tmp_path, **options)


def test_a_doubled_name_can_be_chosen_exactly(tmp_path):
    path = write_csv(tmp_path / "a.csv", [("no", text, label) for text, label in ROWS], "Text,text,label")
    assert sorted(read(path, tmp_path, text_column="text")[1]["train"])[0] in ROWS


def test_a_doubled_key_of_json(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = "".join(f'{{"text": "t{i}", "label": {i % 2}, "id": 1, "id": 2}}\n' for i in range(20))
    path.write_text(rows)
    assert len(read(path, tmp_path)[1]["train"]) == 16
    path.write_text(rows + '{"text": "a", "label": 1, "label": 0}\n')
    assert "line 21: it has the key 'label' twice" in refused(path, tmp_path / "x")


def test_the_first_row_may_lack_a_key(tmp_path):
    path, narrated = tmp_path / "a.jsonl", []
    first = '{"text": "not labelled"}\n\n{"note": 1}\n'
    path.write_text(first + "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in ROWS))
    _, splits = read(path, tmp_path, narrated)
    assert sorted(splits["train"] + splits["validation"]) == sorted(ROWS)
    assert narrated[-1] == (
        "Skipped 3 of 63 rows: 1 row without a label (first: line 1), 1 blank line (first: line 2) and "
        "1 row without a text (first: line 3)."
    )


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_tables_that_are_glued_together(tmp_path, ending):
    separator = "," if ending == "csv" else "\t"
    table = ["text,label", *(f"{text},{label}" for text, label in ROWS)]
    path, narrated = tmp_path / f"a.{ending}", []
    path.write_text("\n".join([*table, "\ufeffText,LABEL", *table[1:]]).replace(",", separator))
    dataset, splits = read(path, tmp_path, narrated)
    assert dataset.classes == ("bad", "fair", "good")
    assert len(splits["train"] + splits["validation"]) == 120
    assert narrated[-1] == "Skipped 1 of 121 rows: 1 row with the header again (first: line 62)."
    path.write_text("\n".join([*table, "label,text"]).replace(",", separator))
    assert "line 62: it names the columns again, in another order" in refused(path, tmp_path / "x")


@pytest.mark.parametrize(
    "name", ["SPLIT", " Split ", "split\u200b", "\ufeffSplit", "Ｓｐｌｉｔ", "sp\u00adlit", "split\xa0"]
)
def test_a_split_column_is_found_however_its_name_is_written(tmp_path, name):
    header = f"label,{name},text"
    path = write_csv(
        tmp_path / "a.csv", [(label, ["train", "TEST"][i % 2], text) for i, (text, label) in enumerate(ROWS)], header
    )
    _, splits = read(path, tmp_path)
    assert sorted(splits["test"]) == sorted(ROWS[1::2])


def test_a_column_is_named_in_either_form_of_unicode(tmp_path):
    path = write_csv(tmp_path / "a.csv", ROWS, "te\u0301xte,label")
    _, splits = read(path, tmp_path, text_column="t\u00e9xte")
    assert sorted(splits["train"] + splits["validation"]) == sorted(ROWS)
