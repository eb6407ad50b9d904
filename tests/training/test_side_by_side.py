"""Several runs at the same time, each in its own process, on the planted dataset."""

import io
import json
import os
import signal

import pytest
import torch
from safetensors.torch import load_file

from tmeattn.config import TrainOptions
from tmeattn.errors import BadInput, Interrupted
from tmeattn.run_config import resolve_run
from tmeattn.runs.creation import command
from tmeattn.training import side_by_side
from tmeattn.training.session import start
from tmeattn.training.side_by_side import Job, SideBySide, jobs_at_once
from tmeattn.training.side_by_side_worker import Answers
from tmeattn.training.trainer import Diverged


@pytest.fixture
def shared(planted, environment, quick_python, monkeypatch, tmp_path):
    """The options of a quick run, which other processes of this test can train, too."""
    assert environment
    assert quick_python
    monkeypatch.syspath_prepend(str(tmp_path / "planted-site"))  # a process has the import path of its parent
    return planted


def job(key, options, model="simple-attn"):
    return Job(key, f"job {key}", resolve_run(model, options))


def test_each_run_is_the_one_that_a_single_process_trains_and_an_error_ends_no_other(shared):
    events, lines = [], []
    jobs = [job("0", shared), job("bad", {**shared, "lr": 1e30, "clip_norm": 0}), job("1", {**shared, "seed": 1})]
    with SideBySide(
        jobs, 2, lambda title: lambda e: events.append((title, e["kind"])), lambda *a: lines.append(a)
    ) as s:
        first, bad, second = s.wait(["0", "bad", "1"])
    assert isinstance(bad.error, Diverged)
    assert bad.run is not None
    assert [first.error, second.error] == [None, None]
    for outcome, seed in ((first, 0), (second, 1)):
        assert outcome.run.is_finished()
        assert outcome.run.info["command"] == command()
        alone = start("simple-attn", {**shared, "seed": seed})
        ours, theirs = (load_file(run.checkpoints / "best.safetensors") for run in (outcome.run, alone))
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert ("job 0", "started") in events
    assert ("job 1", "finished") in events
    assert [title for title, line in lines if line.startswith("Encoding")] == ["job 0"]  # the others read the cache


def test_a_signal_stops_all_after_a_checkpoint_and_the_runs_can_be_continued(shared):
    stopped = []

    def listener(title):
        def listen(event):
            if event["kind"] == "epoch" and not stopped:
                stopped.append(title)
                os.kill(os.getpid(), signal.SIGINT)

        return listen

    endless = {**shared, "epochs": 10_000, "patience": 0}
    lines, said = [], []
    jobs = [job(key, endless) for key in "012"]
    trainings = SideBySide(jobs, 2, listener, lambda title, line: lines.append(line), said.append)
    with pytest.raises(Interrupted) as interrupted, trainings:
        trainings.wait("012")
    runs = {key: one.run.id for key, one in trainings.outcomes.items() if one.run}
    listed = ", ".join(f"job {key} (run {runs[key]})" for key in sorted(runs))
    unborn = ", ".join(f"job {key}" for key in "012" if key not in runs)
    assert interrupted.value.message == f"Stopped after a checkpoint: {listed}. Not begun: {unborn}."
    commands = "; ".join(f"tmeattn resume {runs[key]}" for key in sorted(runs))
    assert interrupted.value.hint == f"Resume the run{'s' if len(runs) > 1 else ''}: {commands}"
    assert [job.key for job in trainings.not_begun()] == [key for key in "012" if key not in runs]
    assert len(said) == 1
    assert said[0].startswith("SIGINT: ")
    assert not any("SIG" in line for line in lines)
    assert set(trainings.outcomes) == {"0", "1"}
    (title,) = stopped
    run = trainings.outcomes[title[-1]].run
    assert isinstance(trainings.outcomes[title[-1]].error, Interrupted)
    assert run.state() == "stopped"
    assert run.has_checkpoint()


def test_an_error_before_training_is_that_of_a_single_process(shared):
    with SideBySide([job("0", {**shared, "vectors": "missing.txt"})], 1, lambda _: print, lambda *_: None) as trainings:
        (outcome,) = trainings.wait(["0"])
    assert isinstance(outcome.error, BadInput)
    with pytest.raises(BadInput) as alone:
        start("simple-attn", {**shared, "vectors": "missing.txt"})
    assert (outcome.error.message, outcome.error.hint) == (alone.value.message, alone.value.hint)
    assert outcome.run is None


def test_an_answer_of_a_signal_handler_waits_for_the_answer_that_it_interrupts():
    class Stream(io.StringIO):
        def write(self, line):
            if "step" in line:
                answer(line="stopping")  # as a handler that Python calls in the middle of a write
            return super().write(line)

    stream = Stream()
    answer = Answers(stream)
    answer(event={"kind": "step"})
    answer(line="end")
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
        {"event": {"kind": "step"}},
        {"line": "stopping"},
        {"line": "end"},
    ]


@pytest.mark.parametrize(
    ("cores", "gigabytes", "threads", "device", "runs", "expected"),
    [
        (2, 64, None, "cpu", 8, 2),
        (8, 64, None, "cpu", 3, 3),
        (8, 64, 4, "cpu", 3, 2),
        (2, 64, 4, "cpu", 3, 1),
        (8, 5, None, "cpu", 8, 2),
        (8, 64, "auto", "cpu", 8, 1),
        (8, 64, None, "cuda", 8, 1),
        (8, 64, None, "cpu", 1, 1),
    ],
)
def test_runs_at_the_same_time_share_the_cores_and_the_memory(
    monkeypatch, cores, gigabytes, threads, device, runs, expected
):
    for name in ("OMP_NUM_THREADS", "TMEATTN_JOBS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(side_by_side, "available_cores", lambda: cores)
    monkeypatch.setattr(side_by_side, "_free_memory", lambda: gigabytes * 2**30)
    monkeypatch.setattr(side_by_side, "choose_device", torch.device)
    options = TrainOptions.model_validate({"threads": threads, "device": device})
    assert jobs_at_once([options] * runs) == expected


def test_the_threads_that_the_environment_asks_for_count(monkeypatch):
    monkeypatch.setattr(side_by_side, "available_cores", lambda: 8)
    monkeypatch.setattr(side_by_side, "_free_memory", lambda: 2**40)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    monkeypatch.delenv("TMEATTN_JOBS", raising=False)
    assert jobs_at_once([TrainOptions(device="cpu")] * 5) == 2


@pytest.mark.parametrize(("wanted", "expected"), [("3", 3), ("99", 5), ("0", 2), ("many", 2), ("", 2)])
def test_the_environment_has_the_default_of_jobs(monkeypatch, wanted, expected):
    monkeypatch.setattr(side_by_side, "available_cores", lambda: 2)
    monkeypatch.setattr(side_by_side, "_free_memory", lambda: 2**40)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("TMEATTN_JOBS", wanted)
    assert jobs_at_once([TrainOptions(device="cpu")] * 5) == expected
