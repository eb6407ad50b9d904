"""Texts without labels, from files and from standard input."""

from __future__ import annotations

import gzip
import io
import os
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from tmeattn.data.readers.text_input import TextInput
from tmeattn.errors import BadInput


@pytest.mark.parametrize(
    ("name", "content", "skipped"),
    [
        ("a.txt", "good\n\nbad\n", "1 blank line (first: line 2)"),
        ("a.csv", "id,text\n1,good\n2,\n3,bad\n", "1 row without a text (first: line 3)"),
        ("a", "good\r\n \r\nbad", "1 blank line (first: line 2)"),
    ],
)
def test_empty_texts_are_left_out_with_a_message(tmp_path: Path, name: str, content: str, skipped: str) -> None:
    (tmp_path / name).write_text(content)
    messages: list[str] = []
    assert TextInput(tmp_path / name).read(messages.append) == ["good", "bad"]
    assert messages == [f"Skipped 1 of 3 rows: {skipped}."]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"text": "good"}\n')))
    assert TextInput(format="jsonl").read(print) == ["good"]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        TextInput(tmp_path / "none.txt").read(print)


@pytest.mark.parametrize(
    ("kind", "content"), [("txt", "good\nbad\n"), ("csv", "text\ngood\nbad\n"), (None, "good\nbad")]
)
def test_a_pipe_is_read_once(tmp_path: Path, kind: str | None, content: str) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=(content,))
    writer.start()
    assert TextInput(path, kind).read(print) == ["good", "bad"]
    writer.join()


def test_a_compressed_pipe_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe.jsonl.gz"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(gzip.compress(b'{"text": "good"}\n'),))
    writer.start()
    assert TextInput(path).read(print) == ["good"]
    writer.join()


def test_labels_of_lines_are_no_words(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("__label__pos\tgood one\n  bad __label__neg\nno label\n")
    assert TextInput(tmp_path / "a.txt").read(print) == ["good one", "bad", "no label"]
    (tmp_path / "a.txt").write_text("plain\ngood __label__pos\n")
    with pytest.raises(BadInput, match="line 2: it has a label, the first line none"):
        TextInput(tmp_path / "a.txt").read(print)


def test_what_is_held_in_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tmeattn.data.readers.text_input.MOST_HELD", 2**20)
    (tmp_path / "many.txt").write_text("a\n" * 20_000)
    with pytest.raises(BadInput, match=r"more texts than are read at once \(1 MiB\).*--output FILE"):
        TextInput(tmp_path / "many.txt").read(print)


def test_a_terminal_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    with pytest.raises(BadInput) as caught:
        TextInput(Path("-")).read(lambda line: None)
    assert caught.value.message == "There is no text to read."
    assert caught.value.hint == "Give a text or --file FILE, or pipe texts in."


def test_a_column_of_any_name_is_that_of_the_texts_where_it_is_the_only_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("opinion\ngood\nbad\n")
    assert TextInput(tmp_path / "a.csv").read(lambda line: None) == ["good", "bad"]


def test_a_first_line_that_may_be_a_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("A wonderful film.\nA bad film.\n")
    said: list[str] = []
    assert TextInput(path).read(said.append) == ["A bad film."]
    assert said == [
        "The first line of a.csv, 'A wonderful film.', is read as the name of the column. If it is a text, add a first "
        "line with the name, such as text, or use --format txt."
    ]
    said.clear()
    assert TextInput(path, column="a wonderful film.").read(said.append) == ["A bad film."]
    path.write_text("Review\nA bad film.\n")
    assert TextInput(path).read(said.append) == ["A bad film."]
    assert said == []
