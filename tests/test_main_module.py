"""The command `tmeattn`: what `python -m tmeattn` and a start by path run."""

from __future__ import annotations

import runpy
import sys

import pytest

import tmeattn
from tmeattn import __main__ as main_module


def test_the_command_leaves_the_current_folder_out_before_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[object] = []

    def run(arguments: list[str]) -> int:
        happened.append(arguments)
        return 2

    monkeypatch.setattr("tmeattn.child_python.leave_out_current_folder", lambda: happened.append("left out"))
    monkeypatch.setattr("tmeattn.cli.process.run_process", run)
    monkeypatch.setattr(sys, "argv", ["tmeattn", "runs", "list"])
    with pytest.raises(SystemExit) as ended:
        main_module.main()
    assert ended.value.code == 2
    assert happened == ["left out", ["runs", "list"]]


def test_a_start_by_path_takes_the_package_beside_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmeattn.__file__
    monkeypatch.delitem(sys.modules, "tmeattn")
    names = runpy.run_path(str(main_module.__file__))
    assert sys.modules["tmeattn"].__file__ == package
    assert sys.modules["tmeattn"] is not tmeattn
    assert callable(names["main"])
