"""The most confident errors and the least certain texts."""

from __future__ import annotations

import pytest
from support import planted

from tmeattn.errors import UnknownName
from tmeattn.explain.mistakes import find_mistakes
from tmeattn.inference.classifier import TrainedClassifier


def test_mistakes_are_ranked_by_confidence(trained, monkeypatch):
    swapped = planted.texts(16, 1)
    labels = [1 - label if index < 6 else label for index, label in enumerate(swapped.labels)]
    monkeypatch.setattr(planted, "texts", lambda count, seed: planted.Split(swapped.texts, labels))
    found = find_mistakes(TrainedClassifier(trained), top=4)
    assert (found.texts, found.wrong, len(found.confident)) == (16, 6, 4)
    confidence = [max(one.probabilities) for _, one in found.confident]
    assert confidence == sorted(confidence, reverse=True)
    assert all(one.true_label != one.classes[one.predicted] for _, one in found.confident)
    assert all(one.text == swapped.texts[index] for index, one in (*found.confident, *found.uncertain))
    margins = [abs(one.probabilities[0] - one.probabilities[1]) for _, one in found.uncertain]
    assert margins == sorted(margins)
    assert found.document()["confident"][0]["index"] == found.confident[0][0]


def test_another_split_is_refused(trained):
    with pytest.raises(UnknownName, match="tset"):
        find_mistakes(TrainedClassifier(trained), split="tset")
