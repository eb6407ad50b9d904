"""TOML files: what is wrong with one, and the limits."""

import os
from pathlib import Path

import pytest

from tmeattn import toml_files
from tmeattn.toml_files import read_toml


def test_what_is_wrong_about_a_toml_file_is_said_without_the_words_of_python(tmp_path):
    path = tmp_path / "options.toml"
    for content, problem in (("a = " + "9" * 5000, "thousands of digits"), ("a = " + "[" * 5000, "too deeply")):
        path.write_text(content)
        with pytest.raises(ValueError, match=problem):
            read_toml(path)


def test_a_toml_file_may_begin_with_a_byte_order_mark_and_is_not_deep(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\n")
    assert read_toml(path) == {"a": 1}
    for content, said in (("a = 1".encode("utf-16-le"), "NUL bytes.*UTF-16"), (b"a = '\xe9'", "offset 5 is 0xe9")):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=said):
            read_toml(path)
    for deep in ("a." * 5000 + "b = 1", "x = {" + "'a' . " * 5000 + "b = 1}", "[" + '"a".b.' * 2500 + "b]"):
        path.write_text(deep)
        with pytest.raises(ValueError, match="nested too deeply"):
            read_toml(path)
    path.write_text("a.b.c = 1.5\n" * 1 + "d = '" + "x" * 50_000 + "'\n")
    assert read_toml(path)["a"] == {"b": {"c": 1.5}}


def test_a_toml_file_is_read_within_bounds(tmp_path, monkeypatch):
    path = tmp_path / "options.toml"
    path.write_bytes(b"lr = 0.1\r\n")
    assert read_toml(path) == {"lr": 0.1}
    monkeypatch.setattr(toml_files, "LARGEST_TOML", 4)
    with pytest.raises(ValueError, match="larger than"):
        read_toml(path)
    with pytest.raises(OSError, match="regular file"):
        read_toml(Path(os.devnull))
