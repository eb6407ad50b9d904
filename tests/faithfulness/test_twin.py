"""The uniform-weights test."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tmeattn.errors import BadInput
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.faithfulness import twin as twin_module
from tmeattn.faithfulness.twin import compare_twins, find_twin, reason_against_twin, train_twin
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.run_config import stored_config


def quiet(line: str) -> None:
    pass


def test_a_twin_is_trained_once_and_cannot_choose(trained):
    assert find_twin(trained) is None
    twin = train_twin(trained, narrate=quiet)
    config = stored_config(twin.id, twin.config)
    assert (config.model, config.train.uniform_attention, config.train.alpha) == ("simple-attn", True, 0)
    assert config.train.epochs == stored_config(trained.id, trained.config).train.epochs
    weights = [word.score for word in explain(TrainedClassifier(twin), ExplainRequest("a good film of light")).words]
    assert weights == pytest.approx([0.2] * 5)
    assert find_twin(trained).id == train_twin(trained, narrate=quiet).id == twin.id
    assert "a twin itself" in reason_against_twin(twin)
    twins = compare_twins(trained, twin, narrate=quiet)
    assert twins.texts == 16
    assert twins.accuracy == 1
    assert twins.low <= twins.difference <= twins.high
    assert np.isclose(twins.difference, 1 - twins.twin_accuracy)


def test_where_the_test_does_not_apply(zoo):
    assert "inside its layers" in reason_against_twin(zoo["transformer"].run)
    assert "no attention" in reason_against_twin(zoo["lstm"].run)
    with pytest.raises(BadInput, match="does not apply: mean has no attention"):
        train_twin(zoo["mean"].run, narrate=quiet)


def test_an_interrupted_twin_is_continued_and_one_in_training_is_not(trained, monkeypatch):
    calls = []

    def resumed(run, **options):
        calls.append(run.id)
        return run

    existing = SimpleNamespace(id="m2p7", is_finished=lambda: False, state=lambda: "stopped")
    monkeypatch.setattr(twin_module, "_existing_twin", lambda run: existing)
    monkeypatch.setattr(twin_module, "resume", resumed)
    assert find_twin(trained) is None
    assert train_twin(trained, narrate=quiet) is existing
    assert calls == ["m2p7"]
    existing.state = lambda: "running"
    with pytest.raises(BadInput, match="The twin m2p7 is being trained by another process"):
        train_twin(trained, narrate=quiet)
