"""The public names of `import tmeattn`: complete, equal to those of the older paths, and imported when used."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import tmeattn

OLDER_PATHS = {
    "tmeattn.api": ["Model", "Prediction", "load", "train"],
    "tmeattn.config": ["ModelConfig", "Recipes", "TrainOptions"],
    "tmeattn.errors": ["BadInput", "EnvironmentProblem", "Interrupted", "TmeattnError", "UnknownName"],
    "tmeattn.hookspecs": ["hookimpl"],
    "tmeattn.specs": [
        "API_VERSION",
        "Attribution",
        "Dataset",
        "DatasetSpec",
        "ExplainerSpec",
        "ModelOutput",
        "ModelSpec",
        "PADDING",
        "Space",
        "Split",
        "TrackerSpec",
        "UNKNOWN",
        "VectorsSpec",
        "WordVectors",
    ],
}
LAYERS = [
    "AttentionPooling",
    "Classifier",
    "ClassifierHead",
    "WordEmbedding",
    "attention_entropy",
    "dropout",
    "entropy",
    "masked_mean",
    "masked_softmax",
    "uniform_weights",
    "word_attention",
]
CHECKS = ["check_dataset", "check_explainer", "check_model", "check_onnx", "check_tracker", "check_vectors", "sandbox"]


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in OLDER_PATHS.items() for name in names])
def test_a_name_is_the_same_object_at_both_paths(path: str, name: str) -> None:
    assert getattr(tmeattn, name) is getattr(importlib.import_module(path), name)


@pytest.mark.parametrize(
    ("short", "path", "names"), [("layers", "tmeattn.models.layers", LAYERS), ("testing", "tmeattn.testing", CHECKS)]
)
def test_a_module_is_the_same_object_at_both_paths(short: str, path: str, names: list[str]) -> None:
    module = importlib.import_module(path)
    assert getattr(tmeattn, short) is module
    assert [name for name in names if not hasattr(module, name)] == []


def test_classifier_is_the_name_of_the_classifier_head_in_0_1() -> None:
    assert tmeattn.layers.Classifier is tmeattn.layers.ClassifierHead


@pytest.mark.parametrize("name", tmeattn.__all__)
def test_every_public_name_can_be_imported_and_is_listed(name: str) -> None:
    assert getattr(tmeattn, name) is not None
    assert name in dir(tmeattn)


def test_type_checkers_see_every_public_name() -> None:
    tree = ast.parse(Path(str(tmeattn.__file__)).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    imported = [alias for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert all(alias.asname == alias.name for alias in imported), "`import X as X` is what type checkers re-export"
    assert sorted(alias.name for alias in imported) == tmeattn.__all__


def test_a_misspelt_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'tmeattn' has no attribute 'ModelSpecs'"):
        getattr(tmeattn, "ModelSpecs")  # noqa: B009


@pytest.mark.parametrize(
    ("use", "absent"),
    [
        ("hookimpl, tmeattn.ModelSpec", ["torch", "pydantic", "numpy", "textual", "polars"]),
        ("ExplainerSpec, tmeattn.Dataset, tmeattn.Split", ["torch", "pydantic", "numpy", "textual", "polars"]),
        ("ModelConfig", ["torch", "numpy", "textual", "polars"]),
        ("testing.check_model", ["torch", "numpy", "textual", "polars"]),
        ("layers", ["textual", "polars", "sklearn"]),
    ],
)
def test_a_name_imports_no_heavy_package_that_it_does_not_need(use: str, absent: list[str]) -> None:
    code = f"import sys, tmeattn; tmeattn.{use}; print(*sorted(set(sys.modules) & {set(absent)}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
