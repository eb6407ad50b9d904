"""Labelled files of the user's own: what is read from them, and what is said where they are wrong."""

import json
import os
import threading

import numpy as np
import polars as pl
import pytest

from tmeattn.config import TrainOptions
from tmeattn.data.encoding.corpus import open_corpus
from tmeattn.data.encoding.encode import CorpusSettings
from tmeattn.data.readers import text_store as texts_module
from tmeattn.data.readers.user_files import Reading, dataset_at, imported, tables_in
from tmeattn.data.sources import dataset_of, open_dataset
from tmeattn.errors import BadInput, EnvironmentProblem

ROWS = [(f"text number {i} é", ["bad", "fair", "good"][i % 3]) for i in range(60)]


def write_csv(path, rows=ROWS, header="text,label"):
    lines = [header, *(",".join(f'"{value}"' for value in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_tree(path, rows, prefix=""):
    for number, (text, label) in enumerate(rows):
        file = path / prefix / label / f"{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return path


def read(path, tmp_path, said=None, **how):
    dataset = dataset_at(path, Reading(**how), tmp_path / "cache", (said if said is not None else []).append)
    splits = {name: list(zip(split.texts, split.labels, strict=True)) for name, split in dataset.read().items()}
    return dataset, {name: [(text, dataset.classes[label]) for text, label in rows] for name, rows in splits.items()}


def refused(path, tmp_path, **how):
    with pytest.raises(BadInput) as caught:
        read(path, tmp_path, **how)
    left = list((tmp_path / "cache").iterdir()) if (tmp_path / "cache").exists() else []
    assert not left
    return str(caught.value)


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


def test_it_is_read_once_while_it_stays_the_same(tmp_path, monkeypatch):
    path, said = write_csv(tmp_path / "a.csv"), []
    first, _ = read(path, tmp_path, said)
    assert said == [
        "Reading a.csv: texts from the column 'text', labels from 'label'.",
        "60 texts of a.csv, 3 classes.",
    ]
    with monkeypatch.context() as patch:
        patch.setattr("tmeattn.data.readers.user_files.open_table", lambda *_: pytest.fail("read again"))
        assert read(path, tmp_path)[0].fingerprint == first.fingerprint
    os.utime(path, ns=(1, 1))  # touched, but the same
    assert read(path, tmp_path)[0].fingerprint == first.fingerprint
    write_csv(path, [*ROWS, ("one more", "good")])
    assert read(path, tmp_path)[0].fingerprint != first.fingerprint
    assert read(path, tmp_path, validation=0.5)[0].fingerprint != first.fingerprint


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
        "has no column that looks like the text; it has title, label, genre. Name it with --text-column; if"
        in refused(path, tmp_path / "x")
    )
    said = refused(path, tmp_path / "x", text_column="titel")
    assert said == f"--text-column: {path} has no column 'titel'; it has title, label, genre."
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
    said = []
    assert read(tmp_path / "a.parquet", tmp_path, said)[0].classes == ("1.0", "2.0")
    assert said[-1] == "Passed over 10 rows without a label (first: row 2)."


def test_many_classes(tmp_path):
    rows = [(f"text {i}", f"c{i % 1000}") for i in range(3000)]
    assert len(read(write_csv(tmp_path / "a.csv", rows), tmp_path)[0].classes) == 1000
    rows.append(("one more", "c1000"))
    assert "1,001 different labels in 3,001 rows" in refused(write_csv(tmp_path / "b.csv", rows), tmp_path / "x")


def test_empty_rows_are_passed_over_and_told(tmp_path):
    said = []
    rows = [*ROWS[:5], ("", "good"), ("  ", "good"), ("a text", ""), *ROWS[5:]]
    _, splits = read(write_csv(tmp_path / "a.csv", rows), tmp_path, said)
    assert sorted(splits["train"] + splits["validation"]) == sorted(ROWS)
    assert said[-1] == "Passed over 2 rows without a text (first: line 7) and 1 row without a label (first: line 9)."


def test_a_split_column(tmp_path):
    names = ["train", "Valid", "TEST"]
    rows = [(*row, names[i // 3 % 3]) for i, row in enumerate(ROWS)]
    path = write_csv(tmp_path / "a.csv", rows, "text,label,split")
    _, splits = read(path, tmp_path)
    assert {name: len(rows) for name, rows in splits.items()} == {"train": 21, "validation": 21, "test": 18}
    write_csv(path, [*rows, ("x", "good", "later")], "text,label,split")
    assert "line 62: the split is 'later', not train, validation or test." in refused(path, tmp_path / "x")


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


def test_a_folder_of_tables_that_tell_no_split(tmp_path):
    write_csv(tmp_path / "one.csv")
    assert tables_in(tmp_path) == {None: [tmp_path / "one.csv"]}
    write_csv(tmp_path / "two.csv")
    with pytest.raises(BadInput, match=r"several tables, one\.csv and two\.csv"):
        tables_in(tmp_path)


def test_validation_texts_of_the_users_own_stay_as_they_are(tmp_path):
    for split, rows in (("train", ROWS[:30]), ("val", ROWS[:6]), ("test", ROWS[50:])):
        write_tree(tmp_path / "tree", rows, split)
    _, splits = read(tmp_path / "tree", tmp_path)
    assert sorted(splits["validation"]) == sorted(ROWS[:6])
    assert sorted(splits["train"]) == sorted(ROWS[:30])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text,label\na,1\nb,1\n", "all texts have the label '1', so nothing can be learned"),
        ("text,label\n", "holds no labelled text."),
        ("text,label\n,1\n", "holds no labelled text: 1 row without a text (first: line 2)."),
        ("text,label\na,1\nb,2,3\n", "line 3: 3 fields where the first line has 2."),
        ('text,label\na,1\n"b,2\n', "line 3: a quote is opened in this row and never closed."),
        ("text,label\na,1\nb,2\n", "2 texts, too few for a validation split"),
        ("a,1\nb,2\n", "has no column that looks like the text; it has a, 1."),
        ("text,label,split\na,1,train\nb,2,train\nc,3,test\nd,1,dev\n", "the label '3' stands in 1 test texts"),
        ("text,label,split\na,1,test\nb,2,test\n", "has no texts to train on"),
    ],
)
def test_bad_tables(tmp_path, content, said):
    path = tmp_path / "a.csv"
    path.write_text(content)
    found = refused(path, tmp_path)
    assert said in found
    assert str(path) in found


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": 3, "label": 1}, "line 3: the text is a number, not a text"),
        ({"text": ["a"], "label": 1}, "line 3: the text is a list, not a text"),
        ({"text": "a", "label": [1]}, "line 3: the label is a list, not a number or a name"),
        ({"text": "a", "label": {}}, "line 3: the label is an object"),
        ({"text": "a", "label": "\ud800"}, "line 3: the label is not UTF-8"),
    ],
)
def test_bad_rows(tmp_path, row, said):
    path = tmp_path / "a.jsonl"
    path.write_text(
        "".join(json.dumps(one) + "\n" for one in ({"text": "a", "label": 1}, {"text": "b", "label": 2}, row))
    )
    assert said in refused(path, tmp_path)


def test_another_encoding_is_named_with_its_offset(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("text,label\nun café,1\nb,2\n".encode("latin-1"))
    assert "is not UTF-8: the byte at offset 17 is 0xe9." in refused(path, tmp_path)


def test_odd_texts_survive(tmp_path):
    odd = ["a\0b", "x" * 1_000_000, "\ud800 half", "line\r\nline\u2028line", '"quoted"', "<b>&amp;</b>", "\x1b[31m"]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": text, "label": i % 2}) + "\n" for i, text in enumerate(odd)))
    _, splits = read(path, tmp_path)
    assert sorted(text for rows in splits.values() for text, _ in rows) == sorted(odd)


def test_stored_texts_are_a_sequence(tmp_path):
    store = imported(write_csv(tmp_path / "a.csv"), Reading(), tmp_path / "cache", lambda line: None)
    texts = store.splits["train"].texts
    assert len(texts) == 48
    assert texts[-1] == list(texts)[-1] == texts[-2:][1]
    with pytest.raises(IndexError):
        texts[48]
    found = []
    readers = [threading.Thread(target=lambda: found.append(list(texts))) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert found == [list(texts)] * 8


@pytest.mark.parametrize("damage", ["short", "gone", "manifest"])
def test_a_damaged_store_is_made_again(tmp_path, damage):
    path = write_csv(tmp_path / "a.csv")
    first, rows = read(path, tmp_path)
    (folder,) = (tmp_path / "cache").iterdir()
    victim = folder / ("texts.json" if damage == "manifest" else "texts.bin")
    victim.write_bytes(victim.read_bytes()[:-3])
    if damage == "gone":
        victim.unlink()
    again, same = read(path, tmp_path)
    assert (again.fingerprint, same) == (first.fingerprint, rows)


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(texts_module.np, "save", full)
    with pytest.raises(EnvironmentProblem, match=r"The imported texts cannot be written to .*No space left"):
        read(write_csv(tmp_path / "a.csv"), tmp_path)
    assert not list((tmp_path / "cache").iterdir())


def test_many_at_once(tmp_path):
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


def test_a_name_goes_before_a_folder_and_options_are_for_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_tree(tmp_path / "imdb", ROWS)
    with pytest.raises(EnvironmentProblem, match="The dataset imdb is not here yet"):
        open_dataset("imdb")
    assert open_dataset("./imdb").classes == ("bad", "fair", "good")
    for option in ("text_column", "label_column"):
        with pytest.raises(BadInput, match="is for files of your own"):
            dataset_of(TrainOptions.model_validate({"dataset": "imdb-25k", option: "x"}))
    with pytest.raises(BadInput, match="are for tables"):
        open_dataset("./imdb", text_column="x")
    for name in ("nothing.csv", "./nothing", "a/b"):
        with pytest.raises(BadInput, match="There is no file or folder"):
            open_dataset(name)
