"""Files are the old ones or the new ones, and JSON survives whatever a user types."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.created_runs import dead_pid

from tmeattn import files
from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.files import check_place, disk_errors, read_json, rewrite, to_json, write_atomically


@pytest.mark.parametrize("durable", [False, True])
def test_replaces(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "file"
    for data in (b"old", b"new", b""):
        write_atomically(path, data, durable=durable)
        assert path.read_bytes() == data
        assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208


def test_a_place_is_free_where_nothing_is_and_its_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("")
    Path("link").symlink_to("nowhere")
    for taken in ("file", "link"):
        with pytest.raises(BadInput, match=f"^{taken} exists already. Choose another name or add --force.$"):
            check_place(Path(taken), replaces=False)
        check_place(Path(taken), replaces=True)
    check_place(Path("new"), replaces=False)
    for force in (False, True):
        with pytest.raises(BadInput, match=f"^There is no folder {tmp_path / 'none'}. Create it, or choose another.$"):
            check_place(Path("none/new"), replaces=force)


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


class Faults:
    """`os` with a few functions of another system."""

    def __init__(self, **replaced: Any) -> None:
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


def raising(error: BaseException) -> Any:
    def fail(*arguments: Any) -> Any:
        raise error

    return fail


def test_a_folder_that_cannot_be_synced_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "os", Faults(name="nt"))
    files.sync_folder(tmp_path / "not even there")
    monkeypatch.setattr(files, "os", Faults(open=raising(PermissionError())))
    files.sync_folder(tmp_path)
    monkeypatch.setattr(files, "os", Faults(fsync=raising(OSError(errno.EINVAL, "no folders"))))
    files.sync_folder(tmp_path)
    monkeypatch.setattr(files, "os", Faults(fsync=raising(OSError(errno.EIO, "faulty disk"))))
    with pytest.raises(OSError, match="faulty disk"):
        files.sync_folder(tmp_path)


def leftovers(folder: Path, pid: int, age: float) -> bool:
    """Whether a temporary file of a process is kept, which was written so many seconds ago."""
    path = folder / f".file.{pid}.tmp"
    path.touch()
    os.utime(path, (time.time() - age,) * 2)
    files.remove_leftovers(folder)
    return path.exists()


def test_leftovers_of_processes_that_exist_are_kept_for_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert leftovers(tmp_path, os.getppid(), 0)
    assert not leftovers(tmp_path, os.getppid(), files.ABANDONED + 60)
    assert not leftovers(tmp_path, 0, 0)
    assert not leftovers(tmp_path, dead_pid(), 0)
    assert not leftovers(tmp_path, 9_999_999_999, 0)
    monkeypatch.setattr(files, "os", Faults(kill=raising(PermissionError())))  # a process of another user
    assert leftovers(tmp_path, 12345, 0)
    monkeypatch.setattr(files, "os", Faults(name="nt"))
    assert leftovers(tmp_path, dead_pid(), 0)


def test_leftovers_of_an_earlier_process_with_the_same_number_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_STARTED", time.time() - 60)
    assert leftovers(tmp_path, os.getpid(), 0)
    assert not leftovers(tmp_path, os.getpid(), 120)


def folder_with(path: Path, content: str) -> Path:
    path.mkdir()
    (path / "content").write_text(content)
    return path


@pytest.mark.parametrize("system", ["exchange", "no such function", "no library", "other system"])
def test_a_folder_takes_the_place_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    if system == "no such function":
        monkeypatch.setattr(files.ctypes, "CDLL", lambda name: object())
    if system == "no library":
        monkeypatch.setattr(files.ctypes, "CDLL", raising(OSError()))
    if system == "other system":
        monkeypatch.setattr(files, "sys", SimpleNamespace(platform="darwin"))
    place = folder_with(tmp_path / "place", "old")
    files.publish(folder_with(tmp_path / "fresh", "new"), place)
    assert (place / "content").read_text() == "new"
    assert list(tmp_path.iterdir()) == [place]


def test_a_folder_takes_the_place_of_a_link(tmp_path: Path) -> None:
    target = folder_with(tmp_path / "target", "old")
    place = tmp_path / "place"
    place.symlink_to(target)
    files.publish(folder_with(tmp_path / "fresh", "new"), place)
    assert not place.is_symlink()
    assert [(folder / "content").read_text() for folder in (place, target)] == ["new", "old"]


def test_the_old_folder_comes_back_where_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "sys", SimpleNamespace(platform="darwin"))
    place = folder_with(tmp_path / "place", "old")
    with pytest.raises(FileNotFoundError):
        files.publish(tmp_path / "nothing", place)
    assert (place / "content").read_text() == "old"
    assert list(tmp_path.iterdir()) == [place]


def test_json_that_python_can_read_and_not_write_is_refused() -> None:
    deep = files.DEEPEST_JSON
    assert files.parse_json("[" * deep + "]" * deep) is not None
    for text, problem in (
        ("[" * (deep + 1) + "]" * (deep + 1), "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
        ("[1e999]", "a number is too large"),
        (f"[{2**63}]", "a number is too large"),
        ("[NaN]", "NaN is no finite number"),
    ):
        with pytest.raises(ValueError, match=problem):
            files.parse_json(text)
