"""`tmeattn runs`."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
from support import logged_runs

from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import all_runs
from tmeattn.runs.liveness import process_mark
from tmeattn.runs.lock import writing

SUMMARY = {"id", "name", "state", "model", "dataset", "recipe", "alpha", "uniform_attention", "seed", "limit",
           "epoch", "epochs", "best_accuracy", "best_epoch", "seconds", "created", "path"}  # fmt: skip


def test_runs_list(tmeattn: Any, isolated: Path, trained: RunDirectory) -> None:
    (isolated / "runs" / "bad\x1b[31m").mkdir()
    result = tmeattn("runs", "list", "--json")
    (listed,) = result.json
    assert listed.keys() >= SUMMARY
    assert (listed["id"], listed["model"], listed["state"]) == (trained.id, "simple-attn", "finished")
    assert "Skipped bad␛[31m" in result.err
    assert "\x1b" not in result.err
    assert trained.id[:8] in tmeattn("runs", "list").out


def test_runs_list_marks_twins(tmeattn: Any, isolated: Path, trained: RunDirectory) -> None:
    assert "equal weights" not in tmeattn("runs", "list").out
    info = json.loads((trained.path / "run.json").read_text())
    info["config"]["train"]["uniform_attention"] = True
    (trained.path / "run.json").write_text(json.dumps(info))
    assert "equal weights" in " ".join(tmeattn("runs", "list").out.split())


def test_runs_list_with_a_long_name(tmeattn: Any, trained: RunDirectory) -> None:
    trained.rename("a very long name, longer than all else that a listing has to say of a run")
    listed = tmeattn("runs", "list").out
    assert "a very long name, longe…" in listed
    assert "finished" in listed
    assert " %" in listed


def test_runs_rename_of_an_exported_run_is_refused(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    target = tmp_path / "exported.zip"
    assert tmeattn("runs", "export", trained.id, str(target)).code == 0
    assert tmeattn("runs", "rename", str(target), "new").refused().startswith(f"{target} is an exported run")


def test_runs_rename_by_a_name_that_a_file_has_too(
    tmeattn: Any, trained: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").write_text("no run")
    trained.rename("notes")
    assert tmeattn("runs", "rename", "notes", "other").code == 0
    assert trained.name == "other"


def test_runs_show_says_how_to_go_on(tmeattn: Any, trained: RunDirectory) -> None:
    assert "resume" not in tmeattn("runs", "show").out
    status = json.loads((trained.path / "status.json").read_text())
    (trained.path / "status.json").write_text(json.dumps({**status, "state": "stopped"}))
    events = trained.events_path.read_text().splitlines(keepends=True)
    trained.events_path.write_text("".join(line for line in events if '"kind":"finished"' not in line))
    assert f"The run is stopped. Resume it: tmeattn resume {trained.id}" in tmeattn("runs", "show").out
    trained.rename("my run")
    assert "tmeattn resume 'my run'" in tmeattn("runs", "show").out


def test_runs_list_of_none(tmeattn: Any) -> None:
    assert tmeattn("runs", "list", "--json").json == []
    result = tmeattn("runs", "list")
    assert (result.code, result.out) == (0, "")
    assert "There is no run yet." in result.err


def test_runs_show(tmeattn: Any, trained: RunDirectory) -> None:
    document = tmeattn("runs", "show", trained.id, "--json").json
    assert document.keys() >= SUMMARY | {"config", "data", "versions", "command", "history"}
    assert len(document["history"]) == document["epoch"] == document["epochs"]
    text = tmeattn("runs", "show").out
    assert "Configuration" in text
    assert "batch-size" in text


def test_runs_show_exports_the_charts(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    path = tmp_path / "charts.csv"
    result = tmeattn("runs", "show", "--export", str(path), "--charts", "accuracy,entropy", "--x", "time")
    assert f"Wrote {path}" in " ".join(result.err.split())
    lines = path.read_text().splitlines()
    assert lines[0] == "run,chart,unit,curve,seconds,value,smoothed"
    assert {line.split(",")[1] for line in lines[1:]} == {"accuracy", "entropy"}
    assert tmeattn("runs", "show", "--export", "charts.pdf").refused().endswith("must end in .svg, .png or .csv.")
    assert "no-chart" in tmeattn("runs", "show", "--export", str(path), "--charts", "no-chart").refused()
    assert "--x is about charts in a file" in tmeattn("runs", "show", "--x", "step").refused()


def test_runs_show_with_numbers_that_are_not_finite(tmeattn: Any, trained: RunDirectory) -> None:
    log = trained.events_path.read_text()
    *_, last = [event for event in trained.events() if event["kind"] == "epoch"]
    from tmeattn.runs.events import encode

    last["train"]["loss"] = float("nan")
    trained.events_path.write_text(log + encode(last) + "\n")
    assert tmeattn("runs", "show", "--json").json["history"][-1]["train"]["loss"] is None


def test_runs_rename(tmeattn: Any, trained: RunDirectory) -> None:
    assert tmeattn("runs", "rename", trained.id, " mein Lauf ").out == ""
    assert trained.name == "mein Lauf"
    assert tmeattn("runs", "show", "mein Lauf", "--json").json["name"] == "mein Lauf"
    assert tmeattn("runs", "rename", "mein Lauf", "mein Lauf").code == 0
    assert tmeattn("runs", "rename", "mein Lauf", "").code == 0
    assert trained.name is None


@pytest.mark.parametrize("name", ["latest", "best", " latest ", "a/b", "a\\b", "\x1b[31m", "\udcff"])
def test_runs_rename_refuses(tmeattn: Any, trained: RunDirectory, name: str) -> None:
    assert "cannot be a run's name. No slashes" in tmeattn("runs", "rename", trained.id, name).refused()
    assert trained.name is None


def test_runs_export(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    for target in (tmp_path / "out", tmp_path / "out.zip"):
        result = tmeattn("runs", "export", trained.id, str(target))
        assert (result.code, result.out) == (0, "")
        assert f"--run {target}" in result.err
        assert tmeattn("predict", "a good film", "--run", str(target), "--json").json[0]["label"] == "positive"
        said = tmeattn("runs", "export", trained.id, str(target)).refused()
        assert said == f"{target} exists already. Choose another name or add --force."
        assert tmeattn("runs", "export", trained.id, str(target), "--force").code == 0


def test_runs_delete(tmeattn: Any, trained: RunDirectory) -> None:
    kept = tmeattn("runs", "delete", trained.id, stdin=b"n\n")
    assert (kept.code, kept.out) == (0, "")
    assert f"Delete {trained.id}?" in kept.err
    assert "Nothing was deleted." in kept.err
    unanswered = tmeattn("runs", "delete", trained.id)
    assert (unanswered.code, unanswered.out) == (2, "")
    assert unanswered.err.endswith(
        "Error: The question was not answered, because stdin is not a terminal. Add --yes.\n"
    )
    assert trained.path.exists()
    deleted = tmeattn("runs", "delete", trained.id, trained.id[:6], "--yes")
    assert (deleted.code, deleted.out, deleted.err) == (0, "", f"Deleted {trained.id}.\n")
    assert all_runs() == []


def test_runs_delete_when_told_yes(tmeattn: Any, trained: RunDirectory) -> None:
    assert tmeattn("runs", "delete", trained.id, stdin=b"y\n").code == 0
    assert not trained.path.exists()


def test_runs_delete_takes_all_or_none(tmeattn: Any, trained: RunDirectory) -> None:
    tmeattn("runs", "delete", trained.id, "nothing", "--yes").refused()
    assert trained.path.exists()


def test_runs_delete_spares_a_run_in_training(tmeattn: Any, trained: RunDirectory) -> None:
    trained.write_status({"state": "finished"})  # the lock counts, not what is written
    with writing(trained):
        refusal = tmeattn("runs", "delete", trained.id, "--yes").refused()
    assert refusal == f"The run {trained.id} is being trained. Stop it first."
    assert trained.path.exists()


def test_runs_delete_takes_a_run_whose_process_was_killed(tmeattn: Any, trained: RunDirectory) -> None:
    mark = {"process": process_mark(os.getppid())}  # alive, but it does not hold the lock: the number was given anew
    status: Any = {"state": "running", "pid": os.getppid(), "host": socket.gethostname(), "heartbeat": 1.0, **mark}
    trained.write_status(status)
    assert trained.state() == "running"
    assert tmeattn("runs", "delete", trained.id, "--yes").code == 0
    assert not trained.path.exists()


@pytest.mark.parametrize("target", ["out", "out.zip"])
def test_runs_delete_touches_nothing_outside_the_runs_folder(
    tmeattn: Any, trained: RunDirectory, tmp_path: Path, target: str
) -> None:
    path = tmp_path / target
    tmeattn("runs", "export", trained.id, str(path))
    assert "is not in" in tmeattn("runs", "delete", str(path), "--yes").refused()
    assert path.exists()


def test_runs_list_on_a_narrow_terminal(tmeattn: Any, trained: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (40, 60, 80):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = tmeattn("runs", "list").out.splitlines()
        assert max(map(len, lines)) <= width
        assert trained.id in lines[-1]
        assert "%" in lines[-1]  # the best accuracy stays


def test_runs_delete_a_damaged_one_by_its_folder(tmeattn: Any, trained: RunDirectory) -> None:
    (trained.path / "run.json").write_text("{")
    assert trained.id in tmeattn("runs", "list").err
    assert tmeattn("runs", "delete", trained.id, "--yes").code == 0
    assert not trained.path.exists()


def test_what_is_damaged_is_named(tmeattn: Any, isolated: Path) -> None:
    logged_runs.write_to(isolated / "runs" / "good-lstm-attn")
    evil = logged_runs.write_to(isolated / "runs" / "evil-lstm-attn")
    shutil.copytree(evil.path, isolated / "runs" / "third-lstm-attn")
    (isolated / "runs" / "third-lstm-attn" / "run.json").write_text("{")
    (evil.path / "meta.json").write_text('{"name": 5}')
    (evil.path / "status.json").write_text("[]")
    with evil.events_path.open("a") as log:
        log.write('{"kind":"epoch","epoch":"three"}\n{"kind":"of the future"}\nno JSON\n')
    result = tmeattn("runs", "list", "--json")
    by_id = {run["id"]: run["problems"] for run in result.json}
    assert by_id == {
        "good-lstm-attn": [],
        "evil-lstm-attn": [
            "meta.json is damaged; what cannot be read in it is ignored.",
            "status.json is damaged; what cannot be read in it is ignored.",
            "events.jsonl is damaged; 2 lines of it cannot be read and are ignored.",
        ],
    }
    assert result.err.count("evil-lstm-attn: meta.json is damaged") == 1
    assert result.err.count("Skipped third-lstm-attn:") == 1


TRACKER = """
from tmeattn.hookspecs import hookimpl
from tmeattn.specs import TrackerSpec

def track(run):
    return lambda event: None

@hookimpl
def tmeattn_trackers():
    return [TrackerSpec("note", "Notes", "noting_plugin:track")]
"""


def test_runs_track(tmeattn: Any, install: Any, isolated: Path, trained_once: Path) -> None:
    install("noting", TRACKER)
    run = RunDirectory(Path(shutil.copytree(trained_once, isolated / "runs" / trained_once.name)))
    number = len(run.events())
    assert tmeattn("runs", "track", "latest", "note", "--json").json == {
        "run": run.id, "tracker": "note", "events": number
    }  # fmt: skip
    told = tmeattn("runs", "track", run.id, "note")
    assert told.out == ""
    assert " ".join(told.err.split()) == f"note has exported {number:,} events of {run.id}."
    assert tmeattn("runs", "track", run.id, "notes").refused().startswith("There is no tracker named 'notes'.")
