"""Labelled files of the user: what is read from them, and the errors where they are wrong."""

import json
import os
import threading

import numpy as np
import polars as pl
import pytest
from support.user_files import ROWS, read, refused, write_csv, write_tree

from tmeattn.data.encoding.corpus import open_corpus
from tmeattn.data.encoding.encode import CorpusSettings
from tmeattn.data.readers import user_files
from tmeattn.data.readers.table_folder import tables_in
from tmeattn.data.readers.user_files import ImportOptions
from tmeattn.errors import BadInput


def test_every_format_gives_the_same_dataset(tmp_path):
    paths = [write_csv(tmp_path / "a.csv"), tmp_path / "a.jsonl", tmp_path / "a.parquet", tmp_path / "a.txt"]
    paths[1].write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in ROWS))
    pl.DataFrame({"text": [row[0] for row in ROWS], "label": [row[1] for row in ROWS]}).write_parquet(paths[2])
    paths[3].write_text("".join(f"__label__{label} {text}\n" for text, label in ROWS), encoding="utf-8")
    paths.append(write_tree(tmp_path / "tree", ROWS))
    found = [read(path, tmp_path) for path in paths]
    for dataset, splits in found:
        assert dataset.classes == ("bad", "fair", "good")
        assert sorted(splits["train"] + splits["validation"]) == sorted(ROWS)
        assert sorted(splits["validation"]) == sorted(found[0][1]["validation"])
        assert len(splits["validation"]) == 12
    assert len({dataset.fingerprint for dataset, _ in found[:4]}) == 1
    assert {dataset.name for dataset, _ in found} == {"a.csv", "a.jsonl", "a.parquet", "a.txt", "tree"}


def test_an_unchanged_file_is_read_once(tmp_path, monkeypatch):
    path, narrated = write_csv(tmp_path / "a.csv"), []
    first, _ = read(path, tmp_path, narrated)
    assert narrated == [
        "Reading a.csv: texts from the column 'text', labels from the column 'label'.",
        "Imported 60 texts of 3 classes from a.csv.",
    ]
    with monkeypatch.context() as patch:
        patch.setattr("tmeattn.data.readers.labelled_table.open_table", lambda *_: pytest.fail("read again"))
        assert read(path, tmp_path)[0].fingerprint == first.fingerprint
    os.utime(path, ns=(1, 1))  # touched, but the same
    assert read(path, tmp_path)[0].fingerprint == first.fingerprint
    write_csv(path, [*ROWS, ("one more", "good")])
    assert read(path, tmp_path)[0].fingerprint != first.fingerprint
    assert read(path, tmp_path, validation=0.5)[0].fingerprint != first.fingerprint


@pytest.mark.parametrize(
    "names", [["train.csv", "valid.csv", "test.csv"], ["data/train-00000-of-00001.csv", "data/test-0.csv"]]
)
def test_a_folder_of_tables(tmp_path, names):
    folder = tmp_path / "films"
    (folder / "data").mkdir(parents=True)
    for at, name in enumerate(names):
        write_csv(folder / name, ROWS[at * 15 : at * 15 + 15])
    (folder / "README.md").write_text("about")
    _, splits = read(folder, tmp_path)
    assert splits["test"] == ROWS[15 * (len(names) - 1) :][:15]
    assert len(splits["train"]) == (15 if "valid.csv" in names else 12)
    assert set(splits["train"] + splits["validation"] + splits["test"]) == set(ROWS[: 15 * len(names)])


def test_a_folder_of_tables_without_splits_in_their_names(tmp_path):
    write_csv(tmp_path / "one.csv")
    assert tables_in(tmp_path) == {None: [tmp_path / "one.csv"]}
    write_csv(tmp_path / "two.csv")
    with pytest.raises(BadInput, match=r"several tables whose names give no split, such as one\.csv and two\.csv"):
        tables_in(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,label\na,1\nb,1\n", "all texts have the label '1', so a model cannot learn anything"),
        ("text,label\n", "contains no text with a label."),
        ("text,label\n,1\n", "contains no text with a label: it has 1 row without a text (first: line 2)."),
        ("text,label\na,1\nb,2,3\n", "line 3: it has 3 fields, but the first line has 2."),
        ('text,label\na,1\n"b,2\n', "line 3: this row opens a quote and never closes it."),
        ("text,label\na,1\nb,2\n", "2 texts, which are too few for a validation split"),
        ("a,1\nb,2\n", "has no column that looks like the text; its columns are a, 1."),
        (
            "text,label,split\na,1,train\nb,2,train\nc,3,test\nd,1,dev\n",
            "1 test text has the label '3', but no training text has it",
        ),
        ("text,label,split\na,1,test\nb,2,test\n", "has no training texts"),
    ],
)
def test_bad_tables(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_text(content)
    found = refused(path, tmp_path)
    assert message in found
    assert str(path) in found


def test_another_encoding_is_named_with_its_offset(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("text,label\nun café,1\nb,2\n".encode("latin-1"))
    assert "is not UTF-8: the byte at offset 17 is 0xe9." in refused(path, tmp_path)


def test_concurrent_imports_share_one_store(tmp_path):
    path, found = write_csv(tmp_path / "a.csv"), []

    def work():
        dataset, _ = read(path, tmp_path)
        found.append(open_corpus(dataset, CorpusSettings(), None, tmp_path / "cache").fingerprint)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
    assert sorted(entry.name.partition("-")[0] for entry in (tmp_path / "cache").iterdir()) == ["corpus", "texts"]


def test_encodes_from_disk_as_from_memory(tmp_path):
    dataset, splits = read(write_csv(tmp_path / "a.csv"), tmp_path)
    corpus = open_corpus(dataset, CorpusSettings(), None, tmp_path / "cache")
    words = corpus.vocabulary.words
    for name in ("train", "validation"):
        split = corpus.splits[name]
        for (text, label), a, b, code in zip(
            splits[name], split.offsets, split.offsets[1:], split.labels, strict=False
        ):
            known = [word if word in words else "<unk>" for word in text.split()]
            assert [words[token] for token in split.tokens[a:b]] == known
            assert dataset.classes[code] == label
        assert split.labels.dtype == np.int64


def test_a_file_that_was_replaced_with_the_same_size_and_time_is_read_again(tmp_path, monkeypatch):
    path = write_csv(tmp_path / "a.csv")
    first, _ = read(path, tmp_path)
    times = path.stat()
    path.write_text(path.read_text(encoding="utf-8").replace('"good"', '"fine"'), encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    second, _ = read(path, tmp_path)
    assert (first.classes, second.classes) == (("bad", "fair", "good"), ("bad", "fair", "fine"))


def test_every_changed_file_of_a_large_folder_changes_the_key(tmp_path, monkeypatch):
    monkeypatch.setattr(user_files, "MOST_HASHED_FILES", 2)
    tree = write_tree(tmp_path / "tree", ROWS[:12])
    keys = {user_files._key(tree, ImportOptions())}
    for path in sorted(tree.rglob("*.txt")):
        times = path.stat()
        path.write_text(path.read_text(encoding="utf-8")[::-1], encoding="utf-8")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        keys.add(user_files._key(tree, ImportOptions()))
    assert len(keys) == 13
