"""Folders of classes and splits, on disk and in archives."""

import tarfile
from pathlib import PurePosixPath

import pytest
from support.text_trees import REVIEWS, in_tar, in_zip, on_disk, texts

from tmeattn.data.readers.folders import arrange, text_files
from tmeattn.data.readers.skip_count import SkipCount
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


@pytest.mark.parametrize("make", [on_disk, in_tar, in_zip])
def test_every_file_is_read_or_counted(tmp_path, make):
    files = {
        "neg/1.txt": "a", "neg/older/2.txt": "b", "neg/3.TXT": "c", "pos/1.Txt": "d", "neg/4.md": "x",
        "pos/5.txt.gz": "x",
        "README": "x", "notes.txt": "x", "neg/.DS_Store": "x", "far/below/1.txt": "x", "unsup/1.txt": "x",
    }  # fmt: skip
    path, skips = make(tmp_path, files), SkipCount()
    found = list(text_files(path, skips))
    order, labels, _ = arrange([member for member, _ in found], str(path), skips)
    assert [(label, found[at][1]) for at, label in zip(order, labels, strict=True)] == [
        ("neg", "a"), ("neg", "b"), ("neg", "c"), ("pos", "d"),
    ]  # fmt: skip
    assert len(order) + skips.total == len(files)
    for reason in (
        "1 file with the ending .md (first: neg/4.md)",
        "1 file with the ending .gz",
        "1 file without an ending (first: README)",
        "1 file in no folder of a class (first: notes.txt)",
        "1 hidden file (first: neg/.DS_Store)",
        "1 file in folders below folders (first: far/below/1.txt)",
        "1 file without a label, in unsup",
    ):
        assert reason in str(skips)


@pytest.mark.parametrize("make", [in_tar, in_zip])
def test_a_text_that_is_twice_in_an_archive_is_refused(tmp_path, make):
    path = make(tmp_path, {"a/1.txt": "x", "b/1.txt": "y", "b//1.txt": "z"})
    with pytest.raises(BadInput, match=r"contains the file 'b/1\.txt' twice"):
        texts(path)


def test_pipes_and_devices_in_an_archive_are_counted(tmp_path):
    def pipe(info):
        if info.name.endswith("p.txt"):
            info.type, info.size = tarfile.FIFOTYPE, 0

    skips = SkipCount()
    found = list(text_files(in_tar(tmp_path, {"a/1.txt": "x", "a/p.txt": ""}, change=pipe), skips))
    assert [str(member) for member, _ in found] == ["a/1.txt"]
    assert str(skips) == "1 pipe (first: a/p.txt)"
