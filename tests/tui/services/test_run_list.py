"""The list of all runs: read in parts, sorted, filtered, with damaged folders named."""

import os

import pytest

from tmeattn.errors import BadInput
from tmeattn.tui.services.run_list import CHUNKS, RunList


def test_the_list_reads_only_so_much_in_one_go(write_run):
    for name in "abcdefgh":
        write_run(f"{name * 4}-mean", model="mean")
    listing = RunList()
    listing.refresh()
    assert sum(one.reads for one in listing.runs.values()) == CHUNKS
    while not listing.caught_up:
        listing.refresh()
    assert all(one.epochs for one in listing.runs.values())


def test_the_list_sorts_filters_and_names_what_is_damaged(write_run, isolated):
    write_run("aaaa-mean", model="mean", created=1.0, done=4)
    write_run("bbbb-lstm-attn", created=2.0, name="mine", done=1)
    (isolated / "runs" / "junk").mkdir()
    (isolated / "runs" / "a-file").write_text("x")
    listing = RunList()
    listing.refresh()
    assert [one.run.id for one in listing.sorted("newest", "")] == ["bbbb-lstm-attn", "aaaa-mean"]
    assert [one.run.id for one in listing.sorted("best accuracy", "")] == ["aaaa-mean", "bbbb-lstm-attn"]
    assert [one.run.id for one in listing.sorted("newest", "MINE 0.05")] == ["bbbb-lstm-attn"]
    assert list(listing.damaged) == ["junk"]
    assert "run.json" in listing.damaged["junk"].reason


def test_the_folder_is_listed_only_when_it_has_changed(write_run, isolated, monkeypatch):
    write_run("aaaa-mean", model="mean")
    listing = RunList()
    listing.refresh()
    looks = []
    original = type(isolated).iterdir
    monkeypatch.setattr(type(isolated), "iterdir", lambda self: looks.append(self) or original(self))
    listing.refresh()
    assert looks == []
    write_run("bbbb-mean", model="mean")
    os.utime(isolated / "runs")
    listing.refresh()
    assert len(listing.runs) == 2


def test_a_run_json_that_breaks_later_is_damaged_not_fatal(write_run):
    run = write_run("aaaa-mean", model="mean")
    run2 = write_run("bbbb-mean", model="mean")
    (run2.path / "run.json").write_text("{")
    listing = RunList()
    listing.refresh()
    assert list(listing.damaged) == ["bbbb-mean"]
    with pytest.raises(BadInput):
        _ = run2.info
    assert run.id in listing.runs
