"""Labels that look alike or stand for no label, classes of few texts, and labels that are numbers of rows."""

import pytest
from support.text_trees import in_zip
from support.user_files import read, refused, write_csv, write_tree

from tmeattn.data.readers.label_warnings import alike, label_warnings, numbers_of_rows


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["1", "1.0", "2"], "'1' (20) and '1.0' (20)"),
        (["1", "01"], "'1' (20) and '01' (20)"),
        (["pos", "Pos", "neg"], "'pos' (20) and 'Pos' (20)"),
        (["caf\u00e9", "cafe\u0301"], r"'caf\xe9' (20) and 'cafe\u0301' (20)"),
        (["pos", "pos\u200b"], r"'pos' (20) and 'pos\u200b' (20)"),
        (["\ufeffpos", "pos"], r"'\ufeffpos' (20) and 'pos' (20)"),
        (["a b", "a\xa0b"], r"'a b' (20) and 'a\xa0b' (20)"),
        (["a b", "a  b"], "'a b' (20) and 'a  b' (20)"),
        (["\uff50\uff4f\uff53", "pos"], "'\uff50\uff4f\uff53' (20) and 'pos' (20)"),
        (["True", "true", "TRUE"], "'True' (20) and 'true' (20) and 'TRUE' (20)"),
        (["bad", "bad."], "'bad' (20) and 'bad.' (20)"),
        (["very good", "very_good", "very-good"], "'very good' (20) and 'very_good' (20) and 'very-good' (20)"),
        (["pos\x07", "pos"], r"'pos\x07' (20) and 'pos' (20)"),
    ],
)
def test_labels_that_look_alike_are_named(labels, shown):
    (warning,) = label_warnings(dict.fromkeys(labels, 20))
    assert warning.startswith(f"Warning: labels that look alike are different classes: {shown}. --merge-labels ")
    assert warning.endswith("makes one class of them.")


def test_the_option_is_as_typed_in_a_shell():
    assert (
        "--merge-labels 'very_good=very good' (or --merge-labels alike) makes"
        in alike({"very good": 30, "very_good": 20})[0]
    )
    assert ". --merge-labels Good,GOOD=good (or" in alike({"Good": 3, "good": 9, "GOOD": 1})[0]
    assert ". --merge-labels alike makes" in alike({"a\xa0b": 9, "a b": 9})[0]


@pytest.mark.parametrize(
    "labels",
    [
        ["1", "2", "-1"], ["pos", "neg"], ["a", "ab"], ["nan.", "NaNs"], ["1e5", "1e6"], ["c", "c++", "c#"], ["+", "-"],
        ["!", "?", "."], ["-1", "0", "1"], ["B-PER", "I-PER", "O"], ["nice", "never", "neutral"], ["yes", "no"],
        ["😀", "-"], ["\U0001f600", "\U0001f620"], ["positive", "negative", "other"],
    ],
)  # fmt: skip
def test_other_labels(labels):
    assert [line for line in label_warnings(dict.fromkeys(labels, 20)) if "nan" not in line] == []


@pytest.mark.parametrize(
    "label",
    ["N/A", "na", "n.a.", "<NA>", "#N/A", "None", "NULL", "nan", "-", "--", "?", "unknown", "(unknown)", "TBD",
     "no_label", "empty", "(blank)", "[missing]", "…", "\uff1f", "Not available"],
)  # fmt: skip
def test_labels_that_stand_for_no_label_are_named(label):
    (warning,) = label_warnings({"good": 20, "bad": 20, label: 12})
    assert warning.startswith("Warning: a label that stands for no label is a class: ")
    assert "(12). --drop-label " in warning
    assert warning.endswith("leaves its 12 texts out.")


def test_several_such_labels_are_one_warning():
    (warning,) = label_warnings({"good": 20, "bad": 20, "?": 12, "n/a": 15})
    assert warning == (
        "Warning: labels that stand for no label are classes: 'n/a' (15), '?' (12). "
        "--drop-label '?' --drop-label n/a leaves their 27 texts out."
    )


def test_classes_of_few_texts_are_named():
    assert label_warnings({"good": 20, "bad": 10}) == []
    assert label_warnings({"good": 20, "fine": 20, "bad": 9}) == [
        "Warning: 1 class has fewer than 10 texts, of which little is learned: 'bad' (9). Give more texts, leave it "
        "out (--drop-label bad), or make one class of several (--merge-labels LABEL,LABEL=CLASS)."
    ]
    assert label_warnings({"good": 2, "bad": 3}) == [
        "Warning: every class has fewer than 10 texts: 'bad' (3), 'good' (2). Give more texts."
    ]
    assert "'bad' (3)" in label_warnings({"good": 30, "bad": 13}, {"good": 30, "bad": 3})[0]
    assert "and 4 more" in label_warnings({"good": 20, **{f"rare {i}": 1 for i in range(12)}})[0]


def test_many_groups_are_counted():
    assert (
        "; and 6 more groups. --merge-labels alike makes one class of each group."
        in alike({name: 20 for i in range(9) for name in (f"a{i}", f"A{i}")})[0]
    )


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
        assert narrated[-1].startswith(
            "Warning: labels that look alike are different classes: 'Pos' (10) and 'pos' (10)"
        )


def test_a_label_that_only_the_tests_have_is_compared(tmp_path):
    rows = [("a", "pos", "train"), ("b", "neg", "train"), ("c", "neg", "dev"), ("d", "POS", "test")]
    path = write_csv(tmp_path / "a.csv", rows, "text,label,split")
    message = refused(path, tmp_path)
    assert "1 test text has the label 'POS', but no training text has it. Warning: labels that look alike" in message
    assert "or leave those texts out: --drop-label POS" in message


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
