"""Texts without labels, from files and from standard input."""

from __future__ import annotations

import io
import sys
from pathlib import Path

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
    assert messages == [f"Skipped 1 of 3 lines: {skipped}."]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"text": "good"}\n')))
    assert TextInput(format="jsonl").read(print) == ["good"]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        TextInput(tmp_path / "none.txt").read(print)
