"""What models prepare: from the training split alone, through a checkpoint unchanged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import tmeattn
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import all_runs
from tmeattn.training import checkpoint
from tmeattn.training.checkpoint import Progress
from tmeattn.training.prepared import clipped, pack, unpack


def test_texts_are_clipped_to_what_the_model_reads() -> None:
    split = EncodedSplit(np.arange(1, 11, dtype=np.int32), np.array([0, 5, 6, 10]), np.array([0, 1, 0]), np.arange(3))
    short = clipped(split, 3)
    assert short.tokens.tolist() == [1, 2, 3, 6, 7, 8, 9]
    assert short.lengths.tolist() == [3, 1, 3]
    assert clipped(split, 5) is split


def test_what_is_packed_comes_back(tmp_path: Path) -> None:
    prepared = {"a": np.arange(5), "b": [1.5, None, "x", {"c": np.ones((2, 3), np.float32)}], "d": True}
    json.dumps(pack(prepared)[0])
    checkpoint.save_best(tmp_path, nn.Linear(2, 2), Progress(step=3, prepared=prepared))
    found = checkpoint.load(tmp_path, "best")
    assert found is not None
    back = found.progress.prepared
    assert found.progress.step == 3
    assert np.array_equal(back["a"], prepared["a"])
    assert back["a"].dtype == np.int64
    assert back["b"][:3] == [1.5, None, "x"]
    assert back["b"][3]["c"].shape == (2, 3)
    assert back["d"] is True


@pytest.mark.parametrize("wrong", [{1: 2}, {"a": {1, 2}}, [object()], torch.zeros(1)])
def test_what_no_checkpoint_holds_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"a \w+"):
        pack(wrong)


def test_plain_values_need_no_tensors() -> None:
    packed, tensors = pack({"a": [1, 2]})
    assert (unpack(packed, tensors), tensors) == ({"a": [1, 2]}, {})


def test_a_model_with_nothing_to_train_makes_a_normal_run(planted: dict[str, Any]) -> None:
    model = tmeattn.train("nb-logreg", **{**planted, "epochs": 4})
    (run,) = all_runs()
    kinds = [event["kind"] for event in run.events()]
    assert (kinds.count("epoch"), kinds.count("started"), kinds.count("finished")) == (1, 1, 1)
    assert run.events()[-1]["reason"] == "closed form"
    started = run.events()[0]
    assert started["parameters"] == 0
    assert model.predict(["a good film", "a bad film"])[0].label == "positive"
    assert model.predict(["a good film", "a bad film"])[1].label == "negative"
    epoch = next(event for event in run.events() if event["kind"] == "epoch")
    assert epoch["train"]["accuracy"] == 1.0
    words = {word.token: word.score for word in model.explain("a good film").words}
    assert max(words, key=lambda word: words[word]) == "good"


def test_threads_can_be_timed_without_gradients(planted: dict[str, Any]) -> None:
    tmeattn.train("nb-logreg", **{**planted, "threads": "auto"})
    assert RunDirectory(all_runs()[0].path).is_finished()
