"""Epochs by default: few texts have more of them, and IMDb has those of the recipe."""

import pytest

from tmeattn.run_config import resolve_run
from tmeattn.specs import Dataset, Split
from tmeattn.training.default_epochs import with_fitting_epochs


def epochs(texts, **options):
    split = Split(["a"] * texts, [at % 2 for at in range(texts)])
    dataset = Dataset("own", ("a", "b"), "1", lambda: {"train": split, "validation": split})
    lines = []
    config = resolve_run("lstm-attn", {"dataset": "planted", **options})
    return with_fitting_epochs(config, dataset, lines.append).train.epochs, lines


@pytest.mark.parametrize(
    ("texts", "options", "expected"),
    [(1840, {}, 21), (10, {}, 60), (7680, {}, 5), (1840, {"batch_size": 8}, 5), (1840, {"limit": 64}, 60)],
)
def test_a_run_has_enough_steps(planted, texts, options, expected):
    found, lines = epochs(texts, **options)
    assert found == expected
    assert bool(lines) == (expected > 5)


def test_the_recipes_stay_as_they_are_on_the_data_that_they_were_tuned_on(planted):
    assert epochs(300, dataset="imdb-25k") == (5, [])
    assert epochs(300, recipe="report") == (200, [])
