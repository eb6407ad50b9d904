"""What keeps figures of runs from being comparable is said, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.logged_runs import write_to

from tmeattn.render.export.comparison import csv_text, paper_tables
from tmeattn.runs.comparison import compare_runs
from tmeattn.runs.directory import RunDirectory


def other_data(run: RunDirectory) -> RunDirectory:
    info = json.loads((run.path / "run.json").read_text())
    info["data"]["fingerprint"] = "other"
    (run.path / "run.json").write_text(json.dumps(info))
    return RunDirectory(run.path)


@pytest.fixture
def base(tmp_path: Path) -> RunDirectory:
    return write_to(tmp_path / "base", done=5)


def test_runs_on_the_same_texts_that_are_over_need_no_word(base: RunDirectory, tmp_path: Path) -> None:
    assert compare_runs([base, write_to(tmp_path / "b", done=5, lr=0.1)]).notes == ()


def test_samples_of_limit_are_named(base: RunDirectory, tmp_path: Path) -> None:
    sample = write_to(tmp_path / "b", done=5, limit=2000)
    (note,) = compare_runs([base, sample]).notes
    assert note == (
        "The logged accuracies and losses are of different validation texts (the whole split: base; --limit 2,000: b)."
    )
    comparison = compare_runs([sample, write_to(tmp_path / "c", done=5, limit=2000, seed=1)])
    assert "sample of the validation texts" in comparison.notes[0]
    assert "sample of the validation texts" in " ".join(paper_tables(comparison, None)[0].about)
    assert csv_text(comparison, None).count("validation (--limit 2000)") == 2


def test_other_data_are_named(base: RunDirectory, tmp_path: Path) -> None:
    (note,) = compare_runs([base, other_data(write_to(tmp_path / "b", done=5))]).notes
    assert note.startswith("The data imdb-25k have changed between the runs")
    (note,) = compare_runs([base, write_to(tmp_path / "c", done=5, dataset="planted")]).notes
    assert "different data (imdb-25k: base; planted: c)" in note


def test_what_is_not_over_is_named(base: RunDirectory, tmp_path: Path) -> None:
    stopped = write_to(tmp_path / "b", done=2, state="stopped", seed=1)
    new = write_to(tmp_path / "c", done=0, state="crashed", seed=2)
    first, second = compare_runs([base, stopped, new]).notes
    assert first.startswith("b (stopped, 2/5), c (crashed, 0/5) are not trained to their end")
    assert second == "c has no finished epoch yet."
    assert compare_runs([base, new]).document()["notes"][-1] == second


def test_runs_of_one_seed_are_no_interval_over_seeds(base: RunDirectory, tmp_path: Path) -> None:
    (note,) = compare_runs([base, write_to(tmp_path / "b", done=5)]).notes
    assert note.startswith("base, b have the same options and the same seed 0: the interval")
    assert compare_runs([base, write_to(tmp_path / "c", done=5, seed=1)]).notes == ()
    assert compare_runs([base, base]).notes == ()


def test_equal_options_are_those_that_do_not_differ(base: RunDirectory, tmp_path: Path) -> None:
    comparison = compare_runs([base, write_to(tmp_path / "b", done=5, lr=0.1, seed=4)])
    assert comparison.differing == ("lr",)
    assert comparison.equal["batch_size"] == 64
    assert not {"lr", "seed", "threads"} & set(comparison.equal)
