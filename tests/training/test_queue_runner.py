"""The runner of the queue, with small programs in place of trainings."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from support.logged_runs import write_to

from tmeattn.errors import BadInput
from tmeattn.runs import detached
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.queue import add_to_queue, read_queue, running_queue, take_next
from tmeattn.training import queue_runner
from tmeattn.training.queue_runner import work

TRAINING = """
import os, pathlib, sys
name = sys.argv[2]
home = pathlib.Path(os.environ["TMEATTN_HOME"])
with (home / "trained").open("a") as file:
    file.write(f"{sys.argv[1]} {name} {os.environ['TMEATTN_RUN_ID']} {os.getcwd()}\\n")
if name == "bad":
    print("Note: first\\nError: no data.", file=sys.stderr)
sys.exit({"bad": 2, "halt": 130}.get(name, 0))
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMEATTN_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        detached, "tmeattn_command", lambda *arguments: [sys.executable, "-S", "-c", TRAINING, *arguments]
    )
    return tmp_path


def states() -> list[tuple[str, str | None]]:
    return [(item["state"], item["message"]) for item in read_queue()]


def trained(home: Path) -> list[list[str]]:
    return [line.split(" ") for line in (home / "trained").read_text().splitlines()]


def test_all_are_trained_in_order_and_a_failure_ends_only_itself(home: Path) -> None:
    add_to_queue([["train", "bad"], ["train", "halt"], ["train", "mean"]])
    told: list[str] = []
    assert work(told.append) == 1
    assert states() == [("failed", "Error: no data."), ("stopped", "it was stopped"), ("finished", None)]
    found = trained(home)
    assert [line[1] for line in found] == ["bad", "halt", "mean"]
    assert [line[2] for line in found] == [item["run"] for item in read_queue()]
    assert {line[3] for line in found} == {str(home)}
    assert told[0].startswith("Training ")
    assert told[-1].endswith("-mean finished.")


def test_a_folder_that_is_gone_fails_the_run_and_not_the_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "data").mkdir()
    monkeypatch.chdir(home / "data")
    add_to_queue([["train", "mean"]])
    monkeypatch.chdir(home)
    (home / "data").rmdir()
    add_to_queue([["train", "mean"]])
    assert work(lambda line: None) == 1
    assert [state for state, _ in states()] == ["failed", "finished"]
    assert "cannot be started" in (states()[0][1] or "")


@pytest.mark.parametrize(
    ("state", "command", "after"), [("crashed", "resume", "finished"), ("finished", None, "finished")]
)
def test_what_a_killed_runner_left_goes_on(home: Path, state: str, command: str | None, after: str) -> None:
    add_to_queue([["train", "mean"]])
    take_next(lambda item: "aaaa-mean", lambda: None)
    write_to(home / "runs" / "aaaa-mean", "mean", done=2, state=state)
    assert work(lambda line: None) == 0
    assert states() == [(after, None)]
    assert (home / "trained").exists() == (command is not None)
    if command:
        assert trained(home)[0][:2] == [command, str(home / "runs" / "aaaa-mean")]


def test_it_waits_for_a_training_that_outlived_its_runner(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_to_queue([["train", "mean"]])
    take_next(lambda item: "aaaa-mean", lambda: None)
    run = write_to(home / "runs" / "aaaa-mean", "mean", done=2, state="running")
    looks = []

    def ended(self_run: RunDirectory) -> bool:
        looks.append(self_run.id)
        status = json.loads((run.path / "status.json").read_text())
        (run.path / "status.json").write_text(json.dumps({**status, "state": "finished"}))
        return len(looks) < 2

    monkeypatch.setattr(queue_runner, "EVERY", 0.001)
    monkeypatch.setattr(queue_runner, "is_trained", ended)
    assert work(lambda line: None) == 0
    assert looks == ["aaaa-mean"] * 2
    assert states() == [("finished", None)]


def test_there_is_one_runner(home: Path) -> None:
    with running_queue(), pytest.raises(BadInput, match="Another process trains the queue"):
        work(lambda line: None)
