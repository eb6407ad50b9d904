"""Sweeps on the terminal: the order of the trials, the best command, importances, slices, narrow terminals."""

from __future__ import annotations

from typing import Any

import pytest
from support.explanations import draw

from tmeattn.render.sweep import results_page, studies_table
from tmeattn.sweep.plan import Plan, make_plan
from tmeattn.sweep.results import Overview, Results, config_file, train_command
from tmeattn.sweep.space_text import parse_space
from tmeattn.sweep.study import Study, Trial, best_of


def plan_of(objective: str = "accuracy", **more: Any) -> Plan:
    options = {"limit": "200", "tune_embeddings": False, "dataset": "my csv"}
    space = parse_space("query-attn", ["lr=1e-3..1e-1:log", "scaled", "query-hidden=64|256,128"], options)
    settings = {"pruner": "median", "seeds": (0,), "seed": 0, **more}
    return make_plan("query-attn", space, options, objective=objective, **settings)


def results_of(objective: str = "accuracy") -> Results:
    trials = [
        Trial(
            number,
            "finished",
            0.5 + number / 20,
            (0.5 + number / 20,),
            {"lr": 10.0 ** (-3 + number / 4), "scaled": number % 2 == 0, "query_hidden": "256,128"},
            (f"run{number}-query-attn",),
            None,
            12.0,
            False,
        )
        for number in range(7)
    ]
    trials.append(Trial(7, "pruned", 0.4, (0.4,), trials[0].params, ("run7",), "pruned", 3.0, False))
    trials.append(Trial(8, "running", None, (), trials[0].params, ("run8",), None, None, True))
    study = Study("mine", plan_of(objective), 20, None, None)  # type: ignore[arg-type]
    shares = {"lr": 0.75, "scaled": 0.25, "query_hidden": 0.0}
    return Results(study, trials, best_of(trials, study.objective.rises), shares)


def test_the_page_of_a_sweep() -> None:
    lines = draw(results_page(results_of()), 120).splitlines()
    page = "\n".join(lines)
    rows = [line.split() for line in lines if "query-attn" in line and "%" in line]
    assert [row[0] for row in rows] == ["6", "5", "4", "3", "2", "1", "0"]
    assert "80.00 %" in " ".join(rows[0])
    for part in (
        "8 of 20 trials have ended",
        "lr=0.001..0.1:log, scaled=yes,no, query-hidden=64|256,128",
        "Best: trial 6, 80.00 %",
        "Value by lr",
        "PED-ANOVA",
        "The best of 8 trials is optimistic",
        "--split test",
    ):
        assert part in page
    (ticks,) = [line.split() for line in lines if line.startswith("lr      ") and "75 %" not in line]
    assert ticks == ["lr", "0.001", "0.002", "0.005", "0.01", "0.02"]
    (scaled,) = [line for line in lines if line.split()[:2] == ["yes", "4"]]
    assert scaled.split()[2:] == ["80.00", "%", "65.00", "%"]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_page_fits_the_terminal(width: int) -> None:
    assert max(len(line.rstrip()) for line in draw(results_page(results_of("loss")), width).splitlines()) <= width


def test_the_lowest_loss_is_the_best() -> None:
    page = draw(results_page(results_of("loss")), 120)
    assert "Best: trial 0, 0.5000" in page
    assert "cross-entropy" in page


def test_a_sweep_without_a_finished_trial() -> None:
    found = results_of()
    empty = Results(found.study, [], None, None)
    assert "No trial has finished yet." in draw(results_page(empty), 80)
    assert "mine" in draw(studies_table([Overview("mine", "mean", "loss", 0, 20, None, 0.0)]), 80)


def test_the_command_and_the_file_have_all_options() -> None:
    values = {"lr": 0.0123456789, "scaled": False, "query_hidden": "256,128"}
    command = train_command(plan_of(), values)
    assert command == (
        "tmeattn train query-attn --limit 200 --freeze-embeddings --dataset 'my csv' --lr 0.0123456789 --no-scaled "
        "--query-hidden 256,128"
    )
    assert train_command(plan_of(seeds=(0, 1, 2)), values).endswith("--seeds 3")
    assert train_command(plan_of(seeds=(4, 7)), values).endswith("--seeds 4,7")
    assert train_command(plan_of(seeds=(7,)), values).endswith("--seed 7")
    lines = config_file(plan_of(), values).splitlines()
    assert lines[0] == f"# {command}"
    assert {'dataset = "my csv"', "tune-embeddings = false", "lr = 0.0123456789", "seed = 0"} <= set(lines)
