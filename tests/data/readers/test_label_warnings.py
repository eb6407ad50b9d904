"""Labels that look alike, and labels that are numbers of rows."""

import pytest
from support.text_trees import in_zip
from support.user_files import read, refused, write_csv, write_tree

from tmeattn.data.readers.label_warnings import alike, numbers_of_rows


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["1", "1.0", "2"], "'1' and '1.0'"),
        (["1", "01"], "'1' and '01'"),
        (["pos", "Pos", "neg"], "'pos' and 'Pos'"),
        (["caf\u00e9", "cafe\u0301"], r"'caf\xe9' and 'cafe\u0301'"),
        (["pos", "pos\u200b"], r"'pos' and 'pos\u200b'"),
        (["\ufeffpos", "pos"], r"'\ufeffpos' and 'pos'"),
        (["a b", "a\xa0b"], r"'a b' and 'a\xa0b'"),
        (["a b", "a  b"], "'a b' and 'a  b'"),
        (["\uff50\uff4f\uff53", "pos"], "'\uff50\uff4f\uff53' and 'pos'"),
        (["True", "true", "TRUE"], "'True' and 'true' and 'TRUE'"),
    ],
)
def test_labels_that_look_alike_are_named(labels, shown):
    assert alike(labels) == [f"Warning: labels that look alike are different classes: {shown}."]


@pytest.mark.parametrize(
    "labels", [["1", "2", "-1"], ["pos", "neg"], ["a", "ab"], ["nan", "NaNs"], ["1e5", "1e6"], ["c", "c++"]]
)
def test_other_labels(labels):
    assert alike(labels) == []


def test_many_groups_are_counted():
    assert alike([name for i in range(9) for name in (f"a{i}", f"A{i}")])[0].endswith("; and 6 more groups.")


@pytest.mark.parametrize("kind", ["table", "folder", "archive"])
def test_the_warning_is_said_each_time(tmp_path, kind):
    rows = [(f"text {i}", ["pos", "Pos"][i % 2]) for i in range(20)]
    if kind == "table":
        path = write_csv(tmp_path / "a.csv", rows)
    elif kind == "folder":
        path = write_tree(tmp_path / "tree", rows)
    else:
        path = in_zip(tmp_path, {f"{label}/{text}.txt": text for text, label in rows})
    for _ in range(2):
        narrated = []
        read(path, tmp_path, narrated)
        assert narrated[-1] == "Warning: labels that look alike are different classes: 'Pos' and 'pos'."


def test_a_label_that_only_the_tests_have_is_compared(tmp_path):
    rows = [("a", "pos", "train"), ("b", "neg", "train"), ("c", "neg", "dev"), ("d", "POS", "test")]
    message = refused(write_csv(tmp_path / "a.csv", rows, "text,label,split"), tmp_path)
    assert "1 test text has the label 'POS', but no training text has it. Warning: labels that look alike" in message


def test_numbers_of_rows(tmp_path):
    assert [numbers_of_rows(*case) for case in ((60, 60), (40, 60), (30, 60), (7, 7))] == [True, True, False, False]
    rows = [(f"text {i}", str(i)) for i in range(60)]
    assert "has 60 different labels in 60 rows: they look like numbers of rows" in refused(
        write_csv(tmp_path / "a.csv", rows, "text,id"), tmp_path
    )
    narrated = []
    read(write_csv(tmp_path / "b.csv", [*rows, *((f"more {i}", str(i)) for i in range(20))]), tmp_path, narrated)
    assert narrated[-1].startswith(
        "Warning: there are 60 different labels for 80 texts: they look like numbers of rows"
    )
