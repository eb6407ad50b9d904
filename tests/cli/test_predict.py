"""`tmeattn predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tmeattn.runs.directory import RunDirectory


def test_predict(tmeattn: Any, trained: RunDirectory) -> None:
    found = tmeattn("predict", "a good film", "a bad film", "--json").json
    assert [(one["text"], one["label"]) for one in found] == [("a good film", "positive"), ("a bad film", "negative")]
    for one in found:
        assert one["probability"] == max(one["probabilities"].values())
        assert sum(one["probabilities"].values()) == pytest.approx(1)
    assert "positive" in tmeattn("predict", "a good film").out


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"good\nbad\n", ["good", "bad"]),
        (b"good\r\nbad", ["good", "bad"]),
        (b"\xef\xbb\xbfgood\n", ["good"]),
        ("a\u2028b\x85c\x0cd\x1ce\nbad".encode(), ["a\u2028b\x85c\x0cd\x1ce", "bad"]),
    ],
)
def test_predict_lines(tmeattn: Any, trained: RunDirectory, tmp_path: Path, data: bytes, lines: list[str]) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes(data)
    assert [one["text"] for one in tmeattn("predict", "--file", str(path), "--json").json] == lines
    for arguments in (["--file", "-"], []):
        assert [one["text"] for one in tmeattn("predict", *arguments, "--json", stdin=data).json] == lines


def test_predict_passes_over_empty_lines_and_says_which(tmeattn: Any, trained: RunDirectory) -> None:
    result = tmeattn("predict", "--json", stdin=b"good\n\nbad\n \t\n")
    assert [one["text"] for one in result.json] == ["good", "bad"]
    assert "empty lines: 2, 4." in result.err


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "There is no text to read."),
        (b"\n", "There is no text to read: every line is empty."),
        (b"good\n\xff\xfe", "is not UTF-8: byte 5 is 0xff."),
    ],
)
def test_predict_refuses(tmeattn: Any, trained: RunDirectory, tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes(data)
    said_of_file, said_of_input = (
        tmeattn("predict", "--file", str(path)).refused(),
        tmeattn("predict", stdin=data).refused(),
    )
    assert said in said_of_file
    assert said in said_of_input
    if "UTF-8" in said:
        assert said_of_file == f"--file: {path} {said}"
        assert said_of_input == f"Standard input {said}"
    assert tmeattn("predict", "good", " ").refused() == "Text 2 is empty."


def test_a_damaged_checkpoint_is_mentioned(tmeattn: Any, trained: RunDirectory) -> None:
    (trained.checkpoints / "best.safetensors").write_bytes(b"damaged")
    result = tmeattn("predict", "good", "--json")
    assert result.json
    assert "The checkpoint best is damaged" in result.err
