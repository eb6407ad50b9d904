"""Rows that are skipped, classes and splits that are refused, and a full disk."""

from support.user_files import ROWS, read, refused, write_csv, write_tree


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
