"""The number of threads: chosen by timing, lowered where the speed collapses, and the same again after a resume."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch

from tmeattn import cpu
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.event_types import Event
from tmeattn.runs.events import encode
from tmeattn.runs.index import all_runs
from tmeattn.training import build_trainer, checkpoint, threads
from tmeattn.training.session import resume, start
from tmeattn.training.threads import (
    LONGEST_WAIT,
    TRIAL_WINDOWS,
    WAIT,
    WINDOW_SECONDS,
    WINDOW_STEPS,
    WINDOWS,
    Logged,
    Pace,
    fastest_threads,
    logged_threads,
)


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


class Machine:
    """Runs windows of a training with a speed that depends on the number of threads.

    speeds: words a second by the number of threads.
    """

    def __init__(self, pace: Pace, speeds: dict[int, float]) -> None:
        self.pace, self.speeds, self.step = pace, speeds, 0

    def windows(self, count: int) -> list[int]:
        """The number of threads after each of the windows."""
        found = []
        for _ in range(count):
            for _ in range(WINDOW_STEPS):
                self.step += 1
                seconds = 1.01 * WINDOW_SECONDS / WINDOW_STEPS
                words = round(seconds * self.speeds[self.pace.threads])
                after = self.pace.after(self.step, words, seconds)
            found.append(after)
        return found


def test_a_steady_speed_changes_nothing() -> None:
    machine = Machine(Pace(4, 4), {4: 1000})
    assert set(machine.windows(500)) == {4}


def test_a_collapse_lowers_the_threads_and_they_rise_again_when_it_is_over() -> None:
    machine = Machine(Pace(2, 2), {1: 700, 2: 1000})
    assert set(machine.windows(20)) == {2}
    machine.speeds = {1: 650, 2: 450}
    assert machine.windows(WINDOWS)[-1] == 1
    assert set(machine.windows(WAIT - WINDOWS)) == {1}
    machine.speeds = {1: 700, 2: 1000}
    assert set(machine.windows(3 * WAIT)) == {1, 2}
    assert set(machine.windows(50)) == {2}


def test_one_interruption_counts_for_nothing() -> None:
    machine = Machine(Pace(2, 2), {1: 700, 2: 1000})
    machine.windows(10)
    machine.speeds = {1: 700, 2: 10}
    assert machine.windows(1) == [2]
    machine.speeds = {1: 700, 2: 1000}
    assert set(machine.windows(20)) == {2}


def test_where_fewer_threads_do_not_help_the_number_goes_back() -> None:
    machine = Machine(Pace(4, 4), {2: 300, 4: 1000})
    machine.windows(10)
    machine.speeds = {2: 300, 4: 500}  # the whole machine has become slower
    tried = machine.windows(100)
    assert tried[WINDOWS - 2] == 2
    assert tried.count(2) == TRIAL_WINDOWS
    assert tried[-1] == 4


def test_trials_of_more_threads_become_rare() -> None:
    machine = Machine(Pace(1, 2), {1: 700, 2: 500})
    tried = machine.windows(8 * LONGEST_WAIT)
    begins = [at for at, (one, other) in enumerate(itertools.pairwise(tried)) if (one, other) == (1, 2)]
    gaps = [other - one for one, other in itertools.pairwise(begins)]
    assert gaps[0] < gaps[1] < gaps[2]
    assert max(gaps) <= LONGEST_WAIT + TRIAL_WINDOWS + 1
    assert tried.count(2) / len(tried) < 0.03


def test_the_changes_of_an_earlier_attempt_are_made_again_and_no_others_up_to_its_last_step() -> None:
    pace = Pace(2, 2, Logged(2, {5: 1, 40: 2}, until=45))
    found = [pace.after(step, 1, 100.0) for step in range(1, 46)]
    assert found == [2] * 4 + [1] * 35 + [2] * 6


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    [({1: 5, 2: 4, 4: 3}, 4), ({1: 5, 2: 3, 4: 5}, 2), ({1: 1, 2: 3, 4: 5}, 1), ({1: 9, 2: 4.9, 4: 5}, 4)],
)
def test_half_the_threads_are_taken_while_they_are_clearly_faster(
    monkeypatch: pytest.MonkeyPatch, seconds: dict[int, float], chosen: int
) -> None:
    clock = 0.0

    def step() -> None:
        nonlocal clock
        clock += seconds[torch.get_num_threads()]

    monkeypatch.setattr(threads.time, "perf_counter", lambda: clock)
    assert fastest_threads(step, 4) == chosen == torch.get_num_threads()


def test_more_threads_that_are_clearly_faster_take_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, steps = 0.0, 0

    def step() -> None:
        nonlocal clock, steps
        clock, steps = clock + 1 / torch.get_num_threads(), steps + 1

    monkeypatch.setattr(threads.time, "perf_counter", lambda: clock)
    assert fastest_threads(step, 2) == 2
    assert steps == 4


def test_the_log_is_read_with_what_a_killed_attempt_left(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    started = {"kind": "started", "run": "r", "model": "m", "epochs": 1, "steps_per_epoch": 9, "parameters": 1}
    started |= {"train_texts": 1, "validation_texts": 1, "threads": 2, "device": "cpu"}
    change = {"kind": "threads", "step": 30, "threads": 1, "before": 2}
    resumed = {"kind": "resumed", "step": 20, "epoch": 0}
    lines = [started, change, resumed, resumed, {"kind": "of a newer version"}]
    log.write_text("".join(f"{encode({'time': 1.0, **line})}\n" for line in lines))
    assert logged_threads(log) == Logged(2, {30: 1}, 30)
    assert logged_threads(tmp_path / "missing") == Logged(None, {}, 0)


class Killed(BaseException):
    """Stands in for a kill."""


def change_threads(monkeypatch: pytest.MonkeyPatch, changes: dict[int, int]) -> None:
    """Let trainings change to other numbers of threads after these steps, as their clock would."""

    def change(self: Pace) -> None:
        self.threads = changes.get(self.steps, self.threads)

    monkeypatch.setattr(threads, "WINDOW_STEPS", 1)
    monkeypatch.setattr(threads, "WINDOW_SECONDS", 0.0)
    monkeypatch.setattr(Pace, "_consider", change)


def changes_of(run: RunDirectory) -> list[tuple[int, int, int]]:
    return [
        (each["step"], each["before"], each["threads"]) for each in run.events("threads") if each["kind"] == "threads"
    ]


def test_a_resumed_run_changes_the_threads_at_the_same_steps(
    planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {**planted, "threads": "auto", "epochs": 4, "batch_size": 4, "checkpoint_every": 7}
    used: list[int] = []

    def kill(event: Event) -> None:
        if event["kind"] == "step" and event["step"] == 20:
            raise Killed

    monkeypatch.setattr(build_trainer, "default_threads", lambda processes=1: 2)
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    change_threads(monkeypatch, {17: 1, 18: 2, 19: 1})
    with pytest.raises(Killed):
        start("mean", options, listeners=[kill])
    run = RunDirectory(all_runs()[0].path)
    assert changes_of(run) == [(17, 2, 1), (18, 1, 2), (19, 2, 1)]
    assert run.config["train"]["threads"] == "auto"
    used.clear()
    change_threads(monkeypatch, {15: 1, 30: 2})
    resume(run)
    assert changes_of(run) == [(17, 2, 1), (18, 1, 2), (19, 2, 1), (30, 1, 2)]
    assert used == [2, 1, 2, 1, 2]


def test_a_run_without_a_checkpoint_begins_again_with_the_threads_of_its_start(
    planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(event: Event) -> None:
        if event["kind"] == "started":
            raise Killed

    monkeypatch.setattr(build_trainer, "default_threads", lambda processes=1: 2)
    monkeypatch.setattr(build_trainer, "LEAST_STEPS", 1)
    monkeypatch.setattr(build_trainer, "fastest_threads", lambda step, most: 1)
    with pytest.raises(Killed):
        start("mean", {**planted, "threads": "auto"}, listeners=[kill])
    run = RunDirectory(all_runs()[0].path)
    monkeypatch.setattr(build_trainer, "fastest_threads", lambda step, most: 2)
    resume(run)
    saved = checkpoint.load(run.checkpoints, "last")
    assert saved is not None
    assert saved.progress.threads == 1


def test_timing_changes_neither_weights_nor_random_state(
    planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def weights(least_steps: int) -> dict[str, torch.Tensor]:
        monkeypatch.setattr(build_trainer, "LEAST_STEPS", least_steps)
        run = start("simple-attn", {**planted, "threads": "auto", "dropout": 0.3})
        saved = checkpoint.load(run.checkpoints, "last")
        assert saved is not None
        return saved.tensors

    monkeypatch.setattr(build_trainer, "default_threads", lambda processes=1: 2)
    monkeypatch.setattr(threads, "_ratio", ratio := Mock(side_effect=lambda step, more, fewer: step() or 0.5))
    without, timed = weights(10**9), weights(1)
    assert ratio.called
    assert without.keys() == timed.keys()
    assert all(torch.equal(without[name], timed[name]) for name in without)


def test_a_number_is_exact(planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    change_threads(monkeypatch, {3: 2})
    monkeypatch.setattr(build_trainer, "LEAST_STEPS", 1)
    monkeypatch.setattr(build_trainer, "fastest_threads", Mock(side_effect=AssertionError("timed")))
    run = start("mean", {**planted, "threads": 1})
    assert changes_of(run) == []


@pytest.mark.parametrize(
    ("openmp", "cores", "chosen"), [("3", 8, 3), ("", 8, "auto"), ("", 1, 1), ("x", 2, "auto"), ("0", 1, 1)]
)
def test_the_option_of_a_run_without_one(
    monkeypatch: pytest.MonkeyPatch, openmp: str, cores: int, chosen: int | str
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", openmp)
    monkeypatch.setattr(cpu, "available_cores", lambda: cores)
    assert cpu.threads_of_one_process() == chosen
