"""Runs, checkpoints and exported models that earlier versions wrote: they load, explain and resume as they did.

Each folder holds what one version made of the dataset `planted`, and what that version said of a text (expected.json).
`interrupted` was stopped in its third epoch of four; `interrupted-expected.safetensors` is the last checkpoint of the
same run without the interruption.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import tmeattn
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import find_run
from tmeattn.runs.summary import summarize
from tmeattn.training.session import resume

VERSIONS = sorted(path for path in Path(__file__).parent.iterdir() if (path / "expected.json").exists())
EXPECTED = [
    (version, name) for version in VERSIONS for name in json.loads((version / "expected.json").read_text())["runs"]
]


@pytest.mark.parametrize(("version", "name"), EXPECTED, ids=lambda value: getattr(value, "name", value))
@pytest.mark.usefixtures("planted")
def test_what_was_trained_or_exported_says_the_same_of_a_text(version, name, tmp_path):
    source = next(path for path in (version / name, version / f"{name}.zip") if path.exists())
    copy = tmp_path / source.name
    (shutil.copytree if source.is_dir() else shutil.copy)(source, copy)
    document = json.loads((version / "expected.json").read_text())
    expected = document["runs"][name]
    model = tmeattn.load(copy)
    assert model.predict([document["text"]])[0].probabilities == pytest.approx(expected["probabilities"], abs=1e-5)
    explanation = model.explain(document["text"], method=expected["method"])
    assert [word.score for word in explanation.words] == pytest.approx(expected["scores"], abs=1e-5)
    assert explanation.entropy == pytest.approx(expected["entropy"], abs=1e-5)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.name)
@pytest.mark.usefixtures("planted")
def test_an_interrupted_run_resumes_to_the_weights_of_an_undisturbed_one(version, isolated):
    run = RunDirectory(Path(shutil.copytree(version / "interrupted", isolated / "runs" / "interrupted")))
    assert run.state() == "stopped"
    resume(run)
    assert run.state() == "finished"
    expected = load_file(version / "interrupted-expected.safetensors")
    resumed = load_file(run.checkpoints / "last.safetensors")
    assert resumed.keys() == expected.keys()
    for key, tensor in expected.items():
        # Another processor may round otherwise, so weights are compared with a tolerance, counters and states exactly.
        if tensor.is_floating_point():
            torch.testing.assert_close(resumed[key], tensor, rtol=1e-4, atol=1e-5)
        else:
            assert torch.equal(resumed[key], tensor), key


@pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.name)
def test_runs_are_listed_with_the_figures_that_they_had(version, isolated):
    shutil.copytree(version / "finished", isolated / "runs" / "finished")
    summary = summarize(find_run("finished"))
    assert (summary.model, summary.state, summary.epoch, summary.alpha) == ("simple-attn", "finished", 4, 0.01)
    assert summary.best_accuracy == 1.0
