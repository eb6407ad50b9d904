"""Runs that classify the same texts: what a caller is told meanwhile."""

import shutil
from pathlib import Path

from tmeattn.inference.compare_texts import compare_on_texts
from tmeattn.runs.comparison import compare_runs
from tmeattn.runs.directory import RunDirectory


def test_the_texts_that_each_run_has_classified_are_counted(trained):
    other = RunDirectory(Path(shutil.copytree(trained.path, trained.path.with_name("zzzz-simple-attn"))))
    about = other.path / "run.json"
    about.write_text(
        about.read_text().replace('"alpha":0.01', '"alpha":0.02').replace('"alpha": 0.01', '"alpha": 0.02')
    )
    runs, told = [trained, other], []
    texts, reason = compare_on_texts(compare_runs(runs), runs, read=lambda *place: told.append(place))
    assert reason is None
    assert texts is not None
    assert told == [(16, 16), (16, 16)]
