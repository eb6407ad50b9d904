"""Real processes: one that dies, a signal, and two computers, played by two torchrun agents on the loopback.

They are forks of a process that has made the imports (`quick_python`), apart from two that Python starts.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_python")]
LIMIT = 120
PYTHON = sys.executable
OPTIONS = ["simple-attn", "--dataset", "planted", "--vectors", "random", "--vector-size", "8", "--min-count", "1",
           "--batch-size", "16", "--max-length", "12", "--threads", "1", "--device", "cpu", "--patience", "0",
           "--checkpoint-every", "3", "--dropout", "0.3"]  # fmt: skip
ENDLESS = [*OPTIONS, "--epochs", "100000", "--processes", "2"]


def start(environment, *arguments, module="tmeattn", python=None):
    return subprocess.Popen([python or sys.executable, "-P", "-m", module, *arguments], env=environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip


def wait_for(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def runs(home):
    return [path for path in sorted((home / "runs").glob("*")) if path.is_dir()]


def weights(run):
    return load_file(run / "checkpoints" / "last.safetensors")


def rank_1_of(run):
    """The process that rank 0 of a run has started."""
    rank_0 = json.loads((run / "status.json").read_text())["pid"]
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == rank_0:
                found.append(int(path.parent.name))
    (rank_1,) = found
    return rank_1


def started_as_rank_1(home):
    """The process that torchrun has started as rank 1 of a training in this home."""
    wanted = {b"RANK=1", f"TMEATTN_HOME={home}".encode()}
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if wanted <= {*path.read_bytes().split(b"\0")}:
                found.append(int(path.parent.name))
    (rank_1,) = found
    return rank_1


@pytest.fixture
def training(environment, isolated):
    """Two processes that train without an end, after a checkpoint."""
    process = start(environment, "train", *ENDLESS)
    wait_for(lambda: list(isolated.glob("runs/*/checkpoints/last.safetensors")) or process.poll() is not None, "begins")
    yield process
    process.kill()
    process.communicate()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it finds the processes in /proc")
def test_a_process_that_is_killed_ends_the_training_with_one_line(training, isolated):
    rank_1 = rank_1_of(*runs(isolated))
    os.kill(rank_1, signal.SIGKILL)
    _, err = training.communicate(timeout=LIMIT)
    (line,) = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert f"Rank 1 on {socket.gethostname()} (process {rank_1}) was ended by SIGKILL." in line
    assert training.returncode == 3
    assert json.loads((runs(isolated)[0] / "status.json").read_text())["state"] == "failed"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it finds the processes in /proc")
def test_without_rank_0_no_process_is_left(training, isolated):
    rank_1 = rank_1_of(*runs(isolated))
    training.kill()
    training.communicate()
    wait_for(lambda: not Path(f"/proc/{rank_1}").exists(), "the other process ends")


def test_a_signal_stops_all_with_a_checkpoint(training, isolated):
    training.send_signal(signal.SIGTERM)
    _, err = training.communicate(timeout=LIMIT)
    assert training.returncode == 130
    assert "and a checkpoint was saved" in err
    events = map(json.loads, (runs(isolated)[0] / "events.jsonl").open())
    (stopped,) = [event for event in events if event["kind"] == "stopped"]
    assert stopped["reason"] == "SIGTERM"


def test_two_computers_train_as_two_processes_do(environment, isolated):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    agents = [
        start(environment, "--nnodes", "2", "--nproc-per-node", "1", "--node-rank", str(node), "--master-addr",
              "127.0.0.1", "--master-port", port, "-m", "tmeattn", "train", *OPTIONS, "--epochs", "2",
              module="torch.distributed.run")
        for node in range(2)
    ]  # fmt: skip
    here = start(environment, "train", *OPTIONS, "--epochs", "2", "--processes", "2", python=PYTHON)
    results = [process.communicate(timeout=LIMIT) for process in (*agents, here)]
    assert [process.returncode for process in (*agents, here)] == [0, 0, 0], results
    assert sum("finished" in out for out, _ in results[:2]) == 1  # rank 0 alone prints
    one, two = map(weights, runs(isolated))
    assert "random.cpu.1" in one
    assert one.keys() == two.keys()
    assert all(torch.equal(value, two[name]) for name, value in one.items())


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it finds the processes in /proc")
def test_the_processes_that_torchrun_starts_again_continue_the_run(environment, isolated):
    agent = start(environment, "--standalone", "--nproc-per-node", "2", "--max-restarts", "1", "--monitor-interval",
                  "0.1", "-m", "tmeattn", "train", *OPTIONS, "--epochs", "100000",
                  module="torch.distributed.run")  # fmt: skip
    try:
        begun = isolated.glob
        wait_for(lambda: list(begun("runs/*/checkpoints/last.safetensors")) or agent.poll() is not None, "begins")
        (run,) = runs(isolated)
        os.kill(started_as_rank_1(isolated), signal.SIGKILL)
        wait_for(lambda: '"resumed"' in (run / "events.jsonl").read_text() or agent.poll() is not None, "continues")
        assert agent.poll() is None
        assert runs(isolated) == [run]
    finally:
        agent.terminate()
        _, err = agent.communicate(timeout=LIMIT)
    assert f"they continue the run {run.name}" in " ".join(err.split())
