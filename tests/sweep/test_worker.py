"""Workers of a sweep in this process: trials as runs, pruning, seeds, interruptions, and trials of dead workers."""

from __future__ import annotations

from typing import Any

import pytest

from tmeattn.errors import BadInput, Interrupted
from tmeattn.runs.control import request
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event
from tmeattn.runs.index import all_runs, run_to_resume
from tmeattn.runs.summary import summarize

pytest.importorskip("optuna")

from support.sweeps import joined, plan_of, work

from tmeattn.sweep import claims, worker
from tmeattn.sweep.results import results
from tmeattn.sweep.storage import open_store
from tmeattn.sweep.study import open_study, unfinished


def test_every_trial_is_an_ordinary_run_of_its_own(planted: dict[str, Any]) -> None:
    study = joined(plan_of(planted))
    work(study)
    trials = open_study(open_store(None), study.name).trials()
    assert [(trial.number, trial.state) for trial in trials] == [(0, "finished"), (1, "finished"), (2, "finished")]
    runs = {run.id: run for run in all_runs()}
    assert sorted(run for trial in trials for run in trial.runs) == sorted(runs)
    for trial in trials:
        run = runs[trial.runs[0]]
        assert run.info["sweep"] == {"format": 1, "study": study.name, "trial": trial.number, "seed": 0}
        assert run.name == f"{study.name}-{trial.number}"
        assert run.state() == "finished"
        assert {name: run.options[name] for name in ("lr", "dropout")} == trial.params
        assert trial.value == summarize(run).best_accuracy
    work(joined(plan_of(planted)))  # nothing is left to do
    assert len(all_runs()) == 3


def test_a_sweep_is_reproducible_also_when_it_is_continued(planted: dict[str, Any]) -> None:
    whole = joined(plan_of(planted), 4, "whole")
    work(whole)
    parts = joined(plan_of(planted), 2, "parts")
    work(parts)
    work(joined(plan_of(planted), 4, "parts"))
    other = joined(plan_of(planted, seed=1), 2, "other")
    work(other)
    first, again = ([(trial.params, trial.value) for trial in each.trials()] for each in (whole, parts))
    assert first == again
    assert [trial.params for trial in other.trials()] != [params for params, _ in first[:2]]


def test_a_trial_is_worth_the_mean_over_its_seeds(planted: dict[str, Any]) -> None:
    study = joined(plan_of(planted, seeds=(3, 5)), 1)
    work(study)
    (trial,) = study.trials()
    runs = [RunDirectory(run.path) for run in sorted(all_runs(), key=lambda run: run.config["train"]["seed"])]
    assert [run.config["train"]["seed"] for run in runs] == [3, 5]
    values = [summarize(run).best_accuracy for run in runs]
    assert trial.values == tuple(values)
    assert trial.value == pytest.approx(sum(value for value in values if value is not None) / 2)


def test_the_loss_is_minimised(planted: dict[str, Any]) -> None:
    study = joined(plan_of({**planted, "epochs": 3, "patience": 0}, objective="loss"), 2)
    work(study)
    for trial in study.trials():
        (run,) = (run for run in all_runs() if run.id == trial.runs[0])
        assert trial.value == min(event["validation"]["cross_entropy"] for event in run.events("epoch"))
    best = results(study).best
    assert best is not None
    assert best.value == min(trial.value or 0.0 for trial in study.trials())


def test_a_pruned_run_is_marked_and_not_resumed_by_accident(
    planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import optuna

    monkeypatch.setattr(optuna.Trial, "should_prune", lambda trial: trial.number == 1)
    study = joined(plan_of({**planted, "epochs": 3, "patience": 0}, pruner="median"), 2)
    work(study)
    first, second = study.trials()
    assert (first.state, second.state, second.reason) == ("finished", "pruned", "pruned")
    (run,) = (run for run in all_runs() if run.id == second.runs[0])
    assert (summarize(run).state, summarize(run).shown_state, summarize(run).epoch) == ("stopped", "pruned", 1)
    assert run_to_resume().id != run.id
    assert run.has_checkpoint()


def test_a_run_whose_time_is_up_is_worth_its_epochs_in_time(planted: dict[str, Any]) -> None:
    study = joined(plan_of({**planted, "epochs": 50, "patience": 0}, objective="accuracy-within:0.000001s"), 1)
    work(study)
    (trial,), (run,) = study.trials(), all_runs()
    assert (trial.state, trial.value) == ("finished", 0.0)
    assert (summarize(run).shown_state, summarize(run).epoch) == ("time up", 1)


def test_a_stopped_trial_is_continued_by_the_next_worker(planted: dict[str, Any]) -> None:
    options = {**planted, "epochs": 4, "patience": 0}
    study = joined(plan_of(options), 2)

    def stop(event: Event) -> None:
        if event["kind"] == "epoch" and event["epoch"] == 2:
            request(all_runs()[0], "stop")

    with pytest.raises(Interrupted, match="The sweep stopped in trial 0") as caught:
        work(study, stop)
    assert "tmeattn sweep --study" in str(caught.value)
    (trial,) = study.trials()
    assert (trial.state, trial.owned) == ("running", False)
    assert unfinished(open_store(None)).name == study.name
    work(study)
    assert [trial.state for trial in study.trials()] == ["finished", "finished"]
    assert len(all_runs()) == 2
    (resumed,) = (run for run in all_runs() if run.id == trial.runs[0])
    assert [event["epoch"] for event in resumed.events("epoch")] == [1, 2, 3, 4]
    with pytest.raises(BadInput, match="no sweep to continue"):
        unfinished(open_store(None))


def test_the_trial_of_a_dead_worker_is_taken_over(planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    study = joined(plan_of({**planted, "epochs": 3, "patience": 0}), 2)
    monkeypatch.setattr(claims.Claims, "give_back", lambda self, trial: None)  # it dies

    def die(event: Event) -> None:
        if event["kind"] == "epoch" and event["epoch"] == 1:
            request(all_runs()[0], "stop")

    with pytest.raises(Interrupted):
        work(study, die)
    monkeypatch.setattr(claims, "exists", lambda pid, mark: False)
    work(study)
    assert [trial.state for trial in study.trials()] == ["finished", "finished"]
    assert len(all_runs()) == 2


def test_a_worker_elsewhere_is_dead_without_a_beat(planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    study = joined(plan_of(planted), 1)
    trial = study.optuna.ask()
    trial.set_user_attr("owner", {"host": "elsewhere", "pid": 1, "process": None, "token": "t"})
    naps = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            trial.set_user_attr("beat", 1)
        clock[0] += 40

    clock = [0.0]
    monkeypatch.setattr(worker.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(worker.time, "sleep", nap)
    lines: list[str] = []
    work(study, narrate=lines.append)
    assert len(naps) == 4, "it beat at 40 s, so that it is dead after 120 s, not after 80 s"
    assert any("Waiting for 1 trial of other workers" in line for line in lines)
    assert [trial.state for trial in study.trials()] == ["finished"]


def test_a_run_that_was_deleted_is_trained_anew(planted: dict[str, Any]) -> None:
    study = joined(plan_of({**planted, "epochs": 2, "patience": 0}), 1)

    def stop(event: Event) -> None:
        if event["kind"] == "epoch" and event["epoch"] == 1:
            request(all_runs()[0], "stop")

    with pytest.raises(Interrupted):
        work(study, stop)
    (run,) = all_runs()
    run.delete()
    work(study)
    (trial,), (new,) = study.trials(), all_runs()
    assert (trial.state, trial.runs, new.id != run.id) == ("finished", (new.id,), True)


def test_a_diverged_run_counts_as_pruned_and_the_sweep_goes_on(planted: dict[str, Any]) -> None:
    options = {**planted, "optimizer": "sgd", "clip_norm": 0.0, "epochs": 4}
    study = joined(plan_of(options, space=["lr=1e37,0.1"], seed=1), 4)
    work(study)
    states = {(trial.params["lr"], trial.state, trial.reason) for trial in study.trials()}
    assert states == {(1e37, "pruned", "diverged"), (0.1, "finished", None)}


def test_trials_that_fail_one_after_the_other_end_the_worker(
    planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tmeattn.training import session

    def fail(*arguments: Any, **options: Any) -> None:
        raise BadInput("The model cannot be built.")

    monkeypatch.setattr(session, "start", fail)
    study, lines = joined(plan_of(planted), 5), list[str]()
    with pytest.raises(BadInput, match="cannot be built"):
        work(study, narrate=lines.append)
    assert [trial.state for trial in study.trials()] == ["failed", "failed", "running"]
    assert lines == [f"Trial {number} failed: The model cannot be built." for number in (0, 1)]


def test_more_workers_than_trials_make_no_more_trials(planted: dict[str, Any]) -> None:
    study = joined(plan_of(planted), 2)
    others = [joined(plan_of(planted), 2) for _ in range(2)]
    takers = [claims.Claims(each) for each in (study, *others)]
    for at, each in enumerate(takers):
        each.owner = {**each.owner, "pid": 10**6 + at, "token": str(at)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claims, "exists", lambda pid, mark: True)
        taken = [each.take() for each in takers]
    assert [one is not None for one, _ in taken] == [True, True, False]
    assert taken[2][1] == 2
    assert len(study.trials()) == 2
