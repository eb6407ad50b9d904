"""Data that changed after a run was trained: no command compares the labels of other data with the model's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support import planted as planted_plugin

import tmeattn
from tmeattn.errors import BadInput
from tmeattn.explain.explain import dataset_text
from tmeattn.explain.mistakes import find_mistakes
from tmeattn.faithfulness.study import StudyOptions, run_study
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.services.dataset_view import Predictions, TextFilter, filtered, open_texts

CHANGES = {
    "other texts": {"fingerprint": "planted-2"},
    "labels renamed": {"fingerprint": "planted-2", "classes": ("bad", "good")},
    "classes in another order": {"classes": ("positive", "negative")},
    "a third class": {"fingerprint": "planted-3", "classes": ("neutral", "negative", "positive")},
}


@pytest.fixture(params=CHANGES, ids=str)
def changed(request: Any, trained: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> RunDirectory:
    dataset = replace(planted_plugin.load(), **CHANGES[request.param])
    monkeypatch.setattr(planted_plugin, "load", lambda: dataset)
    return trained


def study(run: RunDirectory) -> object:
    return run_study(run, StudyOptions(), progress=lambda *_: None, watch=lambda _: None, narrate=lambda _: None)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    "use",
    [
        lambda run: tmeattn.load(run.path).evaluate(),
        lambda run: find_mistakes(TrainedClassifier(run)),
        lambda run: dataset_text(TrainedClassifier(run), 0),
        study,
    ],
    ids=["evaluate", "mistakes", "explain", "faithfulness"],
)
def test_is_refused_with_the_way_out(changed: RunDirectory, use: Any) -> None:
    with pytest.raises(BadInput, match=rf"The data of the run {changed.id} .* has changed since") as caught:
        use(changed)
    assert f"tmeattn train simple-attn --from {changed.id}" in (caught.value.hint or "")


def test_the_screen_tells_neither_right_nor_wrong(changed: RunDirectory) -> None:
    texts = open_texts("planted", changed)["validation"]
    assert not texts.are_of(changed)
    predictions = Predictions(("negative", "positive"), np.tile([0.2, 0.8], (len(texts), 1)), comparable=False)
    assert not predictions.correct(texts).any()
    rows = np.arange(len(texts))
    for choice in ("right", "wrong"):
        assert len(filtered(texts, TextFilter(prediction=choice), rows, predictions)) == 0
    assert filtered(texts, TextFilter(order="worst errors"), rows, predictions).tolist() == rows.tolist()


def test_unchanged_data_are_compared(trained: RunDirectory) -> None:
    assert open_texts("planted", trained)["validation"].are_of(trained)
