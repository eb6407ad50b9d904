"""Checks of the plugin contract for the tests of plugins (see plugins/README.md):

    from my_plugin import tmeattn_models
    from tmeattn.testing import check_model

    def test_the_contract_holds():
        for spec in tmeattn_models():
            check_model(spec)

`sandbox` registers a spec in a temporary home, for tests of a plugin that train a model on the toy datasets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tmeattn.specs import DatasetSpec, ExplainerSpec, ModelSpec, TokenizerSpec, TrackerSpec, VectorsSpec
from tmeattn.testing.checks import Check, CheckFailed, raise_failures, sandbox

__all__ = [
    "Check",
    "CheckFailed",
    "check_dataset",
    "check_explainer",
    "check_model",
    "check_onnx",
    "check_tokenizer",
    "check_tracker",
    "check_vectors",
    "sandbox",
]


def check_model(spec: ModelSpec, *, options: Mapping[str, Any] | None = None) -> None:
    """Build, train, stop, resume and explain a model on toy texts. This takes a few seconds.

    `options` are options of `tmeattn train` or of the model, such as a small size.

    Raises:
        CheckFailed: an `AssertionError` with every failed check and its remedy.
    """
    from tmeattn.testing.model_checks import model_checks

    raise_failures(spec.name, model_checks(spec, options or {}))


def check_onnx(spec: ModelSpec, *, options: Mapping[str, Any] | None = None) -> None:
    """Train a model on toy texts, export it as an ONNX file (extra `onnx`), and compare probabilities and attention
    weights of texts of several lengths with those of torch; they may differ by 1e-4.

    `options`: as of `check_model`.

    Raises:
        CheckFailed: see `check_model`. A model that cannot be exported fails with the reason.
    """
    from tmeattn.testing.onnx_checks import onnx_checks

    raise_failures(spec.name, onnx_checks(spec, options or {}))


def check_dataset(spec: DatasetSpec) -> None:
    """Load a dataset, read it twice and check its splits.

    Raises:
        CheckFailed: see `check_model`.
    """
    from tmeattn.testing.spec_checks import dataset_checks

    raise_failures(spec.name, dataset_checks(spec))


def check_vectors(spec: VectorsSpec) -> None:
    """Load word vectors and look up known and unknown words.

    Raises:
        CheckFailed: see `check_model`.
    """
    from tmeattn.testing.spec_checks import vectors_checks

    raise_failures(spec.name, vectors_checks(spec))


def check_explainer(spec: ExplainerSpec) -> None:
    """Explain texts by the method, with a trained model of each kind of attention that it supports.

    Raises:
        CheckFailed: see `check_model`.
    """
    from tmeattn.testing.spec_checks import explainer_checks

    raise_failures(spec.name, explainer_checks(spec))


def check_tracker(spec: TrackerSpec) -> None:
    """Send the events of a run to a tracker, during training and afterwards.

    Raises:
        CheckFailed: see `check_model`.
    """
    from tmeattn.testing.spec_checks import tracker_checks

    raise_failures(spec.name, tracker_checks(spec))


def check_tokenizer(spec: TokenizerSpec) -> None:
    """Split texts in several scripts, and train and explain a model with the tokenizer.

    Raises:
        CheckFailed: see `check_model`.
    """
    from tmeattn.testing.tokenizer_checks import tokenizer_checks

    raise_failures(spec.name, tokenizer_checks(spec))
