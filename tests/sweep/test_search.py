"""The sampler and the pruners of a sweep, on a function instead of trainings."""

from __future__ import annotations

import pytest

pytest.importorskip("optuna")

import optuna

from tmeattn.sweep.plan import PRUNERS, make_plan
from tmeattn.sweep.search import SeededSampler, most_epochs, pruner_of
from tmeattn.sweep.space_text import parse_space
from tmeattn.sweep.storage import require_optuna


def study_of(pruner: str, *space: str, seed: int = 0) -> optuna.Study:
    plan = make_plan(
        "mean",
        parse_space("mean", space or ["lr=1e-3..1e-1:log"], {"epochs": 9}),
        {"epochs": 9},
        objective="accuracy",
        pruner=pruner,
        seeds=(0,),
        seed=seed,
    )
    require_optuna()
    return optuna.create_study(direction="maximize", sampler=SeededSampler(seed), pruner=pruner_of(plan))


def swept(study: optuna.Study, trials: int = 30) -> list[optuna.trial.FrozenTrial]:
    """The best accuracy is at 0.02, and is seen from the first epoch on."""
    for _ in range(trials):
        trial = study.ask()
        lr = trial.suggest_float("lr", 1e-3, 1e-1, log=True)
        for epoch in range(1, 10):
            value = 1 - abs(lr - 0.02) * 5 + epoch / 100
            trial.report(value, epoch)
            if trial.should_prune():
                study.tell(trial.number, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial.number, value)
    return study.get_trials()


@pytest.mark.parametrize("pruner", PRUNERS)
def test_each_pruner_prunes_what_is_worse(pruner: str) -> None:
    trials = swept(study_of(pruner))
    pruned = [trial for trial in trials if trial.state == optuna.trial.TrialState.PRUNED]
    assert bool(pruned) == (pruner != "none")
    assert len(pruned) < len(trials)
    if pruner == "median":
        assert min(trial.number for trial in pruned) >= 5
        assert min(len(trial.intermediate_values) for trial in pruned) == 2


def test_later_trials_are_better_than_those_by_chance() -> None:
    values = [trial.value for trial in swept(study_of("none"))]
    assert sum(values[10:]) / 20 > sum(values[:10]) / 10
    assert max(values) > 1.05


def test_the_sampler_is_seeded_for_each_trial() -> None:
    first, again, other = (
        [trial.params["lr"] for trial in swept(study_of("none", seed=seed), 15)] for seed in (0, 0, 1)
    )
    assert first == again
    assert len(set(first)) == 15
    assert set(first).isdisjoint(other)


def test_hyperband_knows_the_most_epochs() -> None:
    options = {"epochs": 4}
    for space, epochs in ((["lr=1e-3,1e-2"], 4), (["epochs=2..9"], 9), (["epochs=3,7"], 7)):
        parts = parse_space("mean", space, options)
        plan = make_plan("mean", parts, options, objective="accuracy", pruner="hyperband", seeds=(0,), seed=0)
        assert most_epochs(plan) == epochs
