"""How the attention pane uses its lines, and what it has before the first epoch."""

import pytest
from rich.console import Console
from support.logged_runs import write

from tmeattn.tui.widgets.panes import AROUND_BARS, AROUND_HISTORY, MOST_BARS, AttentionPane, heights
from tmeattn.watching.run_state import RunState


@pytest.mark.parametrize("lines", [12, 15, 20, 30, 50])
@pytest.mark.parametrize("measured", [2, 5, 12, 24])
def test_histogram_and_history_fill_the_pane(lines, measured):
    bars, rows = heights(lines, measured, 0)
    used = AROUND_BARS + bars + AROUND_HISTORY + rows
    assert used <= max(lines, AROUND_BARS + AROUND_HISTORY + 7)
    assert used == lines or (bars == MOST_BARS and rows == measured) or lines < 14
    assert rows >= min(measured, 4)


def test_the_first_histogram_has_the_whole_pane():
    assert heights(14, 1, 0) == (11, 0)
    assert heights(60, 1, 0) == (MOST_BARS, 0)


def test_the_entropy_before_training_is_shown_before_the_first_epoch(write_run):
    run = write_run("aaaa-lstm-attn", done=0, state="running")
    bins = {"low": 0.0, "high": 5.0, "counts": [0, 2, 8, 1]}
    event = {"kind": "entropy", "step": 0, "split": "validation", "entropy": 3.2, "histogram": bins}
    write(run.path, event, {**event, "step": 1, "split": "train", "entropy": 1.0})
    state = RunState(run)
    state.refresh()
    console = Console(width=60)
    with console.capture() as shown:
        console.print(AttentionPane().picture(state))
    assert "Entropy before training, mean 3.20 nats" in shown.get()
