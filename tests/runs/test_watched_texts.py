"""The user's texts on a watch list: what can be watched, and the file that keeps it."""

import pytest
from support.logged_runs import write_run

from tmeattn.errors import BadInput
from tmeattn.runs import watched_texts
from tmeattn.runs.watched_texts import FILE, MOST_CHARACTERS, MOST_TEXTS, add, added_texts, chosen_texts, remove

__all__ = ["write_run"]


def test_texts_are_added_once_in_their_order_and_removed(write_run):
    run = write_run("abcd-mean", model="mean", done=0)
    assert added_texts(run) == []
    before = watched_texts.stamp(run)
    add(run, "  a dull film ", "negative")
    add(run, "[b]fine[/b]")
    assert watched_texts.stamp(run) != before
    assert added_texts(run) == [{"text": "a dull film", "label": "negative"}, {"text": "[b]fine[/b]", "label": None}]
    with pytest.raises(BadInput, match="already"):
        add(run, "a dull film")
    assert remove(run, "a dull film")
    assert not remove(run, "a dull film")
    assert [each["text"] for each in added_texts(run)] == ["[b]fine[/b]"]


def test_empty_long_and_too_many_texts_are_refused(write_run):
    run = write_run("abcd-mean", model="mean", done=0)
    for text in ("", " \n", "x" * (MOST_CHARACTERS + 1)):
        with pytest.raises(BadInput):
            add(run, text)
    for number in range(MOST_TEXTS):
        add(run, f"text {number}")
    with pytest.raises(BadInput, match=f"13 texts of your own, but at most {MOST_TEXTS}"):
        add(run, "one more")


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"format": 2, "texts": []}', b'{"format": 1, "texts": [{}]}'])
def test_a_damaged_file_is_named(write_run, content):
    run = write_run("abcd-mean", model="mean", done=0)
    (run.path / FILE).write_bytes(content)
    with pytest.raises(BadInput, match=r"watch\.json is damaged"):
        added_texts(run)


def test_typed_texts_come_before_the_lines_of_a_file(tmp_path):
    file = tmp_path / "texts.txt"
    file.write_bytes("\ufeffone\r\n\r\nzwei ü\ntyped\n".encode())
    assert chosen_texts(["typed"], file) == ["typed", "one", "zwei ü"]
    file.write_bytes(b"fine\nnot \xff\n")
    with pytest.raises(BadInput, match="no UTF-8, at byte 9"):
        chosen_texts([], file)
    file.write_text("\n \n")
    with pytest.raises(BadInput, match="has no text"):
        chosen_texts([], file)
    file.write_text("fine\n" + "x" * (MOST_CHARACTERS + 1))
    with pytest.raises(BadInput, match="line 2"):
        chosen_texts([], file)
