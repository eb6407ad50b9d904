"""Trackers are told everything, and can stop nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import tmeattn
from tmeattn.errors import BadInput, Interrupted, UnknownName
from tmeattn.registry import Registry
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import all_runs
from tmeattn.training import trackers as trackers_module
from tmeattn.training.session import resume, start
from tmeattn.training.trackers import RunTrackers, find_trackers, track

SOURCE = """
from tmeattn.hookspecs import hookimpl
from tmeattn.specs import TrackerSpec

told, closed = [], []

class Note:
    def __init__(self, run):
        told.clear()
    def __call__(self, event):
        told.append(event)
    def close(self):
        closed.append(True)

def broken(run):
    {broken}

@hookimpl
def tmeattn_trackers():
    return [TrackerSpec("note", "Notes", "noting_plugin:Note"), TrackerSpec("broken", "Breaks", "noting_plugin:broken")]
"""
Options = dict[str, Any]


@pytest.fixture
def noting(install: Any, planted: Options) -> Callable[..., Options]:
    """Installs the trackers `note` and `broken`; returns options of a quick run."""

    def noting(broken: str = "raise OSError('disk full')") -> Options:
        from conftest import register_planted

        from tmeattn.registry import _discovered, registry

        install("noting", SOURCE.format(broken=broken))
        _discovered.cache_clear()
        register_planted(registry())
        return {**planted, "batch_size": 4}

    return noting


def told() -> list[dict[str, Any]]:
    import noting_plugin

    events: list[dict[str, Any]] = noting_plugin.told
    return events


def test_a_tracker_is_told_what_is_logged(noting: Any) -> None:
    run = start("simple-attn", noting(), trackers=["note", "note"])
    assert told() == run.events()
    import noting_plugin

    assert noting_plugin.closed == [True]


def test_a_resumed_run_is_told_from_its_start_without_what_no_longer_counts(noting: Any) -> None:
    def stop(event: Any) -> None:
        if event["kind"] == "step":
            (all_runs()[0].path / "control").mkdir(exist_ok=True)
            (all_runs()[0].path / "control" / "stop").touch()

    with pytest.raises(Interrupted):
        start("simple-attn", noting(), listeners=[stop], trackers=["note"])
    assert told()[-1]["kind"] == "stopped"
    run = resume(all_runs()[0], trackers=["note"])
    assert told() == run.events()
    assert [event["kind"] for event in told()].count("started") == 1


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("raise OSError('disk full')", "failed: OSError: disk full"),
        ("raise SystemExit(1)", "failed: SystemExit: 1"),
        ("return len", "failed: "),
        ("return lambda event: 1 / 0", "failed: ZeroDivisionError: division by zero"),
        ("raise KeyboardInterrupt", "failed: KeyboardInterrupt"),
        ("raise type('Panic', (BaseException,), {})('panicked')", "failed: Panic: panicked"),
        ("raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})", "failed: Odd (its text cannot be shown)"),
        ("raise ValueError('x' * 100_000)", "failed: ValueError: xxx"),
    ],
)
def test_a_failing_tracker_is_told_of_once_and_the_others_go_on(noting: Any, broken: str, said: str) -> None:
    run = start("simple-attn", noting(broken), trackers=["broken", "note"])
    assert run.is_finished()
    warnings = [event["message"] for event in run.events() if event["kind"] == "warning"]
    if broken != "return len":
        (warning,) = warnings
        assert warning.startswith(f"The tracker 'broken' (from noting) {said}")
        assert warning.endswith("Training continues without it.")
        assert len(warning) < 400
    assert "finished" in {event["kind"] for event in told()}


def test_a_tracker_changes_no_weights(noting: Any) -> None:
    import torch

    options = noting()
    runs = [start("simple-attn", options, trackers=trackers) for trackers in ([], ["note", "broken"])]
    first, second = (tmeattn.load(run.path).classifier.model.state_dict() for run in runs)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_slow_tracker_delays_nothing_but_the_end(monkeypatch: Any, trained: RunDirectory, noting: Any) -> None:
    noting()
    (spec,) = find_trackers(["note"])
    release = threading.Event()
    processed: list[bool] = []
    monkeypatch.setattr(trackers_module, "_process", lambda *_: processed.append(release.wait(60)))
    warnings: list[str] = []
    run_trackers = RunTrackers(trained, [spec], warnings.append)
    for event in trained.events():
        run_trackers(event)
    run_trackers.close(timeout=0.05)
    assert processed == []  # it was still at its first event
    release.set()
    assert warnings == [
        "The tracker 'note' (from noting) had not processed all events 0.05 s after the end of training. "
        "Training continues without it."
    ]


def test_a_finished_run_can_be_tracked(noting: Any, trained: RunDirectory) -> None:
    noting()
    note, broken = find_trackers(["note", "broken"])
    assert track(trained, note) == len(trained.events())
    assert told() == trained.events()
    with pytest.raises(BadInput, match=r"The tracker 'broken' \(from noting\) failed: OSError: disk full"):
        track(trained, broken)


def test_an_unknown_tracker_leaves_no_run(planted: Options) -> None:
    with pytest.raises(UnknownName, match="There is no tracker named 'tensorbord'"):
        start("mean", planted, trackers=["tensorbord"])
    assert all_runs() == []


def test_trackers_are_found_by_the_registry(fresh_registry: Registry) -> None:
    assert find_trackers([]) == []


@pytest.mark.parametrize("raised", ["SystemExit(3)", "KeyboardInterrupt()", "Odd()"])
def test_a_tracker_of_a_finished_run_that_raises_anything_is_named(
    noting: Any, trained: RunDirectory, raised: str
) -> None:
    odd = "class Odd(BaseException):\n        def __str__(self): raise GeneratorExit\n"
    noting(f"{odd}    raise {raised}")
    (spec,) = find_trackers(["broken"])
    with pytest.raises(BadInput, match=r"The tracker 'broken' \(from noting\) failed: "):
        track(trained, spec)
