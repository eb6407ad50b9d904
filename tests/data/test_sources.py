"""Datasets by name and by path."""

import pytest
from support.user_files import ROWS, write_tree

from tmeattn.config import TrainOptions
from tmeattn.data.sources import dataset_of, open_dataset
from tmeattn.errors import BadInput, EnvironmentProblem


def test_a_name_goes_before_a_folder_and_options_are_for_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_tree(tmp_path / "imdb", ROWS)
    with pytest.raises(EnvironmentProblem, match="The dataset imdb is not installed"):
        open_dataset("imdb")
    assert open_dataset("./imdb").classes == ("bad", "fair", "good")
    for option in ("text_column", "label_column"):
        with pytest.raises(BadInput, match="is only for files of your own"):
            dataset_of(TrainOptions.model_validate({"dataset": "imdb-25k", option: "x"}))
    with pytest.raises(BadInput, match="are for tables"):
        open_dataset("./imdb", text_column="x")
    for name in ("nothing.csv", "./nothing", "a/b"):
        with pytest.raises(BadInput, match="There is no file or folder"):
            open_dataset(name)
