"""The name of a file or of a column is a name: never a pattern, a home folder or an address."""

from __future__ import annotations

import gzip
import json
import os
import sys

import polars as pl
import pytest
from support.text_trees import in_tar, in_zip, texts
from support.user_files import ROWS, write_csv, write_tree

from tmeattn.data.readers.tables import open_table
from tmeattn.data.readers.text_input import TextInput
from tmeattn.data.sources import open_dataset
from tmeattn.errors import BadInput
from tmeattn.paths import existing_path

NAMES = [
    "a[1]", "*", "?", "{a,b}", "~x", "~", "$HOME", "%41", "a b", " ", "-", "--help", "a\nb", "year=2020", "s3:",
    "http:",    "a#b?c=d", "ü", "e\u0301", "\u202ea", "a" * 200,
]  # fmt: skip
UNDECODABLE = os.fsdecode(b"caf\xe9")
if sys.platform == "linux":
    NAMES.append(UNDECODABLE)


def write_parquet(path, rows=ROWS):
    frame = pl.DataFrame({"text": [text for text, _ in rows], "label": [label for _, label in rows]})
    with path.open("wb") as file:
        frame.write_parquet(file)
    return path


@pytest.fixture
def decoys(tmp_path):
    """Files that a pattern would match as well."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("a1", "b", "ab", "x"):
        write_csv(folder / f"{name}.csv", [("decoy", "bad")])
        write_parquet(folder / f"{name}.parquet", [("decoy", "bad")])
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_file(decoys, name):
    write_csv(decoys / f"{name}.csv")
    write_parquet(decoys / f"{name}.parquet")
    (decoys / f"{name}.jsonl").write_text(
        "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in ROWS)
    )
    (decoys / f"{name}.tsv.gz").write_bytes(
        gzip.compress("".join(["text\tlabel\n", *(f"{a}\t{b}\n" for a, b in ROWS)]).encode())
    )
    for ending in ("csv", "parquet", "jsonl", "tsv.gz"):
        path = decoys / f"{name}.{ending}"
        table = open_table(path)
        found = [values for _, values in table.select(["text", "label"])]
        assert [tuple(values) for values in found] == ROWS, ending
        assert TextInput(path).read(print) == [text for text, _ in ROWS], ending


@pytest.mark.parametrize(
    "name", ["a[1].parquet", "*.csv", "~x.csv", "?.parquet", "s3:/x.csv", "http:/x/y.parquet", UNDECODABLE + ".csv"]
)
def test_any_name_of_a_dataset(decoys, tmp_path, monkeypatch, name):
    monkeypatch.chdir(decoys)
    path = decoys / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (write_csv if name.endswith("csv") else write_parquet)(path)
    dataset = open_dataset(name.replace(":/", "://"))
    assert sum(len(split.labels) for split in dataset.read().values()) == 60
    assert existing_path(name) == path


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_folder_of_an_archive_and_of_a_class(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    tree = {f"{name}/1.txt": "a", "other/*.txt": "b"}
    write_tree(folder, [("a", name), ("b", "other")])
    assert sorted(texts(folder)) == sorted([(None, name, "a"), (None, "other", "b")])
    if name == UNDECODABLE:
        return  # archives have names in UTF-8
    for make in (in_tar, in_zip):
        path = make(tmp_path, tree).rename(folder / f"{name}.{'zip' if make is in_zip else 'tar.gz'}")
        assert sorted(texts(path)) == sorted([(None, name, "a"), (None, "other", "b")])


@pytest.mark.parametrize("column", ["*", "^.*$", "^t.*$", "text.a", "a[0]", "", " text ", "col('x')"])
def test_any_name_of_a_column(tmp_path, column):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"text": ["decoy"], column: ["right"], "label": ["x"]}).write_parquet(path)
    assert list(open_table(path).select([column])) == [(1, ("right",))]


def test_a_dataset_cannot_be_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "reviews.csv")
    with pytest.raises(BadInput, match="is a pipe or a device, but a dataset is read more than once"):
        open_dataset(str(tmp_path / "reviews.csv"))
