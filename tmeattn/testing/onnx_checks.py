"""The check of a model as an ONNX file: its logits and attention weights are those of torch."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.specs import ModelSpec
from tmeattn.testing import toy
from tmeattn.testing.checks import Check, Problem, run_in_sandbox
from tmeattn.training.session import start

TEXTS = (
    "a splendid film",
    "dreadful",
    "",
    "the plot of this dreadful story is with a light voice and the music was the end of it, again and again",
    "caf\u00e9 <pad> [SEP] \u8bcd",
)
"""Texts of several lengths: without a word, with unknown words, and longer than the models here read."""


def onnx_checks(spec: ModelSpec, options: Mapping[str, Any]) -> list[Check]:
    """Train a model on toy texts, export it, and compare it with its file."""

    def step() -> None:
        from tmeattn.inference.onnx_classifier import OnnxClassifier
        from tmeattn.inference.onnx_export import MOST_DIFFERENT, export_onnx

        given = {**toy.QUICK, "dataset": toy.dataset_name(3), **options}
        classifier = TrainedClassifier(start(spec.name, given))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            export_onnx(classifier, path)
            file = OnnxClassifier(path)
            differences = [np.abs(file.probabilities(TEXTS) - classifier.probabilities(TEXTS)).max()]
            weights = file.word_attention(TEXTS)
            expected = classifier.word_attention([classifier.token_ids(text) for text in TEXTS])
            if (weights is None) != (expected is None):
                raise Problem("The file has attention weights and the model has none, or the other way round.", "")
            for ours, theirs in zip(weights or [], expected or [], strict=True):
                if ours.shape != theirs.shape:
                    raise Problem(f"The file has {ours.shape} attention weights, and the model {theirs.shape}.", "")
                differences.append(np.abs(ours - theirs).max(initial=0.0))
            if not max(differences) <= MOST_DIFFERENT:
                raise Problem(f"The file differs from the model by {max(differences):.1g}.", "")

    return run_in_sandbox(spec, [("onnx", step)], required=1)
