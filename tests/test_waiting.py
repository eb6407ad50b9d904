"""The waiting policy of OpenMP is in the environment before torch can be loaded; the user's own settings win."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tmeattn import waiting
from tmeattn.child_python import child_environment, program_command, tmeattn_command

VARIABLES = {*waiting.POLICY, "OMP_WAIT_POLICY", "KMP_LIBRARY"}
_SHOW = "import os; print({name: os.environ.get(name) for name in ('GOMP_SPINCOUNT', 'KMP_BLOCKTIME')})"


@pytest.fixture(autouse=True)
def no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def settings() -> dict[str, str]:
    return {name: os.environ[name] for name in VARIABLES if name in os.environ}


def test_the_policy_is_set() -> None:
    waiting.set_waiting_policy()
    assert settings() == waiting.POLICY
    waiting.set_waiting_policy()
    assert settings() == waiting.POLICY


@pytest.mark.parametrize(
    ("name", "value"),
    [("OMP_WAIT_POLICY", "active"), ("GOMP_SPINCOUNT", "infinite"), ("KMP_BLOCKTIME", "0"), ("KMP_LIBRARY", "serial")],
)
def test_a_setting_of_the_user_wins(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    waiting.set_waiting_policy()
    assert settings() == {name: value}


def test_an_empty_setting_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "")
    waiting.set_waiting_policy()
    assert settings() == {"OMP_WAIT_POLICY": "", **waiting.POLICY}


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-c", f"import tmeattn, sys; assert 'torch' not in sys.modules; {_SHOW}"],
        program_command(_SHOW),
        [sys.executable, "-c", f"import runpy, sys; runpy.run_path({tmeattn_command()[-1]!r}); {_SHOW}"],
    ],
    ids=["import", "worker", "path"],
)
def test_every_way_into_the_program_sets_it(command: list[str]) -> None:
    environment = child_environment() | {"PYTHONPATH": str(Path(waiting.__file__).parents[1])}
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout == f"{dict(waiting.POLICY)}\n"
