"""Epochs by default: few texts have more of them, and IMDb has those of the recipe."""

from __future__ import annotations

from typing import Any

import pytest

from tmeattn.models.configs import LstmAttnConfig
from tmeattn.run_config import resolve_run
from tmeattn.specs import Dataset, Split
from tmeattn.sweep.data_check import derived_options
from tmeattn.sweep.plan import make_plan
from tmeattn.sweep.space_text import parse_space
from tmeattn.training.default_epochs import with_fitting_epochs
from tmeattn.training.side_by_side import Job


def dataset_of(texts: int) -> Dataset:
    split = Split(["a"] * texts, [at % 2 for at in range(texts)])
    return Dataset("own", ("a", "b"), "1", lambda: {"train": split, "validation": split})


def epochs(texts: int, model: str = "lstm-attn", **options: Any) -> tuple[int, list[str]]:
    given = {"dataset": "planted", **options}
    lines: list[str] = []
    config = with_fitting_epochs(resolve_run(model, given), given, dataset_of(texts), lines.append)
    return config.train.epochs, lines


@pytest.mark.parametrize(
    ("texts", "options", "expected"),
    [
        (1840, {}, 21),
        (10, {}, 60),
        (0, {}, 5),
        (7680, {}, 5),
        (1840, {"batch_size": 8}, 5),
        (1840, {"limit": 64}, 60),
        (1840, {"limit": 5000}, 21),
    ],
)
@pytest.mark.usefixtures("planted")
def test_a_run_has_enough_steps(texts: int, options: dict[str, Any], expected: int) -> None:
    found, lines = epochs(texts, **options)
    assert found == expected
    assert bool(lines) == (expected > 5)


@pytest.mark.usefixtures("planted")
def test_the_user_is_told() -> None:
    assert epochs(1840)[1] == [
        "1,840 training texts are few: a run has up to 21 epochs instead of 5; it ends after 4 without a better "
        "validation accuracy (--epochs sets another number)."
    ]
    assert epochs(1, patience=0)[1] == [
        "1 training text is few: a run has up to 60 epochs instead of 5 (--epochs sets another number)."
    ]


@pytest.mark.parametrize(
    ("texts", "options", "expected"),
    [(240, {}, 25), (1840, {}, 4), (10, {}, 60), (3000, {}, 3), (240, {"patience": 2}, 2), (240, {"epochs": 9}, 3)],
)
@pytest.mark.usefixtures("planted")
def test_patience_counts_enough_steps(texts: int, options: dict[str, Any], expected: int) -> None:
    given = {"dataset": "planted", **options}
    fitting = with_fitting_epochs(resolve_run("lstm-attn", given), given, dataset_of(texts), lambda line: None)
    assert fitting.train.patience == expected


@pytest.mark.usefixtures("planted")
def test_what_is_left_alone() -> None:
    assert epochs(300, dataset="imdb-25k") == (5, [])
    assert epochs(300, recipe="report") == (200, [])
    assert epochs(300, epochs=7) == (7, [])
    assert epochs(300, model="nb-logreg") == (1, [])


@pytest.mark.usefixtures("planted")
def test_alpha_rises_as_in_a_run_that_was_given_as_many_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LstmAttnConfig.recipes["modern"], "alpha_warmup", 10.0)
    for given, before, after in [({}, 2.5, 10), ({"alpha_warmup": 1.0}, 1, 1)]:
        options = {"dataset": "planted", "alpha": 0.1, **given}
        config = resolve_run("lstm-attn", options)
        fitting = with_fitting_epochs(config, options, dataset_of(10), print)
        assert (config.train.alpha_warmup, fitting.train.alpha_warmup) == (before, after)


@pytest.mark.usefixtures("planted")
def test_runs_side_by_side_find_theirs() -> None:
    job = Job("0", "seed 0", resolve_run("mean", {"dataset": "planted"}), derived=("epochs",))
    assert "epochs" not in job.options
    assert job.options["dataset"] == "planted"


@pytest.mark.parametrize(
    ("space", "options", "expected"),
    [
        ("lr=0.001,0.01", {}, {"epochs": 60, "patience": 20}),
        ("lr=0.001,0.01", {"epochs": 4}, {}),
        ("lr=0.001,0.01", {"dataset": "imdb-25k"}, {}),
        ("epochs=2,4", {}, {}),
    ],
)
@pytest.mark.usefixtures("planted")
def test_the_trials_of_a_sweep_have_the_same(space: str, options: dict[str, Any], expected: dict[str, Any]) -> None:
    given = {"dataset": "planted", **options}
    dimensions = parse_space("mean", [space], given)
    plan = make_plan("mean", dimensions, given, objective="accuracy", pruner="none", seeds=(0,), seed=0)
    found = derived_options(plan, dataset_of(300), lambda line: None)
    assert found == expected
    whole = plan.with_options(found)
    assert (whole.options | expected, whole.resolved | expected) == (whole.options, whole.resolved)
