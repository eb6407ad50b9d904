"""Datasets by name and by path."""

import os

import pytest
from support.user_files import ROWS, write_tree

from tmeattn.config import TrainOptions
from tmeattn.data.sources import dataset_of, open_dataset, open_vectors
from tmeattn.errors import BadInput, EnvironmentProblem


def test_a_name_precedes_a_folder_and_column_options_need_a_table(tmp_path, monkeypatch):
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


def test_a_plugin_that_returns_another_type_is_named(install):
    install(
        "wrong",
        "from tmeattn.hookspecs import hookimpl\nfrom tmeattn.specs import DatasetSpec, VectorsSpec\n"
        "@hookimpl\ndef tmeattn_datasets():\n    return [DatasetSpec('films', 'Films', load='wrong_plugin:load')]\n"
        "@hookimpl\ndef tmeattn_vectors():\n    return [VectorsSpec('words', 'Words', load='wrong_plugin:load', size=2)]\n"  # noqa: E501
        "def load():\n    return 3\n",
    )
    with pytest.raises(BadInput, match=r"Dataset 'films': wrong_plugin:load returned int, not tmeattn\.specs\.Dataset"):
        open_dataset("films")
    with pytest.raises(BadInput, match=r"Vectors 'words': .* returned int, not tmeattn\.specs\.WordVectors"):
        open_vectors("words")


def test_vectors_that_are_no_file_are_named(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(BadInput, match="is a pipe or a device, but word vectors are read more than once"):
        open_vectors(str(tmp_path / "pipe.txt"))
    with pytest.raises(BadInput, match="is a folder"):
        open_vectors(str(tmp_path))
    with pytest.raises(BadInput, match="there is no file"):
        open_vectors(str(tmp_path / "none.txt"))
