"""Folders of classes and splits, on disk and in archives."""

from pathlib import PurePosixPath

import pytest
from support.text_trees import REVIEWS, in_tar, in_zip, on_disk, texts

from tmeattn.data.readers.folders import arrange
from tmeattn.errors import BadInput

OTHERS = {"aclImdb/README": "read me", "aclImdb/train/unsup/1_0.txt": "none", "aclImdb/train/urls_pos.txt": "http"}
OTHERS |= {"aclImdb/train/labeledBow.feat": "1", "aclImdb/.hidden/x/a.txt": "x", "__MACOSX/a/b.txt": "x"}


@pytest.mark.parametrize("make", [on_disk, in_tar, in_zip])
def test_a_tree_like_that_of_imdb(tmp_path, make):
    expected = [
        (split, label, f"{label} {number} é")
        for split in ("train", "test")
        for label in ("neg", "pos")
        for number in (0, 9, 10)
    ]
    assert texts(make(tmp_path, {**REVIEWS, **OTHERS})) == expected


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a/1.txt", "b/1.txt"], [(None, "a"), (None, "b")]),
        (["x/y/a/1.txt", "x/y/b/1.txt"], [(None, "a"), (None, "b")]),
        (["train/a/1.txt", "dev/a/1.txt", "test/b/1.txt"], [("train", "a"), ("validation", "a"), ("test", "b")]),
        (["train/a/1.txt", "train/b/1.txt"], [("train", "a"), ("train", "b")]),
        (["x/train/a/1.txt"], [("train", "a")]),
        (["a/1.txt"], [(None, "a")]),
        (["a/1.txt", "b/c/d/1.txt"], [(None, "a")]),
    ],
)
def test_classes_and_splits_from_folders(paths, expected):
    _, labels, splits = arrange([PurePosixPath(path) for path in paths], "here")
    assert list(zip(splits, labels, strict=True)) == expected


@pytest.mark.parametrize("paths", [[], ["a/b/c/1.txt", "d/1/2/3.txt"]])
def test_no_classes(paths):
    with pytest.raises(BadInput, match=r"here contains no \.txt files in folders of classes"):
        arrange([PurePosixPath(path) for path in paths], "here")


def test_folders_of_classes_beside_folders_of_splits():
    with pytest.raises(BadInput, match="beside folders of splits"):
        arrange([PurePosixPath("train/a/1.txt"), PurePosixPath("other/1.txt")], "here")
