"""The words for the states of runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tmeattn.tui.widgets.run_header import _second
from tmeattn.tui.wording.runs import about, early_end, has_alpha, state, why
from tmeattn.watching.run_state import RunState


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


def test_a_run_that_ended_by_patience_says_so(write_run: Any) -> None:
    for done, said in ((3, "stopped early (patience)"), (5, "")):  # of five epochs
        run = RunState(write_run(f"aaa{done}-lstm-attn", done=done))
        run.refresh()
        assert early_end(run) == said
        assert (said or "step 100/100") in _second(run, 78).plain


def test_alpha_is_left_out_of_a_model_that_has_none(write_run: Any) -> None:
    assert "alpha" not in about(write_run("aaaa-mean", model="mean"))
    assert "alpha 0 " in about(write_run("bbbb-lstm-attn", alpha=0.0, alpha_warmup=0.0))
    assert has_alpha("a model of a plugin that is missing")
