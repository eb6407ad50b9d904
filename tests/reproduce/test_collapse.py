"""Which penalised runs learnt nothing or forgot, from their logs."""

from types import SimpleNamespace

from tmeattn.reproduce import collapse


def entry(label, alpha, model="s"):
    configs = [SimpleNamespace(train=SimpleNamespace(alpha=alpha))]
    return SimpleNamespace(label=label, configs=configs, run=SimpleNamespace(label=model))


def seed(*epochs, texts=5000):
    """A run of (accuracy, entropy) an epoch; the best is the first with the highest accuracy."""
    events = [{"validation": {"accuracy": accuracy, "entropy": nats}} for accuracy, nats in epochs]
    best = max(events, key=lambda event: event["validation"]["accuracy"], default=None)
    return SimpleNamespace(epochs=events, best=best, started={"validation_texts": texts})


def collapse_notes(entry_runs, **how):
    return collapse.collapse_notes(entry_runs, 0.5, **how)


def test_without_a_penalty_there_is_nothing_to_say():
    assert collapse_notes([(entry("free", 0.0), [seed((0.5, 4.0))])]) == []


def test_all_learnt():
    notes = collapse_notes(
        [(entry("free", 0.0), [seed((0.8, 4.0))]), (entry("a", 0.1), [seed((0.8, 1.0), (0.79, 1.0))])]
    )
    assert notes == ["Every configuration with a penalty (1) learned with one seed and kept its accuracy."]
    notes = collapse_notes([(entry("a", 0.1), [seed((0.8, 1.0)), seed((0.79, 1.0))])])
    assert notes == ["Every configuration with a penalty (1) learned in every seed and kept its accuracy."]


def test_without_a_penalty_nothing_learnt_is_said_too():
    seeds = [seed((0.5, 4.0)), seed((0.8, 4.0))]
    notes = collapse_notes([(entry("free", 0.0), seeds), (entry("a", 0.1), [seed((0.8, 1.0))] * 2)])
    assert notes[0].startswith("free: learned nothing in 1 of 2 seeds")


def test_where_the_model_without_a_penalty_learnt_nothing_the_penalty_is_not_blamed():
    hopeless = [(entry("free", 0.0), [seed((0.5, 4.0))]), (entry("a", 1.0), [seed((0.5, 0.1))])]
    learnt = [(entry("b", 0.0, "lstm"), [seed((0.8, 4.0))]), (entry("c", 1.0, "lstm"), [seed((0.5, 0.1))])]
    notes = collapse_notes([*hopeless, *learnt])
    assert notes[0] == "s learned nothing without a penalty either, so nothing follows on its penalties."
    assert not any(note.startswith(("a:", "free:")) for note in notes)
    assert any(note.startswith("c: learned nothing") for note in notes)
    assert notes[-1] == "One seed: which configurations collapse varies with the seed. See it with --seeds 3."


def test_a_fall_within_the_noise_of_few_texts_is_not_reported():
    fallen = (0.66, 4.0), (0.59, 2.0)
    assert any("lost accuracy" in note for note in collapse_notes([(entry("a", 1.0), [seed(*fallen)])]))
    assert not any("lost" in note for note in collapse_notes([(entry("a", 1.0), [seed(*fallen, texts=100)])]))


def test_nothing_learnt_names_seeds_accuracy_and_entropy():
    notes = collapse_notes([(entry("a", 1.0), [seed((0.52, 0.1)), seed((0.80, 1.0)), seed((0.54, 0.1))])])
    assert notes[0] == "a: learned nothing in 2 of 3 seeds (62.0 %, entropy 0.40 nats after the last epoch)."
    assert notes[1] == "Learned nothing: at most 5 points above always predicting the larger class (50.0 %)."
    quick = collapse_notes([(entry("a", 1.0), [seed((0.52, 0.1))])], shortened=True)
    assert quick[1] == f"{notes[1]} It may be for want of steps: the runs were shortened."
    assert "one word" in notes[2]


def test_a_fall_after_the_best_epoch_is_found():
    notes = collapse_notes([(entry("a", 1.0), [seed((0.60, 4.0), (0.52, 2.0))])])
    assert notes[0] == "a: lost accuracy (from 60.0 to 52.0 %, entropy 2.00 nats after the last epoch)."
    assert not any("one word" in note for note in notes)  # two nats are several words


def test_a_seed_that_diverged_learnt_nothing():
    notes = collapse_notes([(entry("a", 1.0), [seed(), seed((0.8, 1.0))])])
    assert notes[0].startswith("a: learned nothing in 1 of 2 seeds")
