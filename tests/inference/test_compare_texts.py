"""Runs that classify the same texts: what a caller is told meanwhile."""

import shutil
from pathlib import Path

from tmeattn.inference.compare_texts import compare_on_texts
from tmeattn.runs.comparison import compare_runs
from tmeattn.runs.directory import RunDirectory


def another(trained):
    """A copy of the run with another alpha, which is a group of its own."""
    other = RunDirectory(Path(shutil.copytree(trained.path, trained.path.with_name("zzzz-simple-attn"))))
    about = other.path / "run.json"
    about.write_text(
        about.read_text().replace('"alpha":0.01', '"alpha":0.02').replace('"alpha": 0.01', '"alpha": 0.02')
    )
    return other


def test_the_texts_that_each_run_has_classified_are_counted(trained):
    runs, told = [trained, another(trained)], []
    texts, reason = compare_on_texts(compare_runs(runs), runs, read=lambda *place: told.append(place))
    assert reason is None
    assert texts is not None
    assert told == [(16, 16), (16, 16)]


def test_that_too_few_runs_have_best_weights_is_said_before_the_wait(trained):
    other, told = another(trained), []
    best = other.checkpoints / "best.safetensors"
    best.rename(other.checkpoints / "last.safetensors")
    runs = [trained, other]
    texts, reason = compare_on_texts(compare_runs(runs), runs, progress=lambda *place: told.append(place))
    assert texts is None
    assert reason == (
        f"The run {other.id} has no best weights yet: they are saved after its first epoch. "
        "Fewer than two groups are left to compare."
    )
    assert told == []


def test_a_run_whose_best_weights_are_damaged_is_left_out(trained):
    other = another(trained)
    best = other.checkpoints / "best.safetensors"
    shutil.copy(best, other.checkpoints / "last.safetensors")
    best.write_bytes(b"no weights")
    runs = [trained, other]
    texts, reason = compare_on_texts(compare_runs(runs), runs)
    assert texts is None
    assert reason == f"The best weights of the run {other.id} are damaged. Fewer than two groups are left to compare."
