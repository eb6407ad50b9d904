"""The standard streams and signals of the command, in this process (test_process.py has them in processes)."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from tmeattn.cli import main, process
from tmeattn.training import signals

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")


def stream(kind: type[io.FileIO], file: str | int) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(kind(file, "wb")), encoding="utf-8")


def redirect(monkeypatch: pytest.MonkeyPatch, folder: Path, encoding: str) -> list[TextIO]:
    """Standard output and standard error in files, which stay open as long as the list exists."""
    opened: list[TextIO] = []
    for name in ("stdout", "stderr"):
        opened.append((folder / name).open("w", encoding=encoding, buffering=1))
        monkeypatch.setattr(sys, name, opened[-1])
    return opened


@pytest.fixture
def handlers() -> Iterator[None]:
    """The handlers of signals are put back."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize(("code", "left", "said"), [(0, 3, True), (2, 2, False)])
def test_standard_output_that_is_full(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: int, left: int, said: bool
) -> None:
    monkeypatch.setattr(sys, "stdout", stream(process._StandardOutput, "/dev/full"))
    sys.stdout.write("text")
    assert process.flushed(code) == left
    assert ("Error: Cannot write to standard output: No space left on device." in capsys.readouterr().err) == said
    sys.stdout.flush()  # what was left has gone to the null device


def test_a_reader_that_has_left_keeps_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    monkeypatch.setattr(sys, "stdout", stream(process._StandardOutput, write))
    sys.stdout.write("text")
    assert process.flushed(0) == 0


def test_messages_that_cannot_be_written_are_dropped() -> None:
    with stream(process._StandardError, "/dev/full") as err:
        assert err.write("text") == 4
        err.flush()


def test_guarded_streams_write_where_they_wrote(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened = redirect(monkeypatch, tmp_path, "latin-1")
    print("before")
    process._guard_streams()
    print("ä")
    print("ö", file=sys.stderr)
    assert (tmp_path / "stdout").read_bytes() == b"before\n\xe4\n"
    assert (tmp_path / "stderr").read_bytes() == b"\xf6\n"
    assert all(file.fileno() == new.fileno() for file, new in zip(opened, (sys.stdout, sys.stderr), strict=True))


def test_streams_that_python_has_not_opened_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    process._open_missing_streams()
    assert [stream.fileno() for stream in (sys.stdin, sys.stdout, sys.stderr)] == [0, 1, 2]
    assert sys.stdin.readable()
    assert sys.stderr.writable()


def test_signals_interrupt_unless_they_are_ignored(monkeypatch: pytest.MonkeyPatch, handlers: None) -> None:
    noted: list[int] = []
    monkeypatch.setattr(signals, "note_early", noted.append)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    process._interrupt_on_signals()
    signal.raise_signal(signal.SIGHUP)
    with pytest.raises(process.SignalInterrupt):
        signal.raise_signal(signal.SIGTERM)
    assert noted == [signal.SIGTERM]


@pytest.mark.parametrize(("ending", "code"), [(None, 0), (KeyboardInterrupt(), 130)])
def test_a_command_in_a_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, handlers: None, ending: BaseException | None, code: int
) -> None:
    opened = redirect(monkeypatch, tmp_path, "utf-8")

    def run(arguments: list[str]) -> int:
        if ending is not None:
            raise ending
        print("done", *arguments)
        return 0

    monkeypatch.setattr(main, "run", run)
    assert process.run_process(["models"]) == code
    assert (tmp_path / "stdout").read_text() == ("" if ending else "done models\n")
    assert (tmp_path / "stderr").read_text() == ("Interrupted.\n" if ending else "")
    assert not any(file.closed for file in opened)
