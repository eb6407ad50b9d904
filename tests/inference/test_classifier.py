"""Class probabilities of texts: one way for all, whatever the batch."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support.zoo import FAMILIES

import tmeattn
from tmeattn.errors import BadInput
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.explain.methods import attention
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.runs.directory import RunDirectory

TEXTS = ["the film was good and the plot of this story", "bad", "A bad film, with light!", "xyzzy", ""]


@pytest.mark.parametrize("family", FAMILIES)
def test_texts_and_their_token_ids_have_the_same_probabilities(zoo: dict[str, TrainedClassifier], family: str) -> None:
    classifier = zoo[family]
    of_texts = classifier.probabilities(TEXTS)
    assert (of_texts.shape, of_texts.dtype) == ((len(TEXTS), len(classifier.classes)), np.float64)
    assert of_texts.sum(axis=1) == pytest.approx(1, abs=1e-15)
    encoded = [classifier.encode(text).ids_T for text in TEXTS]
    assert [ids.tolist() for ids in encoded] == [classifier.token_ids(text).tolist() for text in TEXTS]
    assert np.array_equal(classifier.probabilities(encoded), of_texts)
    assert np.allclose(classifier.probabilities(TEXTS, batch_size=1), of_texts, atol=1e-6)
    assert np.allclose([output.probabilities_C for output in classifier.read(encoded)], of_texts, atol=1e-12)
    assert np.allclose(explain(classifier, ExplainRequest(TEXTS[0])).probabilities, of_texts[0], atol=1e-6)


def test_a_text_without_a_token_is_an_unknown_word(trained: RunDirectory) -> None:
    classifier = TrainedClassifier(trained)
    empty, unknown = classifier.probabilities(["", "xyzzy"])
    assert np.array_equal(empty, unknown)
    assert classifier.probabilities([]).shape == (0, 2)


def test_only_the_first_tokens_are_read(trained: RunDirectory) -> None:
    classifier = TrainedClassifier(trained)
    text = classifier.encode("good " * 100)
    assert (len(text.spans), len(text.ids_T), text.tokens_total) == (12, 12, 100)
    assert len(classifier.token_ids("good " * 100)) == 12


def test_predictions_do_not_depend_on_batch_or_neighbours(trained: RunDirectory) -> None:
    model = tmeattn.load(trained.path)
    texts = ["a good film", "bad", "the plot was bad and the actor too", "xyzzy"]
    together = [prediction.probability for prediction in model.predict(texts)]
    alone = [model.predict([text])[0].probability for text in texts]
    assert together == pytest.approx(alone, abs=1e-6)
    assert json.dumps(model.predict(["good"])[0].probabilities)


def test_a_damaged_best_checkpoint_falls_back_and_says_so(trained: RunDirectory) -> None:
    (trained.checkpoints / "best.safetensors").write_bytes(b"short")
    assert "damaged" in TrainedClassifier(trained).notes[0]


def test_a_run_without_checkpoint_says_how_to_go_on(trained: RunDirectory) -> None:
    for path in trained.checkpoints.iterdir():
        path.unlink()
    with pytest.raises(BadInput, match="resume"):
        TrainedClassifier(trained)


def test_a_run_that_was_stopped_in_its_first_epoch_has_no_best_weights(trained: RunDirectory) -> None:
    (trained.checkpoints / "best.safetensors").unlink()
    assert TrainedClassifier(trained).notes == ["The run has no best weights yet; using its last checkpoint."]


def test_a_model_without_attention_has_no_weights_to_show(zoo: dict[str, TrainedClassifier]) -> None:
    classifier = zoo["mean"]
    assert classifier.word_attention([classifier.token_ids("a good film")]) is None
    with pytest.raises(BadInput, match="The model 'mean' has no attention to show"):
        attention(classifier, [classifier.encode("a good film")], None)
