"""What depends on a terminal: the full-screen program and the pager."""

from __future__ import annotations

import io
import sys
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import click
import pytest
from rich.console import Console

from tmeattn import library_output
from tmeattn.cli.support import paging
from tmeattn.cli.tui import tui as command
from tmeattn.render import console
from tmeattn.tui import app


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def open_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard output; all three streams are a terminal of 24 lines."""
    out = Terminal()
    for name, stream in (("stdin", Terminal()), ("stdout", out), ("stderr", Terminal())):
        monkeypatch.setattr(sys, name, stream)
    shown = Console(file=out, force_terminal=True, width=80, height=24)
    monkeypatch.setattr(console, "stdout_console", lambda: shown)
    return out


def test_without_a_terminal_there_are_no_screens(tmeattn: Any) -> None:
    assert tmeattn("tui").refused() == "tmeattn tui needs a terminal. In a script use: tmeattn runs list --json"


@pytest.mark.parametrize("code", [0, 4])
def test_the_program_leaves_with_the_code_of_the_screens(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    open_terminal(monkeypatch)
    opened = []

    def start(run: object) -> SimpleNamespace:
        return SimpleNamespace(run=lambda: opened.append(run), return_code=code)

    monkeypatch.setattr(app, "TmeattnApp", start)
    monkeypatch.setattr(library_output, "screen_kept", nullcontext)
    monkeypatch.setattr("tmeattn.cli.tui._end_on_signals", lambda app: None)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(SystemExit) if code else nullcontext() as left:
        command.callback(None, None, None)
    assert opened == [None]
    assert not code or left.value.code == code


@pytest.mark.parametrize(("lines", "at_once", "paged"), [(3, False, 0), (60, False, 1), (60, True, 0)])
def test_only_what_is_longer_than_the_terminal_is_paged(
    monkeypatch: pytest.MonkeyPatch, lines: int, at_once: bool, paged: int
) -> None:
    terminal = open_terminal(monkeypatch)
    found: list[str] = []
    monkeypatch.setenv("LESS", "X")  # the user's own options stay
    monkeypatch.setattr(click, "echo_via_pager", lambda text, color: found.append(text))
    text = "\n".join(f"line {number}" for number in range(lines))
    paging.page(text, at_once=at_once)
    assert [shown.count("line ") for shown in found] == [lines] * paged
    assert terminal.getvalue().count("line ") == (0 if paged else lines)
    assert paging.os.environ["LESS"] == "X"
