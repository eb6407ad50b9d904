"""One bad file never hides the other runs: every JSON file of a run is mutated, and all readers of runs go on."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import logged_runs

from tmeattn.cli.support.completion import runs as complete
from tmeattn.errors import TmeattnError
from tmeattn.runs.comparison import compare_runs
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import all_runs, damaged_runs, find_run
from tmeattn.runs.reuse import ReusableRuns
from tmeattn.runs.summary import summarize
from tmeattn.runs.summary_cache import overviews
from tmeattn.tui.services.run_list import ORDERS, RunList

FILES = ("run.json", "meta.json", "status.json", "events.jsonl")
ODD = st.sampled_from(
    [None, True, -1, 0, 10**30, 1e308, "", "x", "\x1b[31m", "\ud800", [], {}, [[]], {"a": {}}, [1] * 50, 2**63 - 1]
)
RAW = st.sampled_from(
    [b"", b"{", b"null", b"[]", b"\xff\xfe", b"\0" * 40, b"NaN", b'{"created": 1e999}',
     b'{"created": ' + b"9" * 5000 + b"}",
     b"[" * 5000, b'{"a":' * 5000]
)  # fmt: skip


@pytest.fixture
def two(isolated: Path) -> tuple[RunDirectory, RunDirectory]:
    good = logged_runs.write_to(isolated / "runs" / "good-lstm-attn", name="good")
    return good, logged_runs.write_to(
        isolated / "runs" / "evil-lstm-attn", name="evil", created=good.info["created"] + 1
    )


def fields(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all fields of a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    return [path, *(found for key, item in items for found in fields(item, (*path, key)))]


def changed(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    copy = value.copy()
    if len(at) == 1 and new is ...:
        del copy[at[0]]
    else:
        copy[at[0]] = changed(copy[at[0]], at[1:], new)
    return copy


def check_the_others(good: RunDirectory) -> None:
    """Every reader of all runs still works for the good run."""
    listed = {one.summary.id: one.summary for one in overviews()[0]}
    assert listed[good.id].epoch == 3
    json.dumps([run.document() for run in listed.values()], allow_nan=True)
    damaged_runs()
    assert find_run("good").id == good.id
    for reference in ("latest", "best"):
        try:
            find_run(reference)
        except TmeattnError as error:
            assert error.exit_code == 2  # noqa: PT017
    assert "good" in [item.value for item in complete(None, None, "")]  # type: ignore[arg-type]
    ReusableRuns(all_runs())
    shown = RunList()
    for _ in range(6):
        shown.refresh()
    for order in ORDERS:
        assert good.id in [state.run.id for state in shown.sorted(order, "")]
    for run in all_runs():
        try:
            compare_runs([good, run])
            summarize(run)
        except TmeattnError:
            assert run.id != good.id


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_a_mutated_file_hides_no_other_run(two: tuple[RunDirectory, RunDirectory], data: st.DataObject) -> None:
    good, evil = two
    path = evil.path / data.draw(st.sampled_from(FILES))
    original = path.read_bytes()
    try:
        if data.draw(st.booleans()):
            lines = (
                [json.loads(line) for line in original.splitlines()]
                if path.suffix == ".jsonl"
                else [json.loads(original)]
            )
            number = data.draw(st.integers(0, len(lines) - 1))
            places = fields(lines[number])
            at = places[data.draw(st.integers(0, len(places) - 1))]
            new = data.draw(st.one_of(ODD, st.just(...) if at else ODD))
            lines[number] = changed(lines[number], at, new)
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        elif data.draw(st.booleans()):
            content = bytearray(original)
            for _ in range(data.draw(st.integers(1, 4))):
                content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
            path.write_bytes(content)
        else:
            path.write_bytes(data.draw(RAW))
        check_the_others(good)
    finally:
        path.write_bytes(original)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize("odd", [Path.mkdir, pipe, loop], ids=["folder", "pipe", "loop"])
@pytest.mark.parametrize("name", [*FILES, "vocabulary.json", "checkpoints/best.safetensors"])
def test_something_else_in_the_place_of_a_file(
    two: tuple[RunDirectory, RunDirectory], name: str, odd: Callable[[Path], None]
) -> None:
    good, evil = two
    (evil.path / name).unlink(missing_ok=True)
    odd(evil.path / name)
    check_the_others(good)


def test_random_bytes_in_every_file(two: tuple[RunDirectory, RunDirectory]) -> None:
    good, evil = two
    chance = random.Random(15)
    for _ in range(20):
        for name in FILES:
            (evil.path / name).write_bytes(chance.randbytes(chance.randrange(200)))
        check_the_others(good)


@pytest.mark.parametrize("change", [{"classes": ["a", "a"]}, {"classes": []}, {"vector_size": 0}])
def test_data_that_cannot_be_are_damage_which_is_told_of_the_run_that_is_named(
    two: tuple[RunDirectory, RunDirectory], change: dict[str, Any]
) -> None:
    _, evil = two
    info = json.loads((evil.path / "run.json").read_text())
    (evil.path / "run.json").write_text(json.dumps({**info, "data": {**info["data"], **change}}))
    assert list(damaged_runs()) == [evil.path]
    assert [run.id for run in all_runs()] == ["good-lstm-attn"]
    with pytest.raises(TmeattnError, match=r"evil-lstm-attn is no run directory: its run\.json is damaged"):
        find_run("evil-lstm-attn")


def test_an_impossible_accuracy_makes_no_run_the_best(two: tuple[RunDirectory, RunDirectory]) -> None:
    good, evil = two
    log = evil.events_path.read_text()
    evil.events_path.write_text(log.replace('"accuracy":0.', '"accuracy":70.'))
    assert evil.events_path.read_text() != log
    assert find_run("best").id == good.id
    listed = {one.summary.id: one.summary for one in overviews()[0]}
    assert any("events.jsonl is damaged" in problem for problem in listed[evil.id].problems)
