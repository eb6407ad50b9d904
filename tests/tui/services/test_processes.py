"""Training in processes of its own: found by the id given to it, stopped, killed, resumed, outliving who started it."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tmeattn.run_config import resolve_run
from tmeattn.runs import control
from tmeattn.runs.creation import ID_VARIABLE, command, create
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.services import processes
from tmeattn.tui.services.processes import TrainingProcesses
from tmeattn.watching.run_state import RunState

QUICK = ["--dataset", "planted", "--vectors", "random", "--vector-size", "8", "--min-count", "1", "--batch-size", "4",
         "--max-length", "12", "--threads", "1", "--device", "cpu"]  # fmt: skip


@pytest.fixture
def training(environment, quick_python, monkeypatch):
    """TrainingProcesses whose processes see the dataset `planted`; none outlives the test."""
    assert quick_python
    for name in ("PYTHONPATH", "TMEATTN_HOME"):
        monkeypatch.setenv(name, environment[name])
    made = TrainingProcesses()
    started = []
    original = made._run
    made._run = lambda *arguments: started.append(original(*arguments)) or started[-1]
    yield made
    for process in started:
        process.popen.kill()
        process.popen.wait()


def wait_for(condition, seconds=60.0):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


def test_an_id_may_be_chosen_beforehand_once(isolated, monkeypatch):
    monkeypatch.setenv(ID_VARIABLE, "mine-mean")
    first = create(isolated, resolve_run("mean", {}), name=None, data={})
    assert first.id == "mine-mean"
    assert ID_VARIABLE not in os.environ
    assert create(isolated, resolve_run("mean", {}), name=None, data={}).id != "mine-mean"


def test_an_id_that_is_taken_gives_way(isolated, monkeypatch):
    (isolated / "mine-mean").mkdir(parents=True)
    monkeypatch.setenv(ID_VARIABLE, "mine-mean")
    assert create(isolated, resolve_run("mean", {}), name=None, data={}).id != "mine-mean"


def test_a_module_run_by_python_is_the_command_that_a_user_types(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/somewhere/tmeattn/__main__.py", "train", "mean"])
    assert command() == ["tmeattn", "train", "mean"]


def test_a_start_that_fails_leaves_its_words(training):
    process = training.start(["train", "mean", "--dataset", "plantd"], "mean")
    wait_for(lambda: process.exit_code is not None)
    assert [ended.exit_code for ended in training.ended()] == [2]
    assert training.ended() == []
    assert "Did you mean planted" in control.log_tail(process.run)[-1]
    assert not process.run.path.exists()


def test_killed_training_is_noticed_at_once_and_resumed_to_its_end(training):
    process = training.start(["train", "mean", *QUICK, "--epochs", "2000", "--patience", "0"], "mean")
    run = process.run
    run_state = RunState(run)
    wait_for(lambda: run.events_path.exists() and run_state.refresh() and run_state.step >= 100)
    assert run_state.state == "running"
    assert training.ended() == []
    assert (run.path / control.LOG).exists()  # the log has moved to the run
    os.kill(run.status()["pid"], signal.SIGKILL)
    killed = time.monotonic()
    wait_for(lambda: training.ended())
    run_state.refresh()
    assert run_state.state == "crashed"
    assert time.monotonic() - killed < 5
    control.request(run, "stop")  # nobody was there to read it: it must not stop the resumed run
    resumed = training.resume(run)
    wait_for(lambda: run_state.refresh() and run_state.attempt.get("kind") == "resumed")
    wait_for(lambda: run_state.refresh() and run_state.last_step)
    control.request(run, "stop")
    wait_for(lambda: resumed.exit_code is not None)
    assert resumed.exit_code == 130
    run_state.refresh()
    assert run_state.state == "stopped"


@pytest.mark.slow
def test_training_outlives_who_started_it(environment, isolated):
    arguments = ["train", "mean", *QUICK, "--epochs", "3", "--patience", "0"]
    script = (
        "import os, signal\nfrom tmeattn.tui.services.processes import TrainingProcesses\n"
        f"print(TrainingProcesses().start({arguments!r}, 'mean').run.path, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    run = RunDirectory(isolated / "runs" / done.stdout.strip().rpartition(os.sep)[2])
    wait_for(run.is_finished)


def test_arguments_and_the_line_that_a_user_would_type():
    given = {"alpha": "0.05", "tune_embeddings": "false", "narrow_heads": "true"}
    switches = {"tune_embeddings": "--freeze-embeddings", "narrow_heads": "--no-narrow-heads"}
    arguments = processes.train_arguments("transformer", given, switches=switches, name="my run")
    assert processes.as_typed(arguments) == (
        "tmeattn train transformer --alpha 0.05 --freeze-embeddings --narrow-heads --name 'my run'"
    )
