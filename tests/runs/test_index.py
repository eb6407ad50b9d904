"""Finding the run that a user means."""

from __future__ import annotations

import json
import os
import socket
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tmeattn.errors import BadInput
from tmeattn.paths import runs_dir
from tmeattn.run_config import resolve_run
from tmeattn.runs.best import SeveralDatasets
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import encode
from tmeattn.runs.index import all_runs, check_name, damaged_runs, find_run, find_runs, run_to_resume
from tmeattn.runs.summary import summarize

DATA = {"fingerprint": "f", "classes": ["a", "b"], "vectors": None, "vector_size": 50}


def make(
    run_id: str,
    created: float,
    *,
    name: str | None = None,
    accuracy: float | None = 0.5,
    fingerprint: str = "f",
    **options: Any,
) -> RunDirectory:
    """A run with a checkpoint and one epoch, or with neither where accuracy is None."""
    run = RunDirectory(runs_dir() / run_id)
    run.checkpoints.mkdir(parents=True)
    config = resolve_run("mean", options).model_dump(mode="json")
    info = {
        "format": 1,
        "id": run_id,
        "created": created,
        "config": config,
        "data": DATA | {"fingerprint": fingerprint},
    }
    (run.path / "run.json").write_text(json.dumps(info))
    (run.path / "meta.json").write_text(json.dumps({"name": name}))
    if accuracy is not None:
        (run.checkpoints / "best.safetensors").touch()
        part = {"loss": 0.5, "cross_entropy": 0.5, "accuracy": accuracy}
        part |= {"entropy": None, "normalized_entropy": None, "histogram": None}
        epoch = {"kind": "epoch", "epoch": 1, "step": 10, "best": True, "seconds": 2.5, "alpha": 0.0}
        epoch |= {"learning_rate": 0.01, "train": part, "validation": part}
        run.events_path.write_text(encode(epoch) + "\n")
    return run


@pytest.fixture
def runs() -> dict[str, RunDirectory]:
    made = [
        make("abcd-mean", 1, name="first", accuracy=0.9),
        make("abce-mean", 3, name="a name"),
        make("xyzw-mean", 2, accuracy=0.95, limit=100),
        make("newest-mean", 4, name="untrained", accuracy=None),
    ]
    return {run.id: run for run in made}


def refused(reference: str) -> str:
    with pytest.raises(BadInput) as caught:
        find_run(reference)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("abcd-mean", "abcd-mean"),
        ("abcd", "abcd-mean"),
        ("xy", "xyzw-mean"),
        ("first", "abcd-mean"),
        ("a name", "abce-mean"),
        ("untrained", "newest-mean"),
        ("latest", "abce-mean"),  # the newest has no checkpoint
        ("best", "abcd-mean"),  # xyzw saw few texts
    ],
)
def test_finds(runs: dict[str, RunDirectory], reference: str, found: str) -> None:
    assert find_run(reference).path == runs[found].path


def test_best_among_runs_on_few_texts() -> None:
    make("aa", 1, accuracy=0.6, limit=100)
    make("bb", 2, accuracy=0.7, limit=100)
    make("cc", 3, accuracy=0.7, limit=100)
    assert find_run("best").id == "cc"  # the newer of equals


def test_best_compares_only_runs_with_the_same_limit() -> None:
    make("aa", 1, accuracy=0.9, limit=100)
    make("bb", 2, accuracy=0.7, limit=300)
    make("cc", 3, accuracy=0.8, limit=300)
    make("dd", 4, accuracy=None, limit=900)
    assert find_run("best").id == "cc"


def test_best_is_the_best_on_the_dataset_at_hand(runs: dict[str, RunDirectory]) -> None:
    make("other-mean", 5, accuracy=0.99, fingerprint="g", dataset="planted")
    assert find_run("best", dataset="imdb-25k").id == "abcd-mean"
    assert find_run("best", dataset="planted").id == "other-mean"
    assert [run.id for run in find_runs(["best", "abce"])] == ["abcd-mean", "abce-mean"]
    with pytest.raises(SeveralDatasets) as caught:
        find_run("best")
    assert str(caught.value) == (
        "best can mean 2 runs, because the accuracies on different datasets cannot be compared: planted: other-mean "
        "(99.00 %); imdb-25k: abcd-mean (90.00 %). Give the id of one of them in place of best."
    )
    assert [one.run.id for one in caught.value.candidates] == ["other-mean", "abcd-mean"]
    with pytest.raises(SeveralDatasets):
        find_run("best", dataset="a third")


def test_best_on_other_data_is_the_best_on_the_only_dataset(runs: dict[str, RunDirectory]) -> None:
    assert find_run("best", dataset="a third").id == "abcd-mean"


def test_a_dataset_that_has_changed_is_another_dataset() -> None:
    make("aa", 1.5 * 86400, accuracy=0.9, fingerprint="old", dataset="reviews.csv")
    make("bb", 10.5 * 86400, accuracy=0.7, fingerprint="new", dataset="reviews.csv")
    message = refused("best")
    assert "reviews.csv, in its state of 1970-01-11: bb (70.00 %)" in message
    assert "reviews.csv, in its state of 1970-01-02: aa (90.00 %)" in message


def test_best_on_a_path_is_found_by_any_spelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.csv").write_text("text,label\n")
    make("aa", 1, accuracy=0.7, fingerprint="mine", dataset=str(tmp_path / "mine.csv"))
    make("bb", 2, accuracy=0.9)
    monkeypatch.chdir(tmp_path)
    assert find_run("best", dataset="mine.csv").id == "aa"


def test_a_run_without_a_checkpoint_is_no_candidate(runs: dict[str, RunDirectory]) -> None:
    make("other-mean", 5, accuracy=None, fingerprint="g", dataset="planted")
    assert find_run("best").id == "abcd-mean"
    assert find_run("best", dataset="planted").id == "abcd-mean"


def test_ambiguous_prefix(runs: dict[str, RunDirectory]) -> None:
    assert refused("abc") == "'abc' fits 2 runs: abce-mean, abcd-mean. Use a longer prefix or the id."


def test_one_letter_is_no_prefix(runs: dict[str, RunDirectory]) -> None:
    assert refused("x").startswith("There is no run named 'x'.")


def test_a_name_that_two_runs_have() -> None:
    make("aa", 1, name="twin")
    make("bb", 2, name="twin")
    assert refused("twin").startswith("'twin' fits 2 runs: bb, aa.")


def test_an_id_wins_over_a_name_and_a_name_over_a_prefix() -> None:
    make("alpha", 1, name="beta")
    make("beta", 2)
    make("gamma-mean", 3)
    make("delta", 4, name="gamma")
    assert find_run("beta").id == "beta"
    assert find_run("gamma").id == "delta"


def test_did_you_mean(runs: dict[str, RunDirectory]) -> None:
    assert "Did you mean first?" in refused("frist")
    assert "Did you mean xyzw-mean" in refused("xyzv-mean")
    assert refused("zzzzzzzz").endswith("List them with: tmeattn runs list")


@pytest.mark.parametrize("reference", ["latest", "best"])
def test_nothing_trained_yet(reference: str) -> None:
    assert refused(reference).startswith("There is no trained run yet. Train one: tmeattn train")
    make("aa", 1, accuracy=None)
    assert refused(reference).startswith("There is no trained run yet.")


def test_by_path(runs: dict[str, RunDirectory], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = runs["abcd-mean"].path.rename(tmp_path / "moved")
    assert find_run(str(elsewhere)).path == elsewhere
    monkeypatch.chdir(tmp_path)
    assert find_run("moved").id == "moved"
    monkeypatch.chdir(elsewhere)
    assert find_run(".").path == elsewhere


def test_home_is_understood_in_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make("aa", 1).path.rename(tmp_path / "moved")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert find_run("~/moved").path == tmp_path / "moved"


def test_a_path_that_is_no_run(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("notes")
    for path in (file, tmp_path, tmp_path / "none"):
        assert refused(str(path)) == (
            f"{path} is neither a run directory nor an exported run. Export a run: tmeattn runs export RUN model.zip"
        )


@pytest.mark.parametrize("reference", ["", "~nobody-of-that-name", "x" * 300, "a\0b", "\ud800", "\x1b[31m", "*"])
def test_what_can_be_no_path(runs: dict[str, RunDirectory], reference: str) -> None:
    assert refused(reference).startswith("There is no run named ")


def test_a_zip_that_is_no_run(tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert refused(str(path)).startswith(f"{path} is no exported run: it lacks run.json")


# Listings


def test_all_runs_newest_first_foreign_and_damaged_passed_over(runs: dict[str, RunDirectory]) -> None:
    root = runs_dir()
    (root / "empty").mkdir()
    (root / "notes.txt").write_text("mine")
    (root / "dangling").symlink_to(root / "nowhere")
    for name, content in {
        "torn": "{",
        "list": "[]",
        "newer": json.dumps({**runs["abcd-mean"].info, "format": 2}),
        "undated": json.dumps({**runs["abcd-mean"].info, "created": "yesterday"}),
        "hollow": json.dumps({**runs["abcd-mean"].info, "config": {}}),
    }.items():
        (root / name).mkdir()
        (root / name / "run.json").write_text(content)
    assert [run.id for run in all_runs()] == ["newest-mean", "abce-mean", "xyzw-mean", "abcd-mean"]
    damaged = {path.name: reason for path, reason in damaged_runs().items()}
    assert list(damaged) == ["empty", "hollow", "list", "newer", "torn", "undated"]
    assert "format 2" in damaged["newer"]
    assert "no readable run.json" in damaged["torn"]
    assert find_run("latest").id == "abce-mean"


def test_no_home_is_no_runs(isolated: Path) -> None:
    assert all_runs() == []
    assert damaged_runs() == {}
    isolated.write_text("a file")
    assert all_runs() == []
    assert damaged_runs() == {}


def test_summary(runs: dict[str, RunDirectory]) -> None:
    summary = summarize(runs["xyzw-mean"])
    assert (summary.id, summary.model, summary.limit, summary.epoch, summary.best_epoch) == (
        "xyzw-mean",
        "mean",
        100,
        1,
        1,
    )
    assert (summary.best_accuracy, summary.seconds, summary.state) == (0.95, 2.5, "created")
    assert json.loads(json.dumps(summary.document(), allow_nan=False))["id"] == "xyzw-mean"
    untrained = summarize(runs["newest-mean"])
    assert (untrained.epoch, untrained.best_accuracy, untrained.best_epoch) == (0, None, None)


def test_listing_survives_an_event_log_that_is_a_folder(runs: dict[str, RunDirectory]) -> None:
    run = runs["abcd-mean"]
    os.remove(run.events_path)  # noqa: PTH107
    run.events_path.mkdir()
    assert summarize(run).epoch == 0


# Names


@pytest.mark.parametrize(
    "name", ["latest", "best", "-x", "--json", "a/b", "a\\b", "a\nb", "\x1b[31m", "\u202eevil", "\ud800"]
)
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(BadInput, match="cannot be a run's name"):
        check_name(name)


def test_names_that_are_taken(runs: dict[str, RunDirectory]) -> None:
    for taken in ("first", "abce-mean"):
        with pytest.raises(BadInput, match="Another run is named"):
            check_name(taken)
    check_name("first", of=runs["abcd-mean"])
    with pytest.raises(BadInput, match="the beginning of the id xyzw-mean"):
        check_name("xyz")
    check_name("xyz", of=runs["xyzw-mean"])
    runs["xyzw-mean"].rename("caf\u00e9")
    with pytest.raises(BadInput, match="Another run is named"):
        check_name("cafe\u0301")
    assert find_run("cafe\u0301").id == "xyzw-mean"
    check_name("été, 2. Versuch")


def test_a_twin_with_equal_weights_is_neither_the_latest_nor_the_best(runs: dict[str, RunDirectory]) -> None:
    twin = make("twin-attn", 9, accuracy=0.99)
    info = json.loads((twin.path / "run.json").read_text())
    info["config"]["train"]["uniform_attention"] = True
    (twin.path / "run.json").write_text(json.dumps(info))
    assert find_run("twin-attn").id == "twin-attn"
    assert find_run("latest").id == "abce-mean"
    assert find_run("best").id == "abcd-mean"
    assert [run.id for run in all_runs() if summarize(run).uniform_attention] == ["twin-attn"]


# The run to resume


def end(run: RunDirectory, kind: str, **fields: Any) -> None:
    more: dict[str, Any] = {
        "finished": {"step": 1, "reason": "epochs", "best_epoch": 1, "best_accuracy": 0.5, "seconds": 1.0},
        "failed": {"message": "why", "diverged": True},
        "stopped": {"step": 1, "epoch": 1, "reason": "SIGTERM"},
    }[kind]
    with run.events_path.open("a") as file:
        file.write(encode({"kind": kind, **more, **fields}) + "\n")
    run.write_status({"state": "running", "pid": 2**31 - 1, "host": socket.gethostname(), "heartbeat": 0})


def test_resume_means_the_newest_run_that_is_not_over() -> None:
    with pytest.raises(BadInput, match="There is no trained run yet"):
        run_to_resume()
    end(make("aaaa-mean", 1), "finished")
    assert run_to_resume().id == "aaaa-mean"  # to resume it reports that it is finished
    make("bbbb-mean", 2, accuracy=None)
    assert run_to_resume().id == "bbbb-mean"  # killed before its first checkpoint
    end(make("cccc-mean", 3), "failed")
    assert run_to_resume().id == "bbbb-mean"  # the newer one has diverged
    end(make("dddd-mean", 4), "stopped")
    assert run_to_resume().id == "dddd-mean"


@pytest.mark.parametrize("kind", ["finished", "failed", "stopped"])
def test_a_process_that_was_killed_before_its_last_status(kind: str) -> None:
    run = make("aaaa-mean", 1)
    end(run, kind)
    assert (run.state(), summarize(run).state) == (kind, kind)
