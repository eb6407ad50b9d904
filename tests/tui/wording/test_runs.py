"""The words for the states of runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tmeattn.tui.wording.runs import state, why


def test_what_a_sweep_did_with_a_run_is_its_state() -> None:
    assert state("stopped").plain == "■ stopped"
    assert state("stopped", "SIGINT").plain == "■ stopped"
    assert state("stopped", "pruned").plain == "■ pruned"
    assert state("stopped", "time").plain == "■ time up"
    assert state("running", "pruned").plain == "● running"


def test_why_a_sweep_stopped_a_run() -> None:
    run: Any = SimpleNamespace(ended=None, status={}, state="stopped", stop_reason="pruned", step=1200)
    assert why(run) == "Stopped by its sweep at step 1,200: other values were better. It can be resumed."
    run.stop_reason = "time"
    assert why(run) == "Stopped by its sweep at step 1,200: its time was up. It can be resumed."
    run.stop_reason = "SIGTERM"
    assert why(run) == "Stopped at step 1,200. It can be resumed."
