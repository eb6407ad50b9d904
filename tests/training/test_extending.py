"""`resume --epochs N`: a run that is extended equals one that was trained for N epochs from the start, bit for bit."""

import shutil

import pytest
import torch
from safetensors.torch import load_file

from tmeattn.errors import BadInput
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import find_run
from tmeattn.runs.lineage import lineage
from tmeattn.runs.portable import export
from tmeattn.training.session import resume, start

TIMING = {"time", "seconds", "tokens_per_second", "cpu", "memory"}


def options(planted, **more):
    constant = {"lr_schedule": "constant", "patience": 0, "batch_size": 4, "dropout": 0.3, "lr": 0.02}
    return {**planted, **constant, "alpha": 0.01, "alpha_warmup": 0.5, **more}


def weights(run, name="last"):
    tensors = load_file(run.checkpoints / f"{name}.safetensors")
    return {key: value for key, value in tensors.items() if key.split(".")[0] in ("model", "optimizer", "random")}


def assert_same(run, other, names=("last", "best")):
    for name in names:
        one, two = weights(run, name), weights(other, name)
        assert one.keys() == two.keys()
        assert all(torch.equal(one[key], two[key]) for key in one)


def logged(run):
    kept = [event for event in run.events() if event["kind"] in ("step", "epoch", "watched", "watched_step")]
    return [{key: value for key, value in event.items() if key not in TIMING} for event in kept]


@pytest.mark.parametrize("more", [{}, {"optimizer": "sgd", "momentum": 0.9, "alpha": 0.0, "patience": 3}])
def test_an_extended_run_equals_one_of_as_many_epochs(planted, more):
    run = start("simple-attn", options(planted, epochs=2, **more))
    lines = []
    assert resume(run, epochs=4, narrate=lines.append).state() == "finished"
    whole = start("simple-attn", options(planted, epochs=4, **more))
    assert_same(run, whole)
    assert logged(run) == logged(whole)
    assert run.config == whole.config  # the directory that was read before the extension shows it too
    assert not any("learning rate" in line for line in lines)
    (extension,) = RunDirectory(run.path).info["extensions"]
    assert {key: extension[key] for key in ("epochs", "before", "epoch", "step", "exact")} == {
        "epochs": 4, "before": 2, "epoch": 2, "step": 32, "exact": True,
    }  # fmt: skip
    (shown,) = lineage(run).document()["extensions"]
    assert shown["epochs"] == 4


def test_a_linear_learning_rate_goes_on_as_in_a_longer_run_and_this_is_told(planted):
    wanted = options(planted, lr_schedule="linear", alpha=0.0)
    run, whole = start("simple-attn", {**wanted, "epochs": 2}), start("simple-attn", {**wanted, "epochs": 4})
    lines = []
    resume(run, epochs=4, narrate=lines.append)
    (note,) = [line for line in lines if "learning rate" in line]
    assert "falls linearly over all epochs" in note
    assert "not that of a run that was trained for 4 epochs" in note
    rates = [[event["learning_rate"] for event in one.events("epoch")] for one in (run, whole)]
    assert rates[0][2:] == rates[1][2:]
    assert run.info["extensions"][0]["exact"] is False


def test_a_run_that_stopped_early_goes_on_and_counts_anew(planted):
    never_better = options(planted, lr=1e-9, patience=2)
    run = start("simple-attn", {**never_better, "epochs": 9})
    done = len(run.events("epoch"))
    assert done == 3 < 9
    lines = []
    resume(run, epochs=9, narrate=lines.append)
    assert len(run.events("epoch")) == 5
    assert any("3 epochs" in line and "counted anew" in line for line in lines)
    assert_same(run, start("simple-attn", {**never_better, "patience": 0, "epochs": 5}))
    assert run.info["extensions"][0]["exact"] is False


class Killed(BaseException):
    pass


def test_an_extension_that_is_killed_is_unfinished_and_resumes(planted):
    run = start("simple-attn", options(planted, epochs=1))

    def kill(event):
        if event["kind"] == "resumed":
            raise Killed

    with pytest.raises(Killed):
        resume(run, epochs=3, listeners=[kill])
    again = RunDirectory(run.path)
    assert again.state() != "finished"
    assert not again.is_finished()
    assert again.config["train"]["epochs"] == 3
    assert_same(resume(again), start("simple-attn", options(planted, epochs=3)))


def test_nothing_changes_where_the_data_are_gone(planted, tmp_path):
    table = tmp_path / "texts.csv"
    rows = [f"a {'good' if n % 2 else 'bad'} film {n},{'positive' if n % 2 else 'negative'}\n" for n in range(60)]
    table.write_text("".join(["text,label\n", *rows]))
    run = start("simple-attn", {**options(planted), "dataset": str(table)})
    before, table_text = (run.path / "run.json").read_bytes(), table.read_text()
    table.write_text(table_text + "another good film,positive\n")
    with pytest.raises(BadInput, match="has changed"):
        resume(run, epochs=3)
    assert (run.path / "run.json").read_bytes() == before
    assert RunDirectory(run.path).state() == "finished"


def test_what_cannot_be_extended_is_one_line(planted, trained, tmp_path):
    with pytest.raises(BadInput, match=r"--epochs 40: .* has 40 epochs already\. Give 41 or more"):
        resume(trained, epochs=40)
    copy = RunDirectory(export(trained, tmp_path / "copy"))
    with pytest.raises(BadInput, match="best weights alone") as caught:
        resume(copy, epochs=50)
    assert "--init" in caught.value.hint
    shutil.rmtree(trained.path)
    fitted = start("nb-logreg", {**planted, "epochs": 3})
    with pytest.raises(BadInput, match="no parameters to train"):
        resume(find_run(fitted.id), epochs=5)
