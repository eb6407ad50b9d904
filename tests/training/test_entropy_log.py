"""The attention entropy before training and of every batch: what is logged, and that it changes nothing."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from tmeattn.errors import BadInput, Interrupted
from tmeattn.run_config import resolve_run
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.reuse import ReusableRuns, identity
from tmeattn.training.session import resume, start
from tmeattn.training.trainer import Trainer

POSITIONS = {"positions": "sinusoidal", "layers": 1, "dropout": 0.3}


def measures(run: RunDirectory) -> list[Any]:
    return [(event["train"], event["validation"]) for event in run.events() if event["kind"] == "epoch"]


def weights(run: RunDirectory) -> dict[str, bytes]:
    tensors = load_file(run.checkpoints / "last.safetensors")
    return {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}


@pytest.mark.parametrize(("model", "options"), [("simple-attn", {"dropout": 0.3}), ("transformer", POSITIONS)])
def test_the_entropy_before_training_is_logged_and_changes_nothing(
    planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch, model: str, options: dict[str, Any]
) -> None:
    run = start(model, {**planted, **options, "epochs": 2})
    (event,) = run.events("entropy")
    assert (event["kind"], event["step"], event["split"]) == ("entropy", 0, "validation")
    assert sum(event["histogram"]["counts"]) == 16
    assert 0 < event["entropy"] <= math.log(12)
    kinds = [one["kind"] for one in run.events()]
    assert kinds.index("started") < kinds.index("entropy") < kinds.index("epoch")
    monkeypatch.setattr(Trainer, "_measure_untrained", lambda self: None)
    without = start(model, {**planted, **options, "epochs": 2})
    assert without.events("entropy") == []
    assert measures(without) == measures(run)
    assert weights(without) == weights(run)


def test_a_model_without_attention_logs_none(planted: dict[str, Any]) -> None:
    assert start("mean", planted).events("entropy") == []


def test_every_batch_on_request(planted: dict[str, Any]) -> None:
    run = start("simple-attn", {**planted, "batch_entropy": True})
    untrained, *batches = run.events("entropy")
    assert untrained["split"] == "validation"
    assert [(event["step"], event["split"]) for event in batches] == [(step, "train") for step in (1, 2, 3, 4)]
    (epoch,) = run.events("epoch")
    summed = [sum(counts) for counts in zip(*(event["histogram"]["counts"] for event in batches), strict=True)]
    assert summed == epoch["train"]["histogram"]["counts"]
    plain = start("simple-attn", planted)
    assert measures(plain) == measures(run)


def test_a_resumed_run_logs_each_batch_once(planted: dict[str, Any]) -> None:
    options = {**planted, "batch_entropy": True, "checkpoint_every": 1}
    whole = start("simple-attn", options)

    def stop(event: Any) -> None:
        if event["kind"] == "checkpoint" and event["step"] == 2:
            Path(directory, "control", "stop").touch()

    directory = ""

    def remember(event: Any) -> None:
        nonlocal directory
        if event["kind"] == "started":
            directory = str(whole.path.parent / event["run"])

    with pytest.raises(Interrupted):
        start("simple-attn", options, listeners=[remember, stop])
    run = resume(RunDirectory(Path(directory)))
    without_time = [{**event, "time": 0} for event in run.events("entropy")]
    assert without_time == [{**event, "time": 0} for event in whole.events("entropy")]


@pytest.mark.parametrize("model", ["mean", "transformer"])
def test_only_pooling_attention_has_an_entropy_in_every_batch(model: str) -> None:
    with pytest.raises(BadInput, match=f"--batch-entropy .* the model '{model}' has none"):
        resolve_run(model, {"batch_entropy": True})


def test_a_run_that_logs_every_batch_answers_both(planted: dict[str, Any]) -> None:
    plain, detailed = (resolve_run("simple-attn", {**planted, "batch_entropy": each}) for each in (False, True))
    assert identity(plain) == identity(detailed)
    run = start("simple-attn", detailed.flat())
    assert ReusableRuns([run]).find(plain) == ReusableRuns([run]).find(detailed) == run
    less = start("simple-attn", plain.flat())
    assert ReusableRuns([less]).find(detailed) is None
    assert ReusableRuns([less]).find(plain) == less
