"""Runs as ONNX files: the same outputs as torch's, and predictions without torch."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

from tmeattn.docs import FOLDER
from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.onnx_classifier import OnnxClassifier
from tmeattn.inference.onnx_export import export_onnx
from tmeattn.registry import registry
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import ModelSpec
from tmeattn.training.session import start

SMALL: dict[str, dict[str, Any]] = {
    "lstm": {"hidden_size": 8}, "lstm-attn": {"hidden_size": 8},
    "transformer": {"layers": 2, "heads": 2, "positions": "sinusoidal"}, "nb-logreg": {"ngrams": 2, "min_texts": 1},
}  # fmt: skip
VARIANTS = {"transformer-cls": {"pool": "cls", "positions": "learned", "max_positions": 16, "layers": 1}}
TEXTS = [
    "a good film",
    "bad",
    "a good bad film with many other words that are cut off at the end",
    "\u00e9 ?!",
    "<pad> good <unk>",
]
HEAVY = ("torch", "textual", "polars", "pandas", "sklearn", "scipy", "transformers")
RUN = f"""
import sys
sys.argv[0] = "tmeattn"
from tmeattn.cli.main import run
code = run(sys.argv[1:])
print(*[name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""


def built_in() -> list[str]:
    return [spec.name for spec in registry().all(ModelSpec) if registry().plugin_of(spec).distribution == "tmeattn"]


@pytest.mark.parametrize("name", [*built_in(), *VARIANTS])
def test_the_outputs_are_those_of_torch(planted: dict[str, Any], tmp_path: Path, name: str) -> None:
    model = name if name in built_in() else name.rpartition("-")[0]
    options = VARIANTS.get(name) or SMALL.get(name, {})
    classifier = TrainedClassifier(start(model, {**planted, "lr": 0.05, **options}))
    assert export_onnx(classifier, tmp_path / "model.onnx") <= 1e-4
    file = OnnxClassifier(tmp_path / "model.onnx")
    assert np.abs(file.probabilities(TEXTS) - classifier.probabilities(TEXTS)).max() <= 1e-4
    weights = file.word_attention(TEXTS)
    expected = classifier.word_attention([classifier.token_ids(text) for text in TEXTS])
    assert (weights is None) == (expected is None) == (classifier.spec.attention == "none")
    for ours, theirs in zip(weights or [], expected or [], strict=True):
        assert ours.shape == theirs.shape
        assert ours == pytest.approx(theirs, abs=1e-4)
    assert ("maps" in file.outputs) == (classifier.spec.attention == "self")


@pytest.fixture(scope="module")
def exported(trained_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("onnx") / "model.onnx"
    export_onnx(TrainedClassifier(RunDirectory(trained_once)), target)
    return target


def test_the_command_predicts_without_torch(exported: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "TMEATTN_HOME": str(tmp_path / "home")}
    arguments = ["predict", "--run", str(exported), "--json", "a good film", "a bad film"]
    done = subprocess.run([sys.executable, "-c", RUN, *arguments], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "\n"), "which of the heavy modules were imported"
    assert [one["label"] for one in json.loads(done.stdout)] == ["positive", "negative"]


def test_a_file_is_predicted_and_continued(exported: Path, tmp_path: Path, trained: RunDirectory) -> None:
    from tmeattn.cli.main import run

    table, out = tmp_path / "texts.csv", tmp_path / "out.csv"
    table.write_text("text\na good film\na bad film\n")
    assert run(["predict", "--run", str(exported), "--file", str(table), "--output", str(out)]) == 0
    with out.open(newline="") as file:
        assert [row["label"] for row in csv.DictReader(file)] == ["positive", "negative"]
    assert run(["predict", "--run", str(exported), "--processes", "2", "--file", str(table), "--output", "o.csv"]) == 2


def test_the_example_of_the_manual_runs_without_torch_and_tmeattn(exported: Path, tmp_path: Path) -> None:
    (code,) = [
        block for block in re.findall(r"^```text\n(.*?)^```$", (FOLDER / "serve.md").read_text("utf-8"), re.M | re.S)
        if "import onnxruntime" in block
    ]  # fmt: skip
    assert len(code.splitlines()) <= 40
    script = tmp_path / "example.py"
    script.write_text("import sys\nsys.modules['torch'] = sys.modules['tmeattn'] = None\n" + code)
    done = subprocess.run([sys.executable, str(script), str(exported), *TEXTS], capture_output=True, text=True)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    file = OnnxClassifier(exported)
    for text, row in zip(TEXTS, file.probabilities(TEXTS), strict=True):
        assert f"{file.classes[row.argmax()]} {round(float(row.max()), 4)}" in lines, text
    assert [line.split()[-1] for line in lines[1:4]] == ["a", "good", "film"]


def test_what_is_no_such_file_is_refused(exported: Path, tmp_path: Path, trained: RunDirectory) -> None:
    import onnx

    classifier = TrainedClassifier(trained)
    with pytest.raises(BadInput, match="exists already"):
        export_onnx(classifier, exported)
    with pytest.raises(BadInput, match="no folder"):
        export_onnx(classifier, tmp_path / "none" / "model.onnx")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(exported.read_bytes()[:500])
    with pytest.raises(BadInput, match=r"broken\.onnx cannot be used: .*[^.]\. Export the run again: "):
        OnnxClassifier(broken)
    other = onnx.load(str(exported))
    del other.metadata_props[:]
    onnx.save(other, str(broken))
    with pytest.raises(BadInput, match="tmeattn has not exported it"):
        OnnxClassifier(broken)


def test_a_model_that_depends_on_its_values_is_refused(trained: RunDirectory, tmp_path: Path) -> None:
    classifier = TrainedClassifier(trained)
    model = classifier.model
    forward = model.forward

    def branches(tokens_BT: Any, mask_BT: Any, need_maps: bool = False) -> Any:
        output = forward(tokens_BT, mask_BT, need_maps)
        return output._replace(logits_BC=output.logits_BC * (2 if bool((tokens_BT > 5).any()) else 3))

    classifier.copied_model = lambda: model  # type: ignore[method-assign]
    model.forward = branches  # type: ignore[method-assign]
    with pytest.raises(BadInput, match="The model 'simple-attn' cannot be exported"):
        export_onnx(classifier, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


@pytest.mark.parametrize("branches", [False, True])
def test_slices_are_exported_for_short_texts_and_branches_on_the_length_refused(
    trained: RunDirectory, tmp_path: Path, branches: bool
) -> None:
    classifier = TrainedClassifier(trained)
    model = classifier.model
    forward = model.forward

    def changed(tokens_BT: Any, mask_BT: Any, need_maps: bool = False) -> Any:
        output = forward(tokens_BT, mask_BT, need_maps)
        pairs_B1 = (tokens_BT[:, 1:] == tokens_BT[:, :-1]).sum(dim=1, keepdim=True)
        factor = 3 if branches and tokens_BT.shape[1] < 5 else 2
        return output._replace(logits_BC=output.logits_BC * factor + pairs_B1)

    classifier.copied_model = lambda: model  # type: ignore[method-assign]
    model.forward = changed  # type: ignore[method-assign]
    if branches:
        with pytest.raises(BadInput, match="differ from those of torch"):
            export_onnx(classifier, tmp_path / "model.onnx")
    else:
        assert export_onnx(classifier, tmp_path / "model.onnx") <= 1e-4


def test_an_older_torch_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delattr("torch.onnx.ops")
    with pytest.raises(EnvironmentProblem, match=r"needs torch 2\.8 or later, and this is"):
        export_onnx(cast(Any, None), tmp_path / "model.onnx")
