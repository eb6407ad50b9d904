"""`tmeattn sweep`: what it trains, shows, prints as JSON and TOML, lists, deletes and refuses."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tmeattn.paths import home
from tmeattn.runs.index import all_runs

pytest.importorskip("optuna")

SPACE = ["--space", "lr=1e-3..1e-1:log", "--space", "dropout=0,0.2"]


@pytest.fixture
def swept(tmeattn: Any, quick: list[str]) -> Any:
    """The results of a sweep of five trials, as JSON."""
    return tmeattn("sweep", "simple-attn", *quick, *SPACE, "--trials", "5", "--study", "mine", "--json").json


def test_a_sweep_and_what_is_shown_of_it(tmeattn: Any, swept: Any, quick: list[str], tmp_path: Path) -> None:
    assert (swept["study"], swept["goal"], len(swept["trials"])) == ("mine", 5, 5)
    assert tmeattn("sweep", "show", "--json").json == swept
    shown = tmeattn("sweep", "show", "mine")
    assert shown.code == 0, shown.err
    for part in ("5 of 5 trials have ended", f"Best: trial {swept['best']}", "importance", "Value by lr", "optimistic"):
        assert part in shown.out
    assert shown.out.count("optimistic") == 1
    assert "evaluate mine-" in " ".join(shown.out.split())
    assert tmeattn("sweep", "show", "--export", str(tmp_path / "sweep.md")).code == 0
    exported = (tmp_path / "sweep.md").read_text()
    assert "5 finished trials of 5. Value: best validation accuracy, one seed." in exported
    assert exported.count("\n| ") == 2 + 5
    assert "tmeattn" not in exported
    listed = tmeattn("sweep", "list", "--json").json
    assert [(one["name"], one["over"], one["goal"]) for one in listed] == [("mine", 5, 5)]
    assert "5/5" in tmeattn("sweep", "list").out
    again = tmeattn("sweep", "simple-attn", *quick, *SPACE, "--trials", "5", "--study", "mine")
    assert again.code == 0
    assert "All 5 have ended, so nothing is trained. For more: --trials 15" in again.err
    fewer = tmeattn("sweep", "--study", "mine", "--trials", "3")
    assert "--trials 3 does not lower the number of trials of the study, 5." in " ".join(fewer.err.split())
    assert all(run.name in shown.out and run.id not in shown.out for run in all_runs())
    assert len(all_runs()) == 5


def test_the_best_options_train_the_same_model_again(tmeattn: Any, swept: Any, tmp_path: Path) -> None:
    best = tmeattn("sweep", "best", "--json").json
    assert best["number"] == swept["best"]
    assert tmeattn("sweep", "best").out.strip() == best["command"] == swept["command"]
    config = tmeattn("sweep", "best", "mine", "--as-config").out
    options = tomllib.loads(config)
    assert options["lr"] == best["options"]["lr"]
    assert (options["dataset"], options["epochs"], options["seed"]) == ("planted", 1, 0)
    (tmp_path / "best.toml").write_text(config)
    by_file = tmeattn("train", "simple-attn", "--config", str(tmp_path / "best.toml"), "--json").json
    by_command = tmeattn(*best["command"].split()[1:], "--json").json
    assert by_file["best_accuracy"] == by_command["best_accuracy"] == best["value"]


def test_a_run_of_a_sweep_names_its_trial_when_it_is_resumed(tmeattn: Any, swept: Any) -> None:
    (run,) = [run for run in all_runs() if run.name == "mine-3"]
    said = " ".join(tmeattn("resume", "mine-3").err.split())
    assert "mine-3 is a run of trial 3 of the sweep mine: the trial has ended, and its value stays." in said
    assert "The whole sweep goes on with: tmeattn sweep --study mine" in said
    (home() / "sweeps" / "journal.log").unlink()
    assert f"{run.reference} is a run of trial 3 of the sweep mine. The whole" in tmeattn("resume", run.id).err


def test_deleting_a_study_keeps_its_runs_unless_asked(tmeattn: Any, swept: Any) -> None:
    unanswered = tmeattn("sweep", "delete", "mine")
    assert (unanswered.code, "was not answered" in unanswered.err) == (2, True)
    assert tmeattn("sweep", "delete", "mine", "--yes").code == 0
    assert len(all_runs()) == 5
    assert "There is no sweep named 'mine'" in tmeattn("sweep", "delete", "mine", "--yes").refused()
    assert tmeattn("sweep", "list", "--json").json == []


def test_deleting_a_study_with_its_runs(tmeattn: Any, quick: list[str]) -> None:
    sweep = ("sweep", "simple-attn", *quick, *SPACE, "--trials", "1", "--study")
    tmeattn(*sweep, "first")
    tmeattn(*sweep, "second")
    assert tmeattn("sweep", "delete", "first", "--runs", "--yes").code == 0
    assert [run.name for run in all_runs()] == ["second-0"]


def test_options_of_a_run_are_those_of_all_trials(tmeattn: Any, quick: list[str]) -> None:
    tmeattn("train", "simple-attn", *quick, "--name", "base", "--lr", "0.05", "--weight-decay", "0.02")
    found = tmeattn("sweep", "simple-attn", "--from", "base", *SPACE, "--trials", "1", "--json").json
    assert found["options"]["weight_decay"] == 0.02
    assert "lr" not in found["options"]
    assert found["options"].keys().isdisjoint({"recipe", "momentum", "clip_norm", "patience"}), "they are defaults"
    run = next(run for run in all_runs() if run.name != "base")
    assert (run.options["weight_decay"], run.options["max_length"]) == (0.02, 12)


def test_a_study_with_a_living_worker_is_not_deleted(tmeattn: Any, swept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tmeattn.sweep import claims
    from tmeattn.sweep.storage import open_store
    from tmeattn.sweep.study import extended, open_study

    claims.Claims(extended(open_study(open_store(None), "mine"), 6)).take()
    assert "trains a trial of the sweep 'mine'. Stop it first." in tmeattn("sweep", "delete", "mine", "-y").refused()


def test_the_name_of_a_study_comes_from_the_command(tmeattn: Any, quick: list[str]) -> None:
    first = tmeattn("sweep", "mean", *quick, *SPACE, "--trials", "1", "--json").json
    again = tmeattn("sweep", "mean", *quick, *SPACE, "--trials", "1", "--threads", "2", "--json").json
    other = tmeattn("sweep", "mean", *quick, *SPACE, "--trials", "1", "--max-length", "9", "--json").json
    assert first["study"] == again["study"] != other["study"]
    assert tmeattn("sweep", "--study", first["study"], "--trials", "2").code == 0
    assert len(tmeattn("sweep", "show", first["study"], "--json").json["trials"]) == 2
    assert "no sweep to continue" in tmeattn("sweep").refused()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--space", "lrr=1..2"], "Did you mean lr?"),
        (["--space", "lr=1e-3..1e-2", "--lr", "1"], "--lr is given for all trials, and --space varies it."),
        (["--trials", "0"], "--trials"),
        (["--objective", "speed"], "--objective: 'speed' is not accuracy, loss or accuracy-within:TIME."),
        (["--objective", "accuracy-within:0m"], "is not accuracy, loss or accuracy-within"),
        (["--objective", "accuracy-within:10"], "A time is a number of seconds, minutes or hours"),
        (["--seeds", "0"], "--seeds"),
        (["--study", "a/b"], "'a/b' cannot be the name of a study"),
        (["--study", ""], "cannot be the name of a study"),
        (["--storage", "nothing"], "is no URL of a database"),
        (["--epochs", "0"], "--epochs: must be at least 1"),
        (["--dataset", "nowhere"], "nowhere"),
        (["--pruner", "best"], "--pruner"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(
    tmeattn: Any, quick: list[str], options: list[str], message: str
) -> None:
    assert message in tmeattn("sweep", "simple-attn", *quick, *options).refused()
    assert not (home() / "sweeps").exists()
    assert not (home() / "runs").exists()


def test_names_that_do_not_exist(tmeattn: Any) -> None:
    assert (
        "There is no model or command named 'lstm-atn'. Did you mean lstm-attn"
        in tmeattn("sweep", "lstm-atn").refused()
    )
    assert "There is no sweep named 'x'" in tmeattn("sweep", "show", "x").refused()
    assert "There is no sweep yet" in tmeattn("sweep", "show").refused()
    assert "There is no sweep to continue" in tmeattn("sweep").refused()
    assert tmeattn("sweep", "list").code == 0
    assert "--study stands behind show" in tmeattn("sweep", "--study", "x", "show").refused()
    assert not home().exists() or not (home() / "sweeps").exists()


def test_without_optuna_one_line_says_how_to_install_it(tmeattn: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    for command in (["mean"], ["show"], ["list"], ["best"], []):
        message = tmeattn("sweep", *command).refused(3)
        assert message == 'Sweeps need Optuna, which is not installed. pip install "tmeattn[sweep]"'
