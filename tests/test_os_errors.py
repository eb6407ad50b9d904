"""The advice that an error of the operating system gets: it fits the error, in each message."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Any

import pytest
from support import logged_runs

from tmeattn.cli.main import run as run_command
from tmeattn.errors import EnvironmentProblem
from tmeattn.files import disk_errors, read_error
from tmeattn.os_errors import READ_ONLY, ROOM, advice, environment_problem, number_of, reason

ROOT = Path(__file__).parents[1]
NUMBERS = sorted(errno.errorcode)

FITTING = {
    "ENOSPC": "Free some space or choose another folder",
    "EDQUOT": "Free some space or choose another folder",
    "EROFS": "The file system is read-only: choose another folder",
    "EACCES": "Check the permissions or choose another folder",
    "EPERM": "Check the permissions or choose another folder",
    "ENOENT": "Check that the folder exists",
    "ENOTDIR": "Check that the folder exists",
    "ENAMETOOLONG": "Choose a shorter name.",
    "EISDIR": "Choose another name.",
    "EMFILE": "Raise the limit of open files (ulimit -n).",
    "ENFILE": "Close other programs.",
    "ENOMEM": "the memory is full",
    "EFBIG": "ulimit -f",
    "EIO": "Check the disk",
    "ESTALE": "Check the connection to the network folder",
    "EBUSY": "Another program uses it",
    "ELOOP": "links lead in a circle",
}


def failed(name: str) -> OSError:
    number = getattr(errno, name)
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize("name", [name for name in FITTING if hasattr(errno, name)])
def test_the_advice_fits_the_error(name: str, tmp_path: Path) -> None:
    assert FITTING[name] in advice(failed(name))
    with pytest.raises(EnvironmentProblem) as caught, disk_errors("the thing", tmp_path):
        raise failed(name)
    assert caught.value.message == f"Cannot write the thing to {tmp_path}: {os.strerror(getattr(errno, name))}."
    assert caught.value.hint is not None
    assert FITTING[name].removesuffix(".") in caught.value.hint
    assert ("--home" in caught.value.hint) == ("choose another folder" in advice(failed(name)))


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("use", ["write", "read", "delete"])
def test_only_a_full_disk_is_told_to_be_emptied(number: int, use: Any) -> None:
    error = OSError(number, os.strerror(number))
    told = advice(error, use)
    assert told.endswith(".")
    assert ("space" in told) == (number in ROOM)
    assert ("permission" in told) or number not in READ_ONLY - {errno.EROFS}


def test_the_error_numbers_of_other_libraries_are_read() -> None:
    error = OSError("No space left on device (os error 28)")
    assert number_of(error) == errno.ENOSPC
    assert reason(error) == "No space left on device"
    assert "Free some space" in advice(error)
    assert number_of(ValueError("nothing")) is None


@pytest.mark.parametrize(("name", "code"), [("ENOENT", 2), ("EACCES", 2), ("EISDIR", 2), ("EIO", 3), ("EMFILE", 3)])
def test_reading_fails_with_the_code_of_its_cause(name: str, code: int) -> None:
    error = read_error(Path("x y.csv"), failed(name), what="--option: ")
    assert error.exit_code == code
    assert error.message == f"--option: x y.csv cannot be read: {reason(failed(name))}."


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.EMFILE, "Too many open files", "a.txt"), "a.txt: Too many open files. Raise the limit"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device. Free some space"),
        (PermissionError(errno.EACCES, "Permission denied", "a"), "a: Permission denied. Check the permissions"),
        (MemoryError(), "There is not enough memory."),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), "There is not enough"),
    ],
)
def test_an_unexpected_error_of_the_computer_is_no_internal_error(
    error: Exception, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr("tmeattn.cli.main.cli.make_context", fail)
    assert run_command(["models"]) == 3
    assert capsys.readouterr().err.startswith(f"Error: {told}")
    assert environment_problem(FileNotFoundError(errno.ENOENT, "No such file", "x")) is None
    assert environment_problem(RuntimeError("x")) is None


@pytest.mark.parametrize("name", ["ENOSPC", "EROFS", "EACCES", "EMFILE", "EIO"])
def test_each_command_that_writes_gives_the_fitting_advice(
    name: str, isolated: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logged_runs.write_to(isolated / "runs" / "good-lstm-attn")

    def fail(*_: Any, **__: Any) -> None:
        raise failed(name)

    monkeypatch.setattr("tmeattn.files.write_temporary", fail)
    for arguments in (["runs", "rename", "good", "x"], ["config", "set", "threads", "1"]):
        assert run_command(arguments) == 3
        told = capsys.readouterr().err
        assert reason(failed(name)) in told
        assert FITTING[name].removesuffix(".") in told
        assert ("Free some space" in told) == (name == "ENOSPC")


def test_a_run_that_may_not_be_read_is_told_so(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = logged_runs.write_to(isolated / "runs" / "good-lstm-attn")

    def deny(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("tmeattn.files.open_regular", deny)
    monkeypatch.setattr("tmeattn.runs.directory.open_regular", deny)
    with pytest.raises(Exception, match=r"run\.json cannot be read: Permission denied\. Check the permissions\."):
        _ = type(run)(run.path).info


def test_no_other_module_words_this_advice() -> None:
    """Each message asks `advice`: a sentence of its own would be wrong for some errors."""
    own = ROOT / "tmeattn" / "os_errors.py"
    worded = re.compile(r"free some space|error\.strerror", re.IGNORECASE)
    others = [path for path in (ROOT / "tmeattn").rglob("*.py") if path != own]
    found = [path.name for path in others if worded.search(path.read_text(encoding="utf-8"))]
    assert found == ["process.py"]  # standard output, which has no other folder


class Silent(BaseException):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_an_error_without_a_text_has_its_name_as_the_reason() -> None:
    assert reason(Silent()) == "Silent"
    assert reason(ValueError("Too  much.\n")) == "Too much"
    assert number_of(Silent()) is None
    assert environment_problem(Silent()) is None
    assert advice(Silent(), "read") == "Check the path and the permissions."
