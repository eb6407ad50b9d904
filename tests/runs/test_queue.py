"""The file of the queue: what is added, taken, settled and removed, and that damage is never overwritten."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tmeattn.errors import BadInput
from tmeattn.runs import queue
from tmeattn.runs.command_line import of_seed
from tmeattn.runs.lock import held_alone
from tmeattn.runs.queue import (
    add_to_queue,
    has_runner,
    read_queue,
    remove_from_queue,
    running_queue,
    settle,
    take_next,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMEATTN_HOME", str(tmp_path))
    return tmp_path


def test_items_are_taken_in_their_order_and_one_that_was_left_first() -> None:
    assert read_queue() == []
    add_to_queue([["train", "mean"], ["train", "gru"]])
    left: list[bool] = []
    first = take_next(lambda item: f"aaaa-{item['arguments'][1]}", lambda: left.append(True))
    assert first is not None
    assert (first["number"], first["run"], first["state"]) == (1, "aaaa-mean", "running")
    again = take_next(lambda item: "other", lambda: None)  # of a runner after the one that was killed
    assert again is not None
    assert (again["number"], again["run"], again["began"]) == (1, "aaaa-mean", first["began"])
    settle(1, "failed", "x" * 500)
    second = take_next(lambda item: "bbbb-gru", lambda: None)
    assert second is not None
    settle(2, "finished")
    assert take_next(lambda item: "never", lambda: left.append(True)) is None
    assert left == [True]
    assert [(item["state"], item["ended"] is not None) for item in read_queue()] == [
        ("failed", True),
        ("finished", True),
    ]
    assert len(read_queue()[0]["message"] or "") == 200
    add_to_queue([["train", "mean"]])
    assert read_queue()[-1]["number"] == 3


def test_of_those_that_are_over_the_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "KEPT", 2)
    monkeypatch.setattr(queue, "MOST_WAITING", 4)
    add_to_queue([["train", "mean"]] * 4)
    with pytest.raises(BadInput, match="would have 5 waiting runs"):
        add_to_queue([["train", "mean"]])
    for number in (1, 2, 3):
        settle(number, "finished")
    assert [item["number"] for item in read_queue()] == [2, 3, 4]


def test_what_is_trained_is_not_removed(home: Path) -> None:
    add_to_queue([["train", "mean"], ["train", "gru"]])
    take_next(lambda item: "aaaa-mean", lambda: None)
    assert not has_runner()
    with running_queue() as held:
        assert held
        assert has_runner()
        with running_queue() as second:
            assert not second
        with pytest.raises(BadInput, match="Stop aaaa-mean first"):
            remove_from_queue([1])
        assert [item["number"] for item in remove_from_queue([2, 2])] == [2]
    assert not has_runner()
    remove_from_queue([1])
    assert read_queue() == []
    with pytest.raises(BadInput, match="no run of number 7"):
        remove_from_queue([7])


def test_a_damaged_or_newer_queue_is_refused_and_kept(home: Path) -> None:
    path = home / "queue" / "queue.json"
    path.parent.mkdir()
    for content, words in (("{", "is damaged"), ('{"format": 9}', "newer tmeattn"), ('{"format": 1}', "is damaged")):
        path.write_text(content)
        with pytest.raises(BadInput, match=words):
            add_to_queue([["train", "mean"]])
        assert path.read_text() == content
    path.write_text(json.dumps({"format": 1, "next": 1, "items": []}))
    assert read_queue() == []


def test_the_command_line_of_one_seed() -> None:
    typed = ["train", "mean", "--seeds", "0,7", "--name=pair", "--lr", "0.1"]
    assert of_seed(typed, 7, " pair ") == ("train", "mean", "--lr", "0.1", "--name", "pair-7", "--seed", "7")
    assert of_seed(["train", "mean", "--seeds=2"], 1, None) == ("train", "mean", "--seed", "1")


def test_a_process_that_only_looks_for_the_runner_is_not_taken_for_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PATIENCE", 10.0)  # longer than the other process looks, however slow the machine is
    add_to_queue([["train", "mean"]])
    with _looked_at(home / "queue" / "runner.lock"):
        assert not has_runner(queue.PATIENCE)
    with _looked_at(home / "queue" / "runner.lock"), running_queue() as held:
        assert held


@contextlib.contextmanager
def _looked_at(lock: Path) -> Iterator[None]:
    """The lock is held, and let go a moment after the block has begun."""
    with contextlib.ExitStack() as looking:
        looking.enter_context(held_alone(lock, "the queue"))
        timer = threading.Timer(0.01, looking.close)
        timer.start()
        try:
            yield
        finally:
            timer.join()
