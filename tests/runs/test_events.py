"""The event log: what is written comes back, whatever was killed in between."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmeattn.runs.event_reader import EventTail, current, read_events
from tmeattn.runs.event_types import WarningEvent
from tmeattn.runs.events import EventWriter, decode, encode

HIGH, LOW = "\ud800", "\udc00"
SPLITTERS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
"""Every character at which `str.splitlines` splits."""

# A high surrogate before a low one is, in JSON, the character that both spell; alone each survives.
texts = st.text(st.characters(codec=None) | st.sampled_from(SPLITTERS)).filter(
    lambda text: text == text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
events = st.dictionaries(texts, values, max_size=4).map(
    lambda fields: {"message": "", **fields, "kind": "warning", "time": 0.0}
)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def append(path: Path, *lines: str) -> None:
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write("".join(lines))


def warning(message: str) -> bytes:
    return json.dumps({"kind": "warning", "message": message}).encode() + b"\n"


def messages(tail: EventTail) -> list[str]:
    return [event["message"] for event in tail.read() if event["kind"] == "warning"]


@given(events)
def test_round_trip(event: dict[str, Any]) -> None:
    line = encode(event)
    assert line.isascii()
    assert line.splitlines() == [line]
    json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    decoded = decode(line)
    assert decoded is not None
    assert same(decoded, event)


@pytest.mark.parametrize("value", [{"$float": "abc"}, {"$float": 1}, {"$float": None}, {"$float": []}, {"$float": {}}])
def test_only_what_stands_for_a_float_becomes_one(value: Any) -> None:
    event = {"kind": "warning", "message": "", "value": value}
    assert decode(encode(event)) == event


def test_numpy_floats_and_tuples() -> None:
    more = (np.float64("-inf"), np.float64(1))
    decoded: Any = decode(encode({"kind": "failed", "message": "", "loss": np.float64("nan"), "more": more}))
    assert decoded is not None
    assert math.isnan(decoded["loss"])
    assert decoded["more"] == [-math.inf, 1.0]


@pytest.mark.parametrize(
    "line", ["", "{", '{"kind": "st', "[1]", "5", '{"step": 1}', '{"kind": 5}', "null", "[" * 100_000, "not json"]
)
def test_what_is_no_event(line: str) -> None:
    assert decode(line) is None


@given(st.lists(events, max_size=5), st.integers(0, 400))
def test_tail_reads_each_event_once_wherever_the_writer_stands(logged: list[dict[str, Any]], cut: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        tail = EventTail(path)
        assert tail.read() == []
        data = "".join(encode(event) + "\n" for event in logged).encode()
        found: list[dict[str, Any]] = []
        for end in (min(cut, len(data)), len(data)):
            path.write_bytes(data[:end])
            found += tail.read()
            assert tail.read() == []
        assert len(found) == len(logged)
        assert all(map(same, found, logged))
        assert tail.skipped == 0


def test_lines_end_at_newlines_only(tmp_path: Path) -> None:
    """A log by another writer may hold U+2028 and others unescaped, which `str.splitlines` would split at."""
    path = tmp_path / "events.jsonl"
    message = "a\x85b\u2028c\u2029d\x0c"[:-1]
    append(path, json.dumps({"kind": "warning", "message": message}, ensure_ascii=False), "\r\n")
    tail = EventTail(path)
    assert tail.read() == [{"kind": "warning", "message": message}]
    assert tail.skipped == 0


def test_tail_waits_for_the_end_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    tail = EventTail(path)
    append(path, '{"kind":"checkpoint","st')
    assert tail.read() == []
    append(path, 'ep":1,"epoch":0}')
    assert tail.read() == []
    append(path, "\n")
    assert tail.read() == [{"kind": "checkpoint", "step": 1, "epoch": 0}]


def test_tail_passes_over_damage_and_says_how_much(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(warning("a") + b'\xff\xfe\n\n{"kind":\n' + warning("b"))
    tail = EventTail(path)
    assert messages(tail) == ["a", "b"]
    assert tail.skipped == 2


STEP = {
    "kind": "step", "step": 10, "epoch": 1, "loss": 0.7, "cross_entropy": 0.7, "penalty": 0.0,"alpha": 0,
    "accuracy": 1, "entropy": None, "learning_rate": 0.01, "tokens_per_second": math.nan, "of_a_later_version": [1],
}  # fmt: skip


def test_unknown_kinds_and_wrong_fields_are_passed_over_and_counted(tmp_path: Path) -> None:
    wrong = [
        {"kind": "of a later version"},
        {**STEP, "step": "10"},
        {**STEP, "step": True},
        {**STEP, "loss": None},
        {key: value for key, value in STEP.items() if key != "alpha"},
        {"kind": "watched", "epoch": 1, "texts": [{"index": 0, "label": 0, "probabilities": [None], "scores": None}]},
    ]
    path = tmp_path / "events.jsonl"
    append(path, *(encode(event) + "\n" for event in [*wrong, STEP]))
    tail = EventTail(path)
    (event,) = tail.read()
    assert same(event, STEP)
    assert tail.skipped == len(wrong)


def test_tail_of_what_is_no_file(tmp_path: Path) -> None:
    assert EventTail(tmp_path).read() == []
    assert EventTail(tmp_path / "none" / "events.jsonl").read() == []


def test_a_torn_line_spoils_no_later_one(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(warning("a") + b'{"kind":"warning","mess')
    writer = EventWriter(path)
    writer({"kind": "warning", "message": "b"})
    writer.close()
    tail = EventTail(path)
    assert messages(tail) == ["a", "b"]
    assert tail.skipped == 1


def test_writer_appends_and_flushes_each_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    tail = EventTail(path)
    kinds: tuple[Literal["warning", "failed"], ...] = ("warning", "failed")
    for kind in kinds:
        writer = EventWriter(path)
        writer({"kind": kind, "message": HIGH + "\u2028"})
        (event,) = tail.read()
        assert event["kind"] == kind
        assert event["message"] == HIGH + "\u2028"
        assert event["time"] > 1e9
        writer.close()
    assert path.read_bytes().count(b"\n") == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_writer_waits_for_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "events.jsonl")
    with pytest.raises(OSError, match="not a regular file"):
        EventWriter(tmp_path / "events.jsonl")


def test_writer_leaves_the_event_alone(tmp_path: Path) -> None:
    event: WarningEvent = {"kind": "warning", "message": "a"}
    writer = EventWriter(tmp_path / "events.jsonl")
    writer(event)
    writer.close()
    assert event == {"kind": "warning", "message": "a"}


# What counts after a resume


def at(kind: str, step: int | None = None, **more: Any) -> Any:
    return {"kind": kind, **({} if step is None else {"step": step}), **more}


def test_what_was_logged_past_a_resume_is_dropped() -> None:
    logged = [
        at("started"),
        at("step", 10),
        at("checkpoint", 15),
        at("step", 20),
        at("warning"),
        at("resumed", 15, epoch=0),
        at("step", 20, again=1),
    ]
    assert current(logged) == [logged[0], logged[1], logged[2], *logged[4:]]


def test_several_resumes_and_one_from_the_start() -> None:
    logged = [at("started"), at("step", 10), at("resumed", 5, epoch=0), at("step", 10), at("resumed", 0, epoch=0)]
    assert current(logged) == [logged[0], logged[4]]


def test_an_epoch_that_ends_again_counts_once() -> None:
    """Killed after the epoch's event, resumed from a checkpoint after its last step and before its end."""
    ended = at("epoch", 20, epoch=2, best=True)
    logged = [at("epoch", 10, epoch=1), at("checkpoint", 20, epoch=1), ended, at("resumed", 20, epoch=1), ended]
    assert current(logged) == [logged[0], logged[1], logged[3], ended]


def test_an_epoch_before_the_resume_stays() -> None:
    logged = [at("epoch", 10, epoch=1), at("checkpoint", 10, epoch=1), at("resumed", 10, epoch=1)]
    assert current(logged) == logged


def test_read_events_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    saved = at("checkpoint", 10, epoch=0)
    append(path, *(encode(event) + "\n" for event in [saved, at("resumed", 5, epoch=0), saved]))
    assert [event["kind"] for event in read_events(path)] == ["resumed", "checkpoint"]


def test_no_log_is_no_events(tmp_path: Path) -> None:
    assert read_events(tmp_path / "events.jsonl") == []


def test_an_event_that_cannot_be_made_durable_is_not_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk that is found at the end would leave a run that has finished by its log and failed by its state."""
    writer = EventWriter(tmp_path / "events.jsonl")
    writer({"kind": "warning", "message": "x"})
    before = (tmp_path / "events.jsonl").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        writer({"kind": "stopped", "step": 1, "epoch": 1, "reason": "SIGINT"})
    assert (tmp_path / "events.jsonl").read_bytes() == before
