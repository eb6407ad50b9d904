"""Runs followed by their files: bit by bit, within bounds, and whatever their logs hold."""

import json
from itertools import pairwise

import pytest
from support.logged_runs import STEPS, epoch_event, epoch_events, started_event, step_event, watched_event, write

from tmeattn.watching import log_sample
from tmeattn.watching import run_state as module
from tmeattn.watching.log_lines import MOST_LINES
from tmeattn.watching.run_history import MOST_HISTOGRAMS, MOST_POINTS
from tmeattn.watching.run_state import RunState


def read(run_state):
    run_state.refresh()
    while not run_state.caught_up:
        run_state.refresh()
    return run_state


def test_what_a_log_says(write_run):
    one = read(RunState(write_run("abcd-lstm-attn", done=3)))
    assert (one.state, one.step, len(one.epochs), one.steps_per_epoch) == ("finished", 3 * STEPS, 3, STEPS)
    assert one.best_accuracy == one.epochs[-1]["validation"]["accuracy"]
    assert one.steps.step == [10, 20, 30, 40, 50, 60]
    assert one.share_done == 1.0
    assert one.lines[-1].text.startswith("finished")


def test_nothing_is_read_again_and_nothing_at_all_where_nothing_has_changed(write_run):
    run = write_run("abcd-lstm-attn", done=1, state="stopped")
    one = read(RunState(run))
    reads, version = one.reads, one.version
    assert not one.refresh()
    assert (one.reads, one.version) == (reads, version)
    write(run.path, *epoch_events(2, 2))
    assert one.refresh()
    assert len(one.epochs) == 2
    assert one.steps.step == [10, 20, 30, 40]


def test_a_resumed_run_forgets_what_was_logged_past_its_checkpoint(write_run):
    run = write_run("abcd-lstm-attn", done=3, state="crashed")
    one = read(RunState(run))
    write(run.path, {"kind": "resumed", "step": 30, "epoch": 1, "epochs": 5, "steps_per_epoch": STEPS, "time": 0.0})
    one.refresh()
    assert one.steps.step == [10, 20, 30]
    assert [epoch["epoch"] for epoch in one.epochs] == [1]
    assert [event["epoch"] for event in one.watched] == [1]


def test_a_long_log_is_read_in_chunks_and_kept_within_bounds(write_run):
    run = write_run("abcd-lstm-attn", done=0, state="stopped")
    write(run.path, *(step_event(step, 1) for step in range(1, 20_001)))
    one = RunState(run)
    read(one)
    size = run.events_path.stat().st_size
    assert one.reads <= size // module.CHUNK + 2
    assert len(one.steps) <= MOST_POINTS
    assert one.steps.step == sorted(one.steps.step)
    assert one.steps.step[-1] > 19_900
    assert one.steps.columns["cross_entropy"][0] == pytest.approx(step_event(8, 1)["cross_entropy"], rel=0.1)


def test_memory_does_not_grow_with_the_log(write_run):
    run = write_run("abcd-lstm-attn", done=0, state="stopped")
    write(run.path, *epoch_events(1, 1500))
    one = read(RunState(run))
    assert sum(bool(epoch["validation"].get("histogram")) for epoch in one.epochs) <= MOST_HISTOGRAMS
    assert one.epochs[-1]["validation"]["histogram"]
    assert len(one.watched) <= 2 * MOST_HISTOGRAMS
    assert len(one.lines) == MOST_LINES
    assert len(one.steps) <= MOST_POINTS


def test_without_steps_only_the_last_one_of_a_chunk_is_decoded(write_run, monkeypatch):
    run = write_run("abcd-lstm-attn", done=0, state="stopped")
    write(run.path, *(step_event(step, 1) for step in range(1, 2001)))
    decoded = []
    monkeypatch.setattr(module, "decode", lambda line: decoded.append(line) or json.loads(line))
    one = read(RunState(run, steps=False))
    assert len(decoded) <= one.reads + 2
    assert one.step == 2000


def test_torn_foreign_and_incomplete_lines_are_passed_over(write_run):
    run = write_run("abcd-lstm-attn", done=1, state="stopped")
    with run.events_path.open("a") as file:
        file.write('{"kind":"epoch"}\n[]\nnot json\n{"kind":"resumed"}\n{"kind":"later","x":1}\n{"kind":"ste')
    one = read(RunState(run))
    assert len(one.epochs) == 1


@pytest.mark.parametrize("state", ["running", "stopped", "failed", "finished"])
def test_states(write_run, state):
    assert read(RunState(write_run("abcd-lstm-attn", state=state))).state == state


def test_a_process_that_is_gone_is_noticed_without_a_change_in_the_files(write_run, monkeypatch):
    one = read(RunState(write_run("abcd-lstm-attn", state="running")))
    assert one.state == "running"
    monkeypatch.setattr(module, "process_alive", lambda status: False)
    assert one.refresh()
    assert one.state == "crashed"


def test_a_deleted_run_says_so(write_run):
    run = write_run("abcd-lstm-attn")
    one = read(RunState(run))
    run.delete()
    assert one.refresh()
    assert one.state == "deleted"


def test_time_left_goes_by_the_last_epoch(write_run):
    one = read(RunState(write_run("abcd-lstm-attn", done=3, state="running")))
    assert one.seconds_left == pytest.approx(20.0)
    assert one.share_done == pytest.approx(0.6)


def test_time_left_in_the_first_epoch_goes_by_the_steps(write_run):
    run = write_run("abcd-lstm-attn", done=0, state="running")
    began = started_event("abcd", "lstm-attn", 5)["time"]
    write(run.path, {**step_event(10, 1), "time": began + 5.0})
    assert read(RunState(run)).seconds_left == pytest.approx(0.5 * 90)


@pytest.fixture
def long_log(write_run, monkeypatch):
    """A run with 20,000 step events, epochs, resumes and warnings, whose log counts as long."""
    monkeypatch.setattr(log_sample, "LONG", 2**18)
    monkeypatch.setattr(log_sample, "SAMPLES", 500)
    monkeypatch.setattr(module, "LARGE_CHUNK", 2**18)
    run = write_run("abcd-lstm-attn", done=0, state="stopped")
    for epoch in range(1, 21):
        steps = range((epoch - 1) * 1000 + 1, epoch * 1000 + 1)
        write(run.path, *({**step_event(at, epoch), "cross_entropy": 1 + at / 20_000} for at in steps))
        write(run.path, {**epoch_event(epoch), "step": steps[-1]}, watched_event(epoch))
        write(run.path, {"kind": "warning", "message": f"warning {epoch}"}, {"kind": "entropy", "step": steps[-1]})
    return run


def test_of_a_long_log_the_step_events_are_sampled_and_all_others_are_exact(long_log, monkeypatch):
    decoded = []
    decode = module.decode
    monkeypatch.setattr(module, "decode", lambda line: decoded.append(line) or decode(line))
    sampled = read(RunState(long_log))
    assert sum('"kind":"step"' in line for line in decoded) < 700
    monkeypatch.setattr(module, "spacing", lambda behind: 0)
    full = read(RunState(long_log))
    assert sampled.epochs == full.epochs
    assert sampled.watched == full.watched
    assert (list(sampled.lines), sampled.lines_total) == (list(full.lines), full.lines_total)
    assert (sampled.last_step, sampled.step) == (full.last_step, 20_000)
    steps, values = sampled.steps.curve("cross_entropy")
    assert steps == sorted(steps)
    assert max(after - before for before, after in pairwise([0, *steps])) < 200
    assert values == pytest.approx([1 + at / 20_000 for at in steps], abs=0.01)


def test_what_a_long_log_gets_later_appears_at_once(long_log):
    one = read(RunState(long_log))
    write(long_log.path, step_event(20_001, 21), {"kind": "warning", "message": "new"})
    assert one.refresh()
    assert one.steps.curve("loss")[0][-1] == one.steps.last == one.step == 20_001
    assert one.lines[-1].text == "new"
    points = len(one.steps)
    write(long_log.path, *(step_event(at, 21) for at in range(20_002, 20_402)))
    one.refresh()
    assert 5 <= len(one.steps) - points <= 20  # as dense as the points before


def test_a_long_log_that_was_resumed_has_no_point_twice(long_log):
    write(long_log.path, {"kind": "resumed", "step": 10_000, "epoch": 10})
    write(long_log.path, *({**step_event(at, 11), "cross_entropy": 3.0} for at in range(10_001, 15_001)))
    one = read(RunState(long_log))
    assert one.steps.step == sorted(one.steps.step)
    assert one.steps.last == one.step == 15_000
    assert len(one.epochs) == 10
    assert all(y == 3.0 for x, y in zip(*one.steps.curve("cross_entropy"), strict=True) if x > 10_200)


def test_of_many_warnings_only_those_are_decoded_that_the_log_shows(write_run, monkeypatch):
    monkeypatch.setattr(log_sample, "LONG", 2**16)
    run = write_run("abcd-lstm-attn", done=0, state="stopped")
    write(run.path, *({"kind": "warning", "message": f"warning {at}"} for at in range(3000)))
    one = read(RunState(run))
    assert one.lines[-1].text == "warning 2999"
    assert len(one.lines) == MOST_LINES
    assert one.lines_total == 3002
