"""The header of a run in every width: what must be seen, and what is left out first."""

import pytest
from support.logged_runs import BEGAN, step_event, write

from tmeattn.tui.widgets.run_header import LEAST_BAR, _first, _second
from tmeattn.watching.run_state import RunState


@pytest.fixture
def running(write_run, monkeypatch) -> RunState:
    run = write_run("aaaa-lstm-attn", state="running", done=2, epochs=20, name="a name that is as long as names may be")
    write(run.path, {**step_event(50, 3), "time": BEGAN + 60})
    state = RunState(run)
    state.refresh()
    return state


@pytest.mark.parametrize("width", [58, 78, 108, 198])
def test_bar_epoch_time_left_and_best_accuracy_are_always_seen(running, width):
    first, second = _first(running, width).plain, _second(running, width).plain
    assert len(first) == width
    assert first.endswith("  best 75.60 %")
    assert "epoch 3/20 · ETA 2m 55s" in second
    assert len(second) <= width
    assert second.count("━") + second.count("─") >= LEAST_BAR


def test_a_result_in_the_log_is_not_shown_as_what_is_being_done(write_run):
    run = write_run("aaaa-lstm-attn", state="created", done=0)
    run.events_path.write_text("")
    (run.path / "status.json").write_text('{"state": "created"}')
    state = RunState(run)
    for line, shown in [
        ("", "reading the dataset …"),
        ("Encoding 1,250 texts of imdb-25k, once; the cache keeps the result.", "preparing …  Encoding 1,250 texts"),
        ("9,592 of 9,766 different words (98.2 %) have a vector in glove-6b-50d.", "preparing the first step …"),
    ]:
        (run.path / "worker.log").write_text(f"{line}\n")
        state.refresh()
        assert _second(state, 78).plain.startswith(shown)


def test_what_is_less_needed_is_shown_where_it_fits(running):
    assert "step 50/400" in _second(running, 58).plain
    assert "tokens/s" not in _second(running, 48).plain
    assert "of the loss" not in _second(running, 78).plain
    assert "entropy penalty: 30 % of the loss" in _second(running, 120).plain
