"""Rows that are skipped, classes and splits that are refused, and bounds."""

import errno
import os
from types import SimpleNamespace

import polars as pl
import pytest
from support.user_files import ROWS, read, refused, write_csv, write_tree

from tmeattn.data.readers import text_writer
from tmeattn.errors import BadInput, EnvironmentProblem


def test_many_classes(tmp_path):
    rows = [(f"text {i}", f"c{i % 1000}") for i in range(3000)]
    assert len(read(write_csv(tmp_path / "a.csv", rows), tmp_path)[0].classes) == 1000
    rows.append(("one more", "c1000"))
    assert "1,001 different labels in 3,001 rows" in refused(write_csv(tmp_path / "b.csv", rows), tmp_path / "x")


def test_empty_rows_are_skipped_and_counted(tmp_path):
    narrated = []
    rows = [*ROWS[:5], ("", "good"), ("  ", "good"), ("a text", ""), *ROWS[5:]]
    _, splits = read(write_csv(tmp_path / "a.csv", rows), tmp_path, narrated)
    assert sorted(splits["train"] + splits["validation"]) == sorted(ROWS)
    assert narrated[-1] == (
        "Skipped 3 of 63 rows: 2 rows without a text (first: line 7) and 1 row without a label (first: line 9)."
    )


def test_a_validation_split_is_kept(tmp_path):
    for split, rows in (("train", ROWS[:30]), ("val", ROWS[:6]), ("test", ROWS[50:])):
        write_tree(tmp_path / "tree", rows, split)
    _, splits = read(tmp_path / "tree", tmp_path)
    assert sorted(splits["validation"]) == sorted(ROWS[:6])
    assert sorted(splits["train"]) == sorted(ROWS[:30])


def test_the_names_of_classes_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setenv("TMEATTN_MAX_TEXT_MIB", "1")
    long = [(f"text {i}", f"{i}" + "x" * 200_000) for i in range(8)]
    with pytest.raises(BadInput, match=r"line 2: the label .* 200,001 characters.*--label-column"):
        read(write_csv(tmp_path / "long.csv", long), tmp_path)
    many = [(f"text {i}", f"{i}" + "x" * 990) for i in range(1200)]
    with pytest.raises(BadInput, match=r"has more than 1,0.. different labels"):
        read(write_csv(tmp_path / "many.csv", many), tmp_path)


def test_a_parquet_file_that_unpacks_to_more_than_its_size_allows(tmp_path, monkeypatch):
    monkeypatch.setattr("tmeattn.limits.FREE_EXPANSION", 10**6)
    rows = {"text": [f"{'a fine text ' * 100}{i % 3}" for i in range(9000)], "label": [i % 2 for i in range(9000)]}
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(BadInput, match="unpacks to more than 100 times its size"):
        read(tmp_path / "a.parquet", tmp_path)


def test_a_text_that_is_too_long_and_a_full_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("TMEATTN_MAX_TEXT_MIB", "1")
    with text_writer.TextWriter(tmp_path, "mine.csv") as writer:
        with pytest.raises(BadInput, match=r"mine\.csv, line 7: the text is longer than 1 MiB"):
            writer.add("x" * (4 * 2**20 + 1), "good", None, "line 7")
        assert len(writer) == 0
        writer.add("a film", "good", None, "line 8")
        assert len(writer) == 1

        def fail(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr(writer, "_file", SimpleNamespace(write=fail, close=writer._file.close))
            with pytest.raises(EnvironmentProblem, match="No space left on device"):
                writer.add("another film", "good", None, "line 9")
            assert len(writer) == 1
