"""`tmeattn train` and `resume`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tmeattn.cpu import available_cores, default_threads
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import all_runs


def test_train(tmeattn: Any, quick: list[str]) -> None:
    watched = ["--watch-text", "a fine film", "--watch-text", "a dull film"]
    summary = tmeattn("train", "simple-attn", *quick, "--name", "mine", *watched, "--json").json
    assert summary.keys() >= {"id", "best_accuracy", "path"}
    assert (summary["state"], summary["name"], summary["epoch"]) == ("finished", "mine", 1)
    assert [run.id for run in all_runs()] == [summary["id"]]
    (seen,) = all_runs()[0].events("watched")
    assert [text.get("text") for text in seen["texts"]][:3] == ["a fine film", "a dull film", None]
    assert "is empty" in tmeattn("train", "mean", *quick, "--watch-text", " ").refused()
    result = tmeattn("train", "mean", *quick)
    assert result.code == 0
    assert "mean" in result.out
    assert "Next: tmeattn explain" in result.err


def test_train_several_seeds(tmeattn: Any, quick: list[str]) -> None:
    summaries = tmeattn("train", "mean", *quick, "--seeds", "3, 4", "--name", "mine", "--json").json
    assert [(summary["seed"], summary["name"]) for summary in summaries] == [(3, "mine-3"), (4, "mine-4")]
    both = tmeattn("train", "mean", *quick, "--seeds", "5,6")
    last = " ".join(both.out.split()).split(" Best validation accuracy over the seeds ")[-1]
    mean, _, low, high = map(float, re.search(r"mean ([\d.]+) % ± ([\d.]+) .*?(-?[\d.]+) to ([\d.]+)\)", last).groups())
    assert last.startswith("5, 6: mean ")
    assert low <= mean <= high + 1e-9
    assert "an interval needs two seeds" in tmeattn("train", "mean", *quick, "--seeds", "7,", "--json").err
    refused = tmeattn("train", "mean", *quick, "--seeds", "5,4", "--name", "mine").refused()
    assert re.fullmatch(
        r"Another run is named 'mine-4' already\. Choose another name, or rename that run: "
        r"tmeattn runs rename \w+-mean NEW",
        refused,
    )
    assert len(all_runs()) == 5


def test_options_from_a_file_a_run_and_the_command_line(tmeattn: Any, quick: list[str], tmp_path: Path) -> None:
    first = tmeattn("train", "mean", *quick, "--seed", "7", "--lr", "0.25", "--dropout", "0.1", "--json").json
    path = tmp_path / "run.toml"
    path.write_text('batch-size = 8\nlr = 0.125\nrecipe = "modern"\n')
    arguments = ["train", "simple-attn", "--from", first["id"], "--config", str(path), "--lr", "0.5", "--json"]
    second = tmeattn(*arguments).json
    config = RunDirectory(Path(second["path"])).config
    train, own = config["train"], config["model_options"]
    assert (train["seed"], train["batch_size"], train["lr"]) == (7, 8, 0.5)
    assert own["dropout"] != 0.1  # another model's own options are left behind
    again = tmeattn("train", "mean", "--from", first["id"], "--json").json
    assert RunDirectory(Path(again["path"])).config == RunDirectory(Path(first["path"])).config


def test_from_a_run_alone_takes_its_model_too(tmeattn: Any, trained: RunDirectory) -> None:
    again = tmeattn("train", "--from", trained.id, "--seed", "7", "--json").json
    assert (again["model"], again["seed"]) == ("simple-attn", 7)
    again = tmeattn("train", f"--from={trained.id}", "--seed=8", "--json").json
    assert (again["model"], again["seed"]) == ("simple-attn", 8)


def test_another_optimizer_leaves_the_momentum_of_a_run_behind(tmeattn: Any, quick: list[str]) -> None:
    first = tmeattn("train", "mean", *quick, "--optimizer", "sgd", "--momentum", "0.9", "--json").json
    config = RunDirectory(Path(first["path"])).config["train"]
    assert (config["optimizer"], config["momentum"]) == ("sgd", 0.9)
    again = tmeattn("train", "--from", first["id"], "--optimizer", "adamw", "--json").json
    assert RunDirectory(Path(again["path"])).config["train"]["momentum"] == 0
    refused = tmeattn("train", "--from", first["id"], "--optimizer", "adamw", "--momentum", "0.9").refused()
    assert refused.startswith("--momentum 0.9 is an option of SGD, and the optimizer is adamw.")


def test_the_default_of_threads_is_that_of_openmp(monkeypatch: pytest.MonkeyPatch) -> None:
    for said, expected in (("3", 3), ("", available_cores()), ("0", available_cores()), ("2,4", available_cores())):
        monkeypatch.setenv("OMP_NUM_THREADS", said)
        assert default_threads() == expected


def test_resume_of_a_finished_run_says_so(tmeattn: Any, trained: RunDirectory) -> None:
    before = trained.events_path.read_bytes()
    result = tmeattn("resume", trained.id, "--json")
    assert result.json["state"] == "finished"
    assert f"The run {trained.id} is finished" in result.err
    assert trained.events_path.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "reason"),
    [("a = " + "[" * 5000, "nested too deeply"), ("epochs = " + "9" * 5000, "no TOML file"), ("a", "no TOML file")],
)
def test_a_config_file_that_is_no_toml(tmeattn: Any, tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(content)
    assert reason in tmeattn("train", "simple-attn", "--config", str(path)).refused()


def test_options_without_effect_are_named(tmeattn: Any, planted: Any, quick: list[str]) -> None:
    result = tmeattn("train", "nb-logreg", *quick, "--lr", "0.1")
    assert result.code == 0, result.err
    said = " ".join(result.err.split())
    assert "Note: --lr has no effect on the model nb-logreg: the model is solved in one fit before" in said
    alone = tmeattn("train", "nb-logreg", *quick, "--processes", "2", "--dataset", "no.csv")  # it says so at once
    assert "Note: --processes has no effect on the model nb-logreg: the model is solved" in " ".join(alone.err.split())
    assert "--patience" not in said
    assert "Note:" not in tmeattn("train", "mean", *quick).err


def test_resume_without_an_unfinished_run_says_what_one_can_do(tmeattn: Any, trained: RunDirectory) -> None:
    said = " ".join(tmeattn("resume").err.split())
    epochs = 2 * trained.config["train"]["epochs"]
    assert f"No run is unfinished; the newest is {trained.reference}." in said
    assert f"To train it longer: tmeattn resume {trained.reference} --epochs {epochs}" in said
    assert "No run is unfinished" not in tmeattn("resume", trained.id).err
