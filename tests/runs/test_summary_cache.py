"""The figures of many runs from the cache: always those of the files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.logged_runs import BEGAN, epoch_event, step_event, write

from tmeattn.runs import summary_cache
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.figures import FigureReader, figures_of
from tmeattn.runs.summary import RunSummary, summarize
from tmeattn.runs.summary_cache import SummaryCache, overviews

WriteRun = Callable[..., RunDirectory]


@pytest.fixture
def logs_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the runs whose logs are read. Files that were written just now count as old."""
    monkeypatch.setattr(summary_cache, "RECENTLY", -60.0)
    found: list[str] = []
    original = FigureReader.read_all

    def read_all(self: FigureReader) -> Any:
        found.append(self._tail.path.parent.name)
        return original(self)

    monkeypatch.setattr(FigureReader, "read_all", read_all)
    return found


def listed() -> dict[str, RunSummary]:
    return {one.run.id: one.summary for one in overviews()[0]}


def test_an_unchanged_run_is_not_read_again_and_is_listed_as_before(write_run: WriteRun, logs_read: list[str]) -> None:
    runs = [write_run("aaaa-mean", model="mean"), write_run("bbbb-lstm-attn", state="stopped", name="b", created=9.0)]
    first = listed()
    assert (logs_read, list(first)) == (["aaaa-mean", "bbbb-lstm-attn"], ["aaaa-mean", "bbbb-lstm-attn"])
    assert listed() == first == {run.id: summarize(run) for run in runs}
    assert logs_read == ["aaaa-mean", "bbbb-lstm-attn"] * 2  # the second time by `summarize`


def renamed(run: RunDirectory) -> None:
    run.rename("other")


def logged(run: RunDirectory) -> None:
    write(run.path, epoch_event(4))


def with_another_status(run: RunDirectory) -> None:
    (run.path / "status.json").write_text('{"state": "finished", "step": "many"}')


def with_other_options(run: RunDirectory) -> None:
    path = run.path / "run.json"
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 7'))


def overwritten_with_the_same_size_and_time(run: RunDirectory) -> None:
    path, before = run.events_path, run.events_path.stat()
    path.write_text(path.read_text().replace('"best":true', '"best":null'))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def without_status(run: RunDirectory) -> None:
    (run.path / "status.json").unlink()


@pytest.mark.parametrize(
    "change",
    [
        renamed,
        logged,
        with_another_status,
        with_other_options,
        overwritten_with_the_same_size_and_time,
        without_status,
    ],
)
def test_a_run_with_a_changed_file_is_read_again(
    write_run: WriteRun, logs_read: list[str], change: Callable[[RunDirectory], None]
) -> None:
    run = write_run("aaaa-lstm-attn")
    write_run("bbbb-mean", model="mean")
    before = listed()["aaaa-lstm-attn"]
    change(run)
    logs_read.clear()
    assert listed()["aaaa-lstm-attn"] == summarize(RunDirectory(run.path))
    assert logs_read == ["aaaa-lstm-attn"] * 2
    assert change is without_status or listed()["aaaa-lstm-attn"] != before


def test_a_run_that_changed_just_now_is_not_kept(
    write_run: WriteRun, logs_read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary_cache, "RECENTLY", 60.0)
    write_run("aaaa-mean", model="mean")
    listed(), listed()
    assert logs_read == ["aaaa-mean", "aaaa-mean"]
    assert not SummaryCache().path.exists()


@pytest.mark.parametrize("damage", ["bit", "short", "empty", "checksum", "version", "root", "types"])
def test_a_cache_that_cannot_be_trusted_counts_as_empty(
    write_run: WriteRun, logs_read: list[str], monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    run = write_run("aaaa-lstm-attn")
    listed()
    cache = SummaryCache()
    content = cache.path.read_bytes()
    if damage == "bit":
        at = content.index(b'"seed":0') + 7
        cache.path.write_bytes(content[:at] + b"1" + content[at + 1 :])
    elif damage in ("short", "empty"):
        cache.path.write_bytes(content[: len(content) // 2 if damage == "short" else 0])
    elif damage == "checksum":
        cache.path.write_bytes(b"x" + content)
    elif damage == "version":
        monkeypatch.setattr(summary_cache, "FORMAT", 99)
    elif damage == "root":
        run.path.parent.parent.rename(run.path.parent.parent.with_name("moved"))
        monkeypatch.setenv("TMEATTN_HOME", str(run.path.parent.parent.with_name("moved")))
        run = RunDirectory(run.path.parent.parent.with_name("moved") / "runs" / run.id)
    else:
        cache._runs[run.id]["figures"]["epoch"] = "three"  # type: ignore[typeddict-item]
        cache.changed = True
        cache.save([run.id])
    logs_read.clear()
    assert listed()[run.id] == summarize(run)
    assert len(logs_read) == 2
    listed()
    assert len(logs_read) == 2  # it was written again


def test_what_is_deleted_leaves_the_cache_and_what_is_damaged_is_named(
    write_run: WriteRun, logs_read: list[str], isolated: Path
) -> None:
    write_run("aaaa-mean", model="mean").delete()
    run, damaged = write_run("bbbb-mean", model="mean"), write_run("cccc-mean", model="mean")
    listed()
    run.delete()
    (damaged.path / "run.json").write_text("{")
    (isolated / "runs" / "a-file").write_text("x")
    found, named = overviews()
    assert (found, list(named)) == ([], [damaged.path])
    assert "run.json" in named[damaged.path]
    assert json.loads(SummaryCache().path.read_bytes().partition(b"\n")[2])["runs"].keys() == {"cccc-mean"}


def test_whether_a_process_is_alive_is_asked_each_time(
    write_run: WriteRun, logs_read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run("aaaa-lstm-attn", state="running")
    assert listed()["aaaa-lstm-attn"].state == "running"
    monkeypatch.setattr("tmeattn.runs.summary.process_alive", lambda status: False)
    assert listed()["aaaa-lstm-attn"].state == "crashed"
    assert logs_read == ["aaaa-lstm-attn"]


def test_a_cache_that_cannot_be_written_is_no_error(write_run: WriteRun, logs_read: list[str], isolated: Path) -> None:
    write_run("aaaa-mean", model="mean")
    (isolated / "cache").write_text("a file where the folder of the cache should be")
    assert list(listed()) == ["aaaa-mean"]


def test_figures_of_a_log_that_grows_are_those_of_the_whole_log(write_run: WriteRun) -> None:
    run = write_run("aaaa-lstm-attn", done=3, state="stopped")
    reader = FigureReader(run.events_path)
    reader.read_all()
    resumed: Any = {"kind": "resumed", "step": 40, "epoch": 2, "time": BEGAN}
    later = {**epoch_event(3), "step": 60, "seconds": 5.0, "best": False}
    write(run.path, resumed, step_event(50, 3), later)
    with run.events_path.open("a") as file:
        file.write('{"kind":"epoch"}\n')
    figures = reader.read_all()
    assert figures == FigureReader(run.events_path).read_all()
    assert {**figures, "damaged_lines": 0} == figures_of(run.events())
    assert (figures["epoch"], figures["best_epoch"], figures["seconds"]) == (3, 2, 25.0)
    assert (figures["ending"], figures["damaged_lines"], len(figures["recent"])) == (None, 1, 3)


def test_the_histograms_of_epochs_are_not_decoded_and_damaged_ones_still_count(tmp_path, monkeypatch):
    from support.logged_runs import epoch_event

    from tmeattn.runs import figures
    from tmeattn.runs.events import encode

    whole = encode(epoch_event(1))
    damaged = whole.replace('"counts":[', '"counts":["x",')
    (tmp_path / "events.jsonl").write_text(f"{whole}\n{damaged}\n")
    decoded: list[str] = []
    original = figures.decode
    monkeypatch.setattr(figures, "decode", lambda line: decoded.append(line) or original(line))
    found = figures.FigureReader(tmp_path / "events.jsonl").read_all()
    assert (found["epoch"], found["damaged_lines"]) == (1, 1)
    assert ["counts" in line for line in decoded] == [False, True]
