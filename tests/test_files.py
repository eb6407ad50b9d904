"""Files are the old ones or the new ones, and JSON survives whatever a user types."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.created_runs import dead_pid

from tmeattn import files
from tmeattn.errors import EnvironmentProblem
from tmeattn.files import disk_errors, read_json, rewrite, to_json, write_atomically


@pytest.mark.parametrize("durable", [False, True])
def test_replaces(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "file"
    for data in (b"old", b"new", b""):
        write_atomically(path, data, durable=durable)
        assert path.read_bytes() == data
        assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208


def test_a_rewrite_removes_what_killed_processes_left_of_the_same_file(tmp_path: Path) -> None:
    kept = [f".other.{dead_pid()}.tmp", f".file.{os.getppid()}.tmp"]
    for name in (f".file.{dead_pid()}.tmp", *kept):
        (tmp_path / name).touch()
    rewrite(tmp_path / "file", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, "file"])


@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fail(*_: Any, **__: Any) -> None:
        raise full

    opened = Path.open

    def open_full(self: Path, *arguments: Any, **more: Any) -> Any:
        file = opened(self, *arguments, **more)

        class Full:
            def __enter__(self) -> Any:
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

            def write(self, data: bytes) -> None:
                file.write(data[:1])
                raise full

        return Full()

    with monkeypatch.context() as patch:
        if broken == "write":
            patch.setattr(Path, "open", open_full)
        elif broken == "fsync":
            patch.setattr(os, "fsync", fail)
        else:
            patch.setattr(Path, "replace", fail)
        with pytest.raises(OSError, match="No space left"):
            write_atomically(path, b"new content", durable=True)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_atomically(tmp_path / "file", b"new")
    assert list(tmp_path.iterdir()) == []


def test_disk_errors_name_what_and_where(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem) as caught, disk_errors("the thing", tmp_path / "thing"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.message == f"Cannot write the thing to {tmp_path / 'thing'}: No space left on device."
    assert "--home" in (caught.value.hint or "")
    assert caught.value.exit_code == 3
    with pytest.raises(ValueError, match="mine"), disk_errors("the thing", tmp_path):
        raise ValueError("mine")


@pytest.mark.parametrize("name", ["é 映画 😀", "\ud800 alone", "\x1b[31m", "line\nbreak\u2028"])
def test_json_keeps_any_text(tmp_path: Path, name: str) -> None:
    path = tmp_path / "meta.json"
    path.write_bytes(to_json({"name": name}))
    assert read_json(path) == {"name": name}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b'{"a": "\xff"}', b"[" * 100_000])
def test_damaged_json_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "meta.json"
    path.write_bytes(content)
    assert read_json(path) is None


def test_missing_json_is_none(tmp_path: Path) -> None:
    assert read_json(tmp_path / "none.json") is None
    assert read_json(tmp_path) is None


def test_json_is_readable() -> None:
    assert to_json({"name": "été"}).decode() == json.dumps({"name": "été"}, indent=2, ensure_ascii=False) + "\n"


def test_what_is_wrong_about_a_toml_file_is_said_without_the_words_of_python(tmp_path):
    path = tmp_path / "options.toml"
    for content, problem in (("a = " + "9" * 5000, "thousands of digits"), ("a = " + "[" * 5000, "too deeply")):
        path.write_text(content)
        with pytest.raises(ValueError, match=problem):
            files.read_toml(path)


def test_a_toml_file_is_read_within_bounds(tmp_path, monkeypatch):
    path = tmp_path / "options.toml"
    path.write_bytes(b"lr = 0.1\r\n")
    assert files.read_toml(path) == {"lr": 0.1}
    monkeypatch.setattr(files, "LARGEST_TOML", 4)
    with pytest.raises(ValueError, match="larger than"):
        files.read_toml(path)
    with pytest.raises(OSError, match="regular file"):
        files.read_toml(Path(os.devnull))
