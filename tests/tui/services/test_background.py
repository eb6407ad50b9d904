"""Commands in the background: their states, their results, and what another session finds."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from tmeattn.tui.services import background
from tmeattn.tui.services.background import BackgroundCommand

WAITS = "import sys, time; print('12 of 60 texts', file=sys.stderr, flush=True); time.sleep(60)"
WRITES = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('{}'); print('page')"
MOVES = (
    "import os, sys; temporary, output, code, *sys.argv[1:] = sys.argv[1:]; exec(code); os.replace(temporary, output)"
)
FAILS = "import sys; sys.exit('no such \\x1b[31mrun')"


@pytest.fixture(autouse=True)
def runs_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """The arguments are a program of Python and its arguments."""
    monkeypatch.setattr(background, "tmeattn_command", lambda *arguments: [sys.executable, "-S", "-c", *arguments])
    monkeypatch.setattr(
        background, "program_command", lambda code, *arguments: [sys.executable, "-S", "-c", MOVES, *arguments]
    )


def until(command: BackgroundCommand, *states: str) -> str:
    for _ in range(1000):
        if (state := command.state()) in states:
            return state
        time.sleep(0.01)
    raise AssertionError(command.state())


def test_results_are_found_by_another_session(tmp_path: Path) -> None:
    result = tmp_path / "a.json"
    command = BackgroundCommand(tmp_path, "a", [WRITES, str(result)], [result], output=tmp_path / "a.out")
    assert command.state() == "absent"
    command.start(columns=70)
    assert until(command, "done", "failed") == "done"
    assert (tmp_path / "a.out").read_text() == "page\n"
    again = BackgroundCommand(tmp_path, "a", [WRITES, str(result)], [result], output=tmp_path / "a.out")
    assert again.state() == "done"
    again.forget()
    assert again.state() == "absent"


def test_what_was_there_before_comes_back_after_a_stop(tmp_path: Path) -> None:
    result = tmp_path / "a.json"
    result.write_text("old")
    command = BackgroundCommand(tmp_path, "a", [WAITS], [result])
    assert not command.restore()
    command.start()
    assert not result.exists()
    command.stop()
    assert until(command, "failed") == "failed"
    assert command.restore()
    assert (command.state(), result.read_text()) == ("done", "old")


def test_a_process_is_watched_and_stopped_from_another_session(tmp_path: Path) -> None:
    result = tmp_path / "a.json"
    command = BackgroundCommand(tmp_path, "a", [WAITS], [result])
    command.start()
    again = BackgroundCommand(tmp_path, "a", [WAITS], [result])
    assert again.state() == "running"
    for _ in range(1000):
        if again.tail(1):
            break
        time.sleep(0.01)
    assert again.tail(1) == ["12 of 60 texts"]
    again.start()  # it runs already
    again.stop()
    assert until(command, "failed") == "failed"
    assert again.state() == "failed"


def test_a_failure_has_its_last_lines_made_safe(tmp_path: Path) -> None:
    command = BackgroundCommand(tmp_path, "a", [FAILS], [tmp_path / "a.json"])
    command.start()
    assert until(command, "failed") == "failed"
    assert command.tail(3) == ["no such ␛[31mrun"]
    (tmp_path / "a.process").write_text(json.dumps({"pid": 1, "mark": "other"}))
    assert command.state() == "failed"  # the number belongs to another process
    (tmp_path / "a.process").write_text("{")
    assert command.state() == "absent"
