"""A run directory: made whole or not at all, readable whatever happened to it."""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.created_runs import DATA, create_run, dead_pid

from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.files import write_atomically
from tmeattn.run_config import resolve_run
from tmeattn.runs import creation
from tmeattn.runs.creation import ID_VARIABLE, command, create
from tmeattn.runs.directory import FORMAT, RunDirectory
from tmeattn.runs.heartbeat import Heartbeat
from tmeattn.runs.lock import writing
from tmeattn.runs.summary import summarize


def edit(run: RunDirectory, **changes: Any) -> RunDirectory:
    """The same run with another run.json, read anew."""
    path = run.path / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return RunDirectory(run.path)


def test_create_and_read(tmp_path: Path) -> None:
    config = resolve_run("mean", {"lr": 0.5})
    before = time.time()
    run = create(tmp_path / "new" / "runs", config, name="été", data=DATA)
    read = RunDirectory(run.path)
    assert run.id == run.path.name
    assert run.id.endswith("-mean")
    assert read.config == config.model_dump(mode="json")
    assert read.data == DATA
    assert read.name == "été"
    assert before <= read.info["created"] <= time.time()
    assert {"tmeattn", "torch", "python"} <= set(read.info["versions"])
    assert isinstance(read.info["command"], list)
    assert read.state() == "created"
    assert read.events() == []
    assert not read.has_checkpoint()
    assert create_run(tmp_path).id != create_run(tmp_path).id


def test_a_taken_id_is_not_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = iter("aaaa" + "aaaa" + "bbbb")
    monkeypatch.setattr(creation.secrets, "choice", lambda _: next(letters))
    assert [create_run(tmp_path).id, create_run(tmp_path).id] == ["aaaa-mean", "bbbb-mean"]


@pytest.mark.parametrize("in_the_way", ["home", "runs"])
def test_a_file_where_the_folder_should_be(tmp_path: Path, in_the_way: str) -> None:
    root = tmp_path / "home" / "runs"
    file = root if in_the_way == "runs" else root.parent
    file.parent.mkdir(exist_ok=True)
    file.write_text("")
    with pytest.raises(EnvironmentProblem, match="Cannot write a run to") as caught:
        create_run(root)
    assert str(root) in caught.value.message


@pytest.mark.parametrize("failing", ["run.json", "meta.json"])
def test_a_full_disk_leaves_no_half_made_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    def full(path: Path, data: bytes, **more: Any) -> None:
        if path.name == failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_atomically(path, data, **more)

    monkeypatch.setattr(creation, "write_atomically", full)
    with pytest.raises(EnvironmentProblem, match="No space left"):
        create_run(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_rename(tmp_path: Path) -> None:
    run = create_run(tmp_path, "first")
    notes = {"name": "first", "notes": "mine", "later": [1]}
    (run.path / "meta.json").write_text(json.dumps(notes))
    run.rename("second")
    assert RunDirectory(run.path).name == "second"
    assert json.loads((run.path / "meta.json").read_text()) == {**notes, "name": "second"}
    run.rename(None)
    assert run.name is None


@pytest.mark.parametrize("meta", [None, "{", "[]", '{"name": 5}', '{"notes": ""}'])
def test_a_damaged_name_is_no_name(tmp_path: Path, meta: str | None) -> None:
    run = create_run(tmp_path, "first")
    (run.path / "meta.json").unlink()
    if meta is not None:
        (run.path / "meta.json").write_text(meta)
    assert run.name is None
    run.rename("again")
    assert run.name == "again"


# What is no run


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", '{"format": 1}'])
def test_no_readable_run_json(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(BadInput, match="is no run directory") as caught:
        _ = RunDirectory(tmp_path).info
    assert str(tmp_path) in caught.value.message


@pytest.mark.parametrize(
    "changes",
    [
        {"config": []},
        {"config": {"model": "mean"}},
        {"config": {"model": 5, "model_options": {}, "train": {}}},
        {"config": {"model": "mean", "model_options": {}, "train": {"dataset": "x"}}},
        {"data": None},
        {"created": "yesterday"},
        {"created": None},
    ],
)
def test_damaged_run_json(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=r"run\.json is damaged"):
        _ = edit(create_run(tmp_path), **changes).info


@pytest.mark.parametrize("versions", [{"tmeattn": "9.9"}, None, "9.9"])
def test_another_format(tmp_path: Path, versions: Any) -> None:
    run = edit(create_run(tmp_path), format=FORMAT + 1, versions=versions)
    with pytest.raises(BadInput, match=f"has format {FORMAT + 1}; this tmeattn reads format {FORMAT}") as caught:
        _ = run.info
    assert ("9.9" if isinstance(versions, dict) else "another version") in (caught.value.hint or "")


# State


def status(**fields: Any) -> dict[str, Any]:
    return {
        "state": "running",
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "heartbeat": time.time(),
        **fields,
    }


@pytest.mark.parametrize("state", ["finished", "stopped", "failed"])
def test_a_state_that_was_left_behind_stays(tmp_path: Path, state: str) -> None:
    run = create_run(tmp_path)
    run.write_status(status(state=state, pid=dead_pid(), heartbeat=0))
    assert run.state() == state


def test_running_and_crashed(tmp_path: Path) -> None:
    run = create_run(tmp_path)
    run.write_status(status())
    assert run.state() == "running"
    run.write_status(status(pid=dead_pid()))
    assert run.state() == "crashed"


FINISHED = {
    "kind": "finished", "time": 2.0, "step": 4, "reason": "epochs", "best_epoch": 1, "best_accuracy": 0.5,
    "seconds": 1.0,
}  # fmt: skip


@pytest.mark.parametrize("look", [RunDirectory.state, summarize])
def test_whoever_looks_at_a_finished_run_puts_its_status_right(
    tmp_path: Path, look: Callable[[RunDirectory], Any]
) -> None:
    run = create_run(tmp_path)
    run.events_path.write_text(json.dumps(FINISHED) + "\n")
    leftover = run.path / f".status.json.{dead_pid()}.tmp"
    leftover.touch()
    run.write_status(status(pid=dead_pid(), step=4))
    look(run)
    assert (run.state(), run.status()["state"], run.status()["step"]) == ("finished", "finished", 4)
    assert not leftover.exists()


@pytest.mark.parametrize("written", ["failed", "stopped"])
def test_a_state_that_the_last_status_could_not_replace_is_put_right(tmp_path: Path, written: Any) -> None:
    run = create_run(tmp_path)
    run.events_path.write_text(json.dumps(FINISHED) + "\n")
    run.write_status({"state": written, "step": 4})
    assert run.state() == "finished"
    assert run.status()["state"] == "finished"


def test_a_full_disk_leaves_the_last_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no room for a second file, but the old one can be written again."""
    run = create_run(tmp_path)
    with Heartbeat(run) as heartbeat:
        monkeypatch.setattr(RunDirectory, "write_status", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        heartbeat.end("finished", step=3)
    assert run.status()["state"] == "finished"
    assert run.status()["step"] == 3


def test_the_status_of_a_run_that_is_written_is_not_put_right(tmp_path: Path) -> None:
    run = create_run(tmp_path)
    run.events_path.write_text(json.dumps(FINISHED) + "\n")
    run.write_status(status())
    with writing(run):
        assert run.state() == "running"
    assert run.status()["state"] == "running"


def test_a_damaged_status_file_is_as_none(tmp_path: Path) -> None:
    run = create_run(tmp_path)
    (run.path / "status.json").write_text('{"state": "run')
    assert run.state() == "created"


def test_heartbeat_leaves_a_state_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tmeattn.runs import heartbeat as heartbeat_module

    monkeypatch.setattr(heartbeat_module, "INTERVAL", 0.005)
    run = create_run(tmp_path)
    with Heartbeat(run) as heartbeat:
        assert run.state() == "running"
        assert run.status()["pid"] == os.getpid()
        first = run.status()["heartbeat"]
        heartbeat.update(step=3)
        deadline = time.time() + 5
        while run.status().get("step") != 3 and time.time() < deadline:
            time.sleep(0.002)
        assert run.status()["step"] == 3
        assert run.status()["heartbeat"] > first
        heartbeat.end("finished")
    assert (run.state(), run.status()["step"]) == ("finished", 3)


def test_heartbeat_of_a_failure_says_so(tmp_path: Path) -> None:
    run = create_run(tmp_path)
    with pytest.raises(ValueError, match="broken"), Heartbeat(run):
        raise ValueError("broken")
    assert run.state() == "failed"
    assert run.status()["message"] == "broken"


# Checkpoints


@pytest.mark.parametrize("name", ["best", "last", "previous"])
def test_has_checkpoint(tmp_path: Path, name: str) -> None:
    run = create_run(tmp_path)
    (run.checkpoints / "next.safetensors").touch()
    assert not run.has_checkpoint()
    (run.checkpoints / f"{name}.safetensors").touch()
    assert run.has_checkpoint()


def test_delete(tmp_path: Path) -> None:
    run, other = create_run(tmp_path), create_run(tmp_path)
    run.delete()
    assert list(tmp_path.iterdir()) == [other.path]
    with pytest.raises(EnvironmentProblem, match=run.id):
        run.delete()


def test_a_lost_folder_is_noticed_after_two_missed_heartbeats(tmp_path: Path) -> None:
    run = create_run(tmp_path)
    heartbeat = Heartbeat(run)
    heartbeat.check_folder()
    run.path.rename(tmp_path / "elsewhere")
    assert heartbeat.folder_is_gone
    heartbeat.check_folder()  # nothing was missed yet
    heartbeat._missed = 2
    with pytest.raises(FileNotFoundError, match=run.id):
        heartbeat.check_folder()


def test_the_id_that_a_parent_process_chose_is_taken_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, others = "abcd-mean", []
    for given in (first, first, "../escape"):
        monkeypatch.setenv(ID_VARIABLE, given)
        others.append(create_run(tmp_path).id)
        assert ID_VARIABLE not in os.environ
    assert others[0] == first
    assert len({*others}) == 3
    assert all(name.endswith("-mean") for name in others)


@pytest.mark.parametrize(
    ("program", "typed"),
    [("/usr/bin/tmeattn", "tmeattn"), ("/lib/tmeattn/__main__.py", "tmeattn"), ("", "python"), ("-c", "-c")],
)
def test_the_command_of_a_run_is_what_was_typed(monkeypatch: pytest.MonkeyPatch, program: str, typed: str) -> None:
    monkeypatch.setattr(sys, "argv", [program, "train", "mean"])
    assert command() == [typed, "train", "mean"]
