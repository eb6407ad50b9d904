"""Logs longer than memory, and many runs: what is read, counted in bytes and files. No clock."""

from __future__ import annotations

import io
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from support import logged_runs
from support.logged_runs import BEGAN, epoch_event, step_event

from tmeattn.runs import event_reader, figures, index
from tmeattn.runs.event_reader import EventTail, current, read_events, stream_events
from tmeattn.runs.event_types import EVENT_TYPES, Event
from tmeattn.runs.events import decode, encode, kind_of
from tmeattn.runs.index import all_runs, find_run, find_runs
from tmeattn.runs.summary import summarize


def as_logged(event: Any) -> str:
    """A line as `EventWriter` writes it: the time comes first."""
    return encode({"time": BEGAN, **event}) + "\n"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes that each read of a log has returned."""
    found: list[int] = []
    original = Path.open

    class Counted(io.BufferedReader):
        def read(self, size: int | None = -1) -> bytes:
            found.append(len(data := super().read(size)))
            return data

        def readline(self, size: int | None = -1) -> bytes:
            found.append(len(data := super().readline(-1 if size is None else size)))
            return data

    def opened(self: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        file = original(self, mode, *rest, **more)
        return Counted(file.detach()) if self.suffix == ".jsonl" and mode == "rb" else file

    monkeypatch.setattr(Path, "open", opened)
    return found


def test_a_long_log_is_summarized_in_chunks_and_only_its_epochs_are_decoded(
    isolated: Path, reads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = logged_runs.write_to(isolated / "runs" / "long-lstm-attn", done=0)
    with run.events_path.open("a") as file:
        for epoch in (1, 2, 3):
            file.writelines(as_logged(step_event(step, epoch)) for step in range(5000))
            file.write(as_logged(epoch_event(epoch)))
    decoded: list[str] = []
    monkeypatch.setattr(figures, "decode", lambda line: decoded.append(line) or decode(line))
    assert summarize(run).epoch == 3
    assert sum(reads) > 3_500_000
    assert max(reads) <= event_reader.CHUNK
    assert len(decoded) == 5  # the beginning, three epochs, the end


def test_a_line_of_any_length_is_passed_over_and_counted(
    tmp_path: Path, reads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_reader, "CHUNK", 500)
    monkeypatch.setattr(event_reader, "MOST_LINE", 2000)
    path = tmp_path / "events.jsonl"
    warning = {"kind": "warning", "message": "a" * 1500}
    path.write_text(as_logged(warning) + "x" * 9000 + "\n" + as_logged({"kind": "warning", "message": "last"}))
    tail = EventTail(path)
    read: list[Any] = []
    while not tail.at_end or not read:
        read += [decode(line) for line in tail.lines(500)]
    assert [event["message"] for event in read] == ["a" * 1500, "last"]
    assert tail.skipped == 1
    assert max(reads) <= 1500
    with path.open("a") as file:
        file.write("y" * 9000)
    while tail.lines(500) or not tail.at_end:
        pass
    with path.open("a") as file:
        file.write("y" * 600 + "\n" + as_logged({"kind": "warning", "message": "later"}))
    (later,) = (decode(line) for line in tail.rest())
    assert later is not None
    assert later["message"] == "later"  # type: ignore[typeddict-item]
    assert tail.skipped == 2


RESUMED = [
    {"kind": "resumed", "step": step, "epoch": epoch} for step, epoch in ((15, 1), (5, 0), (25, 2), (10, 1), (0, 0))
]
LOGGED = [step_event(10, 1), epoch_event(1), step_event(30, 2), {"kind": "checkpoint", "step": 20, "epoch": 1}]


def past(event: Any, resumed: Any) -> bool:
    """The rule in its own words: the later attempt logs this event again."""
    if event["kind"] in ("epoch", "watched") and event["epoch"] > resumed["epoch"]:
        return True
    return event.get("step", -1) > resumed["step"]


def counted_one_by_one(logged: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for event in logged:
        if event["kind"] == "resumed":
            kept = [earlier for earlier in kept if not past(earlier, event)]
        kept.append(event)
    return kept


@pytest.mark.parametrize(("first", "second", "third"), list(product(RESUMED, RESUMED, RESUMED[:2])))
def test_what_counts_is_found_in_one_look_back(tmp_path: Path, first: Any, second: Any, third: Any) -> None:
    logged = [*LOGGED, first, *LOGGED, second, LOGGED[0], third, *LOGGED]
    expected = counted_one_by_one(logged)
    assert current(logged) == expected
    path = tmp_path / "events.jsonl"
    path.write_text("".join(encode(event) + "\n" for event in logged))
    assert read_events(path) == expected
    epochs = [event for event in expected if event["kind"] == "epoch"]
    assert list(stream_events(path, ("epoch",))) == epochs


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_the_kind_is_read_without_decoding(kind: str) -> None:
    event: Any = {"kind": kind, "message": '"kind":"other"'}
    for line in (encode(event), encode({"time": 1e-300, **event}), encode({"time": float("nan"), **event})):
        assert kind_of(line) in (kind, None)
    assert kind_of(encode({"time": 1.5, **event})) == kind
    assert kind_of(encode({"message": "", **event})) is None


def test_an_event_in_another_order_of_its_fields_is_read(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    event: Event = {"message": "a", "kind": "failed"}  # type: ignore[assignment]
    path.write_text(encode(event) + "\n" + encode(step_event(10, 1)) + "\n")
    assert read_events(path, ("failed",)) == [event]


def test_several_runs_are_found_with_one_look_at_the_folder(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("aaaa", "bbbb", "cccc"):
        logged_runs.write_to(isolated / "runs" / f"{name}-mean", "mean", name=f"the {name}")
    looks: list[int] = []
    monkeypatch.setattr(index, "all_runs", lambda: looks.append(1) or all_runs())
    found = find_runs(["the aaaa", "bbb", "cccc-mean", "latest", "best"])
    assert [run.id for run in found][:3] == ["aaaa-mean", "bbbb-mean", "cccc-mean"]
    assert len(looks) == 1
    assert find_run("bbbb-mean").id == "bbbb-mean"
    assert len(looks) == 1  # an id is a folder


def test_a_summary_needs_no_histogram_and_the_file_keeps_it(isolated: Path) -> None:
    run = logged_runs.write_to(isolated / "runs" / "aaaa-lstm-attn", heads=True)
    assert not any(event["kind"] == "epoch" and event["validation"]["histogram"] for event in run.figures())
    assert all(event["validation"]["histogram"] for event in run.events("epoch"))  # type: ignore[typeddict-item]


@pytest.mark.parametrize(("epochs", "kept"), [(1, [0, 4, 8, 12, 16]), (2, [])])
def test_a_page_about_a_run_needs_few_steps_and_no_watched_texts(
    isolated: Path, monkeypatch: pytest.MonkeyPatch, epochs: int, kept: list[int]
) -> None:
    monkeypatch.setattr("tmeattn.runs.directory.MOST_STEPS", 5)
    run = logged_runs.write_to(isolated / "runs" / "long-lstm-attn", done=0)
    with run.events_path.open("a") as file:
        file.writelines(as_logged(step_event(step, 1)) for step in range(20))
        for epoch in range(1, epochs + 1):
            file.write(as_logged({**epoch_event(epoch), "step": 20}))
            file.write(as_logged(logged_runs.watched_event(epoch)))
    found = run.page_events()
    assert [event["step"] for event in found if event["kind"] == "step"] == kept
    assert [event["kind"] for event in found if event["kind"] != "step"] == ["started", "finished"] + ["epoch"] * epochs
