"""The list of all runs: read in parts, sorted, filtered, with damaged folders named."""

import os

import pytest

from tmeattn.errors import BadInput
from tmeattn.tui.services import run_list
from tmeattn.tui.services.run_list import REST, RunList


def test_the_list_opens_and_reads_only_so_much_in_one_go(write_run, monkeypatch):
    monkeypatch.setattr(run_list, "FOLDERS", 3)
    monkeypatch.setattr(run_list, "BYTES", 40_000)
    monkeypatch.setattr(run_list, "AT_LEAST", 20_000)
    for at, name in enumerate("abcdefgh"):
        os.utime(write_run(f"{name * 4}-mean", model="mean").path / "run.json", (at, at))
    listing = RunList()
    seen = []
    while not listing.caught_up:
        listing.refresh()
        seen.append((len(listing.runs), sum(one.is_read for one in listing.runs.values())))
        listing.wanted = ["gggg-mean"]
        assert len(seen) < 3 or listing.runs["gggg-mean"].is_read  # what is on the screen comes first
    # What is wanted is read at once, the rest after all folders; two small logs fill the bytes of one look.
    assert seen == [(3, 0), (6, 1), (8, 3), (8, 5), (8, 7), (8, 8)]
    assert all(one.epoch for one in listing.runs.values())


def test_the_newest_folders_are_opened_first(write_run, monkeypatch):
    monkeypatch.setattr(run_list, "FOLDERS", 2)
    for at, name in enumerate("cabed"):
        os.utime(write_run(f"{name * 4}-mean", model="mean").path / "run.json", (at, at))
    listing = RunList()
    listing.refresh()
    assert list(listing.runs) == ["dddd-mean", "eeee-mean"]
    assert listing.unlisted == 3


def test_the_order_of_the_runs_is_computed_only_after_a_change(write_run, monkeypatch):
    run = write_run("aaaa-mean", model="mean", created=1.0)
    write_run("bbbb-mean", model="mean", created=2.0)
    listing = RunList()
    while not listing.caught_up:
        listing.refresh()
    sorts = []
    original = RunList._sort
    monkeypatch.setattr(RunList, "_sort", lambda self, *how: sorts.append(how) or original(self, *how))
    for _ in range(3):
        assert [one.run.id for one in listing.sorted("newest", "mean")] == ["bbbb-mean", "aaaa-mean"]
    assert len(sorts) == 1
    run.rename("other")
    for _ in range(REST):
        listing.refresh()
    listing.sorted("newest", "mean")
    assert len(sorts) == 2


def test_a_look_without_changes_reads_no_file_and_looks_at_a_fifth_of_the_runs(write_run, monkeypatch):
    for name in "abcdefghij":
        write_run(f"{name * 4}-mean", model="mean")
    listing = RunList()
    while not listing.caught_up:
        listing.refresh()
    looked: list[str] = []
    original = run_list.stamps_of
    monkeypatch.setattr(run_list, "stamps_of", lambda run: looked.append(run.id) or original(run))
    monkeypatch.setattr(type(listing.root), "open", lambda *a, **more: pytest.fail("a file is opened"))
    monkeypatch.setattr(type(listing.root), "iterdir", lambda *a: pytest.fail("a folder is listed"))
    for turn in range(REST):
        assert not listing.refresh()
        assert len(looked) == 2 * (turn + 1)
    assert len(set(looked)) == 10


def test_a_damaged_run_is_tried_again_in_turn_and_is_no_change(write_run, isolated, monkeypatch):
    monkeypatch.setattr(run_list, "FOLDERS", 2)
    for name in "abc":
        (isolated / "runs" / name).mkdir(parents=True)
    listing = RunList()
    while not listing.caught_up:
        listing.refresh()
    assert sorted(listing.damaged) == ["a", "b", "c"]
    assert not listing.refresh()
    (isolated / "runs" / "b").rmdir()
    write_run("b", model="mean")
    assert any([listing.refresh(), listing.refresh()])
    assert (list(listing.runs), sorted(listing.damaged)) == (["b"], ["a", "c"])


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
