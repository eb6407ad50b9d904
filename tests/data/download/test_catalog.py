"""Downloaded and added files are installed after they have been verified."""

import hashlib
import io
import os
import tarfile
import zipfile
from dataclasses import replace

import pytest

from tmeattn.data.builtin_datasets import imdb
from tmeattn.data.download import catalog
from tmeattn.data.download.catalog import PUBLISHED_FILES, add
from tmeattn.data.vectors.pretrained import glove_50d, glove_100d, glove_300d
from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.paths import data_dir

FILES = {
    f"aclImdb/{split}/{label}/{number}_1.txt": f"{split} {label} review {number}"
    for split in ("train", "test")
    for label in ("neg", "pos")
    for number in range(10)
} | {"aclImdb/train/unsup/0_0.txt": "without a label", "aclImdb/README": "read me"}


@pytest.fixture
def small(monkeypatch):
    """Both published datasets, with few texts and words."""
    monkeypatch.setattr(catalog, "IMDB_COUNTS", dict.fromkeys(catalog.IMDB_COUNTS, 10))
    monkeypatch.setattr(catalog, "GLOVE_WORDS", 3)


def archive(tmp_path, monkeypatch=None):
    path = tmp_path / "aclImdb_v1.tar.gz"
    with tarfile.open(path, "w:gz") as target:
        for name, content in sorted(FILES.items(), reverse=True):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            target.addfile(info, io.BytesIO(content.encode()))
    if monkeypatch:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        monkeypatch.setitem(PUBLISHED_FILES, "imdb", replace(PUBLISHED_FILES["imdb"], sha256=digest))
    return path


def tree(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / "brought" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "brought" / "aclImdb"


def test_imdb_from_its_archive_and_from_its_tree(small, tmp_path, monkeypatch):
    with pytest.raises(EnvironmentProblem, match="The dataset imdb is not installed") as caught:
        imdb()
    assert "tmeattn data fetch imdb" in (caught.value.hint or "")
    add("imdb", archive(tmp_path, monkeypatch), lambda line: None)
    first = imdb()
    assert (first.name, first.classes) == ("imdb", ("negative", "positive"))
    splits = first.read()
    assert {name: len(split.labels) for name, split in splits.items()} == {"train": 16, "validation": 4, "test": 20}
    # The last block of each class is held out, in the order of the reviews' numbers.
    assert list(splits["validation"].texts) == [f"train {label} review {i}" for label in ("neg", "pos") for i in (8, 9)]
    assert set(splits["test"].texts) == {text for name, text in FILES.items() if "/test/" in name}
    monkeypatch.setenv("TMEATTN_HOME", str(tmp_path / "other"))
    add("imdb", tree(tmp_path), lambda line: None)
    assert imdb().fingerprint == first.fingerprint


def test_another_archive_and_another_tree_are_refused(small, tmp_path):
    with pytest.raises(BadInput, match=r"is not aclImdb_v1\.tar\.gz as published: its SHA-256 is"):
        add("imdb", archive(tmp_path), lambda line: None)
    path = tree(tmp_path)
    (path / "test" / "pos" / "0_1.txt").unlink()
    with pytest.raises(
        BadInput, match=r"contains 10 test/negative, 9 test/positive.*; expected are 10 test/negative, 10"
    ):
        add("imdb", path, lambda line: None)
    assert not list(data_dir().iterdir())


@pytest.mark.parametrize("name", ["imdb", "glove-50d"])
def test_a_pipe_is_refused_and_not_waited_for(small, tmp_path, name):
    os.mkfifo(tmp_path / "pipe.zip")
    with pytest.raises(BadInput, match="is a pipe or a device"):
        add(name, tmp_path / "pipe.zip", lambda line: None)


@pytest.mark.parametrize("form", ["zip", "txt"])
def test_glove(small, tmp_path, monkeypatch, form):
    text = (
        b"the " + b" ".join([b"0.5"] * 300) + b"\nfilm " + b" ".join([b"-1"] * 300) + b"\n. " + b" ".join([b"2"] * 300)
    )
    path = tmp_path / "glove.6B.300d.txt"
    path.write_bytes(text)
    if form == "zip":
        path = tmp_path / "glove.6B.zip"
        with zipfile.ZipFile(path, "w") as target:
            target.writestr("glove.6B.300d.txt", text)
        monkeypatch.setitem(
            PUBLISHED_FILES,
            "glove-300d",
            replace(PUBLISHED_FILES["glove-300d"], sha256=hashlib.sha256(path.read_bytes()).hexdigest()),
        )
    with pytest.raises(EnvironmentProblem, match="The word vectors glove-300d are not installed"):
        glove_300d()
    add("glove-300d", path, lambda line: None)
    vectors = glove_300d()
    table, known = vectors.lookup(["film", "absent"])
    assert (vectors.size, known.tolist(), table[0].tolist()) == (300, [True, False], [-1.0] * 300)
    assert vectors.fingerprint == hashlib.sha256(text).hexdigest()
    (data_dir() / "glove-300d" / "words.parquet").unlink()
    with pytest.raises(EnvironmentProblem, match="The word vectors glove-300d are damaged"):
        glove_300d()
    add("glove-300d", path, lambda line: None)
    assert glove_300d().fingerprint == vectors.fingerprint


@pytest.mark.parametrize("name", ["glove.6B.zip", "glove"])
def test_a_damaged_member_is_named(small, tmp_path, monkeypatch, name):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("glove.6B.50d.txt", "".join(f"word{i} {'1 ' * 49}1\n" for i in range(3)))
    path.write_bytes(path.read_bytes().replace(b"word1", b"word9"))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setitem(PUBLISHED_FILES, "glove-50d", replace(PUBLISHED_FILES["glove-50d"], sha256=digest))
    with pytest.raises(BadInput, match="cannot be read: Bad CRC-32"):
        add("glove-50d", path, lambda line: None)
    assert not list(data_dir().iterdir())


def test_other_vectors_are_refused(small, tmp_path):
    path = tmp_path / "glove.6B.100d.txt"
    path.write_text("the 1 2\nfilm 3 4\n")
    with pytest.raises(BadInput, match=r"contains 2 vectors of 2 dimensions; glove-100d has 3 of 100"):
        add("glove-100d", path, lambda line: None)
    path.write_text("".join(f"word{i} {'1 ' * 99}1\n" for i in range(3)))
    with pytest.raises(BadInput, match=r"is not glove\.6B\.100d\.txt as published"):
        add("glove-100d", path, lambda line: None)
    with pytest.raises(EnvironmentProblem):
        glove_100d()
    assert not list(data_dir().iterdir())


def test_downloaded_vectors_replace_a_missing_wheel(small, tmp_path, monkeypatch):
    path = tmp_path / "glove.6B.50d.txt"
    path.write_text("".join(f"word{i} {'1 ' * 49}1\n" for i in range(3)))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    add("glove-50d", path, lambda line: None)
    assert glove_50d().lookup(["word1"])[1].tolist() == [True]
