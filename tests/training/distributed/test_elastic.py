"""The runs of the attempts of torchrun."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tmeattn.errors import BadInput
from tmeattn.runs.directory import RunDirectory
from tmeattn.training.distributed import elastic
from tmeattn.training.distributed.elastic import Attempts
from tmeattn.training.distributed.place import Place

FIRST = Place(rank=0, size=2, local_rank=0, local_size=2, host="127.0.0.1", port=29500, starter="torchrun")
SECOND = replace(FIRST, attempt=1, port=29501)


@pytest.fixture(autouse=True)
def launch(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "a launch/../x")


def made(isolated: Path, name: str) -> RunDirectory:
    run = RunDirectory(isolated / "runs" / name)
    run.path.mkdir(parents=True)
    (run.path / "run.json").write_text("{}")
    return run


def test_the_next_attempt_continues_the_runs_in_their_order(isolated: Path) -> None:
    first = Attempts()
    runs = [made(isolated, name) for name in ("aaaa-mean", "bbbb-mean")]
    for run in runs:
        assert first.earlier_run(FIRST) is None
        first.made(FIRST, run)
        if run is runs[0]:
            first.done()
    second = Attempts()
    assert second.earlier_run(SECOND) == runs[0]
    second.done()
    assert second.earlier_run(SECOND) == runs[1]
    second.done()
    assert second.earlier_run(SECOND) is None  # of a third seed, which no attempt has begun
    assert Attempts().earlier_run(FIRST) is None
    assert Attempts().earlier_run(SECOND) is None  # the same name of a launch that is begun anew


def test_a_run_that_was_removed_is_made_again(isolated: Path) -> None:
    first, second = Attempts(), Attempts()
    first.earlier_run(FIRST)
    first.made(FIRST, RunDirectory(isolated / "runs" / "aaaa-mean"))
    assert second.earlier_run(SECOND) is None
    again = made(isolated, "bbbb-mean")
    second.made(SECOND, again)
    assert Attempts().earlier_run(replace(SECOND, attempt=2)) == again


def test_attempts_that_are_not_known_here_are_refused() -> None:
    with pytest.raises(BadInput, match=r"started the processes again \(1 restart\).*-m tmeattn resume RUN"):
        Attempts().earlier_run(SECOND)


def test_a_launch_without_a_name_is_told_by_its_agent(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    run = made(isolated, "aaaa-mean")
    first = Attempts()
    first.earlier_run(FIRST)
    first.made(FIRST, run)
    assert Attempts().earlier_run(SECOND) == run
    monkeypatch.setattr(elastic.os, "getppid", os.getpid)
    with pytest.raises(BadInput):
        Attempts().earlier_run(SECOND)


def test_other_starters_have_no_attempts(isolated: Path) -> None:
    for place in (None, replace(SECOND, starter="srun")):
        assert Attempts().earlier_run(place) is None
        Attempts().made(place, RunDirectory(isolated / "runs" / "x"))
    assert not (isolated / "elastic").exists()
