"""`tmeattn evaluate --shuffle-words` on a task in which only the order of words decides."""

from __future__ import annotations

from typing import Any

import pytest
from support import word_order

import tmeattn
from tmeattn.errors import BadInput
from tmeattn.plugin import Plugin
from tmeattn.registry import Registry


@pytest.fixture
def ordered(planted: dict[str, Any], fresh_registry: Registry) -> dict[str, Any]:
    """Options of a quick run on the dataset `word-order`."""
    fresh_registry.register(Plugin("word-order", "tmeattn-word-order", "1.0", word_order.__name__), word_order)
    return {**planted, "dataset": "word-order", "patience": 0, "input_dropout": 0.0}


BAGS = {
    "mean": {"lr": 0.05},
    "simple-attn": {"lr": 0.05},
    "query-attn": {"lr": 0.03, "value_hidden": 4},
    "transformer": {"lr": 0.01, "layers": 1, "positions": "none"},
    "nb-logreg": {"ngrams": 1, "min_texts": 1},
}
USE_ORDER = {
    "lstm": {"lr": 0.03, "hidden_size": 8, "epochs": 12},
    "transformer": {"lr": 0.01, "layers": 1, "positions": "learned", "max_positions": 12, "epochs": 12},
    "nb-logreg": {"ngrams": 3, "min_texts": 1},
}


def shuffled(model: str, options: dict[str, Any], own: dict[str, Any]) -> tuple[float, Any]:
    """The accuracy in order, and the comparison with shuffled words."""
    if model == "nb-logreg":
        options = {key: options[key] for key in ("dataset", "min_count", "max_length", "threads", "device")}
    trained = tmeattn.train(model, **{**options, **own})
    document = trained.evaluate(shuffle_words=True)
    assert trained.evaluate() == {key: value for key, value in document.items() if key != "shuffled_words"}
    return document["accuracy"], document["shuffled_words"]


@pytest.mark.parametrize("model", BAGS)
def test_a_model_that_reads_a_bag_of_words_does_not_move(model: str, ordered: dict[str, Any]) -> None:
    accuracy, found = shuffled(model, ordered, BAGS[model])
    assert found["largest_probability_change"] < 1e-5
    assert (found["accuracy"], found["changed_predictions"]) == (accuracy, 0)
    assert (found["difference"], found["difference_interval"]) == (0, (0, 0))


@pytest.mark.parametrize("model", USE_ORDER)
def test_a_model_that_uses_the_order_falls_to_chance(model: str, ordered: dict[str, Any]) -> None:
    accuracy, found = shuffled(model, ordered, USE_ORDER[model])
    assert accuracy > 0.8, "the model has not learnt the order"
    assert found["difference"] == pytest.approx(found["accuracy"] - accuracy)
    assert found["difference_interval"][0] < found["difference"] < found["difference_interval"][1] < -0.1
    assert abs(found["accuracy"] - 0.5) < 0.2
    assert found["changed_predictions"] > 20


def test_a_seed_is_a_choice_of_permutations(ordered: dict[str, Any]) -> None:
    model = tmeattn.train("lstm", **ordered)
    first, again, other = (
        model.evaluate(shuffle_words=True, shuffle_seed=seed)["shuffled_words"] for seed in (3, 3, 4)
    )
    assert first == again
    assert first["cross_entropy"] != other["cross_entropy"]
    with pytest.raises(BadInput, match="must be 0 or more, not -1"):
        model.evaluate(shuffle_words=True, shuffle_seed=-1)
