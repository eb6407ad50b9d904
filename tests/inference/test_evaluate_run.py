"""The evaluation of a run from Python: the document that the command prints."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support import planted as planted_plugin

import tmeattn
from tmeattn.errors import UnknownName
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.evaluate_run import WHOLE_CONFUSION, confusion_document, evaluate_run
from tmeattn.runs.directory import RunDirectory


def test_the_document_of_a_run(trained: RunDirectory) -> None:
    document = tmeattn.load(trained.path).evaluate(split="train")
    assert list(document) == [
        "run", "model", "dataset", "split", "limit", "texts", "notes", "loss", "cross_entropy", "accuracy", "entropy",
        "normalized_entropy", "attention_texts", "macro_f1", "calibration_error", "reliability", "roc_auc",
        "average_precision", "positive", "thresholds", "best_f1", "rank_curves", "per_class", "accuracy_interval",
        "confusion",
    ]  # fmt: skip
    assert (document["run"], document["split"], document["texts"]) == (trained.id, "train", 64)
    assert list(document["per_class"]["negative"]) == [
        "precision", "recall", "f1", "texts", "roc_auc", "average_precision",
    ]  # fmt: skip
    assert json.loads(json.dumps(document))["confusion"] == document["confusion"]
    with pytest.raises(UnknownName):
        tmeattn.load(trained.path).evaluate(split="validatoin")


def test_correct_texts_are_in_the_order_of_the_split(trained: RunDirectory) -> None:
    classifier = TrainedClassifier(trained)
    split = planted_plugin.load().read()["train"]
    predicted = classifier.probabilities(split.texts).argmax(axis=1)
    assert evaluate_run(classifier, "train").correct().tolist() == (predicted == split.labels).tolist()


def test_with_many_classes_the_confusion_has_only_the_pairs_that_occur() -> None:
    def document(classes: int) -> dict[str, dict[str, int]]:
        matrix = np.zeros((classes, classes), dtype=np.int64)
        matrix[0, 1], matrix[2, 2] = 3, 4
        return confusion_document([f"c{at}" for at in range(classes)], matrix)

    few, many = document(WHOLE_CONFUSION), document(WHOLE_CONFUSION + 1)
    assert sum(map(len, few.values())) == WHOLE_CONFUSION**2
    assert {true: row for true, row in many.items() if row} == {"c0": {"c1": 3}, "c2": {"c2": 4}}
    assert len(many) == WHOLE_CONFUSION + 1
