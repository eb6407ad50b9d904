"""Which penalised runs learnt nothing or forgot, from their logs."""

from types import SimpleNamespace

import pytest

from tmeattn.reproduce import collapse
from tmeattn.reproduce.collapse import collapse_notes


def entry(label, alpha):
    return SimpleNamespace(label=label, configs=[SimpleNamespace(train=SimpleNamespace(alpha=alpha))])


def seed(*epochs):
    """A run of (accuracy, entropy) an epoch; the best is the first with the highest accuracy."""
    events = [{"validation": {"accuracy": accuracy, "entropy": nats}} for accuracy, nats in epochs]
    best = max(events, key=lambda event: event["validation"]["accuracy"], default=None)
    run = SimpleNamespace(config={"train": {"dataset": "halves"}})
    return SimpleNamespace(epochs=events, best=best, run=run)


@pytest.fixture(autouse=True)
def halves(monkeypatch):
    split = SimpleNamespace(labels=[0, 1] * 50)
    monkeypatch.setattr(collapse, "dataset_of", lambda options: SimpleNamespace(read=lambda: {"validation": split}))


def test_without_a_penalty_there_is_nothing_to_say():
    assert collapse_notes([(entry("free", 0.0), [seed((0.5, 4.0))])]) == []


def test_all_learnt():
    notes = collapse_notes(
        [(entry("free", 0.0), [seed((0.8, 4.0))]), (entry("a", 0.1), [seed((0.8, 1.0), (0.79, 1.0))])]
    )
    assert notes == ["Every configuration with a penalty (1) learned in every seed and kept its accuracy."]


def test_without_a_penalty_nothing_learnt_is_said_too():
    notes = collapse_notes([(entry("free", 0.0), [seed((0.5, 4.0))]), (entry("a", 0.1), [seed((0.8, 1.0))])])
    assert notes[0].startswith("free: learned nothing")


def test_nothing_learnt_names_seeds_accuracy_and_entropy():
    notes = collapse_notes([(entry("a", 1.0), [seed((0.52, 0.1)), seed((0.80, 1.0)), seed((0.54, 0.1))])])
    assert notes[0] == "a: learned nothing in 2 of 3 seeds (62.0 %, entropy 0.40 nats after the last epoch)."
    assert notes[1] == "Learned nothing: at most 5 points above always predicting the larger class (50.0 %)."
    assert "one word" in notes[2]


def test_a_fall_after_the_best_epoch_is_found():
    notes = collapse_notes([(entry("a", 1.0), [seed((0.60, 4.0), (0.52, 2.0))])])
    assert notes[0] == "a: lost accuracy (from 60.0 to 52.0 %, entropy 2.00 nats after the last epoch)."
    assert not any("one word" in note for note in notes)  # two nats are several words


def test_a_seed_that_diverged_learnt_nothing():
    notes = collapse_notes([(entry("a", 1.0), [seed(), seed((0.8, 1.0))])])
    assert notes[0].startswith("a: learned nothing in 1 of 2 seeds")
