"""Folders of classes, on disk and in archives, trusted and not."""

import io
import tarfile
import zipfile
from pathlib import PurePosixPath

import pytest

from tmeattn.data.readers import folders as tree
from tmeattn.data.readers.folders import leaves, placed
from tmeattn.errors import BadInput

REVIEWS = {
    f"aclImdb/{split}/{label}/{number}_{7}.txt": f"{label} {number} é"
    for split in ("train", "test")
    for label in ("pos", "neg")
    for number in (10, 9, 0)
}
OTHERS = {"aclImdb/README": "read me", "aclImdb/train/unsup/1_0.txt": "none", "aclImdb/train/urls_pos.txt": "http"}
OTHERS |= {"aclImdb/train/labeledBow.feat": "1", "aclImdb/.hidden/x/a.txt": "x", "__MACOSX/a/b.txt": "x"}


def on_disk(tmp_path, files):
    for name, content in files.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return tmp_path / "tree"


def in_tar(tmp_path, files, name="a.tar.gz", change=lambda info: None):
    path = tmp_path / name
    with tarfile.open(path, "w:gz" if name.endswith("gz") else "w") as archive:
        for member, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(member)
            info.size = len(data)
            change(info)
            archive.addfile(info, io.BytesIO(data))
    return path


def in_zip(tmp_path, files):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in files.items():
            archive.writestr(member, content)
    return path


def texts(path):
    found = list(leaves(path))
    order, labels, splits = placed([leaf.path for leaf in found], str(path))
    return [(split, label, found[index].content) for index, label, split in zip(order, labels, splits, strict=True)]


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
def test_what_folders_mean(paths, expected):
    _, labels, splits = placed([PurePosixPath(path) for path in paths], "here")
    assert list(zip(splits, labels, strict=True)) == expected


@pytest.mark.parametrize("paths", [[], ["a/b/c/1.txt", "d/1/2/3.txt"]])
def test_no_classes(paths):
    with pytest.raises(BadInput, match=r"here holds no \.txt files in folders of classes"):
        placed([PurePosixPath(path) for path in paths], "here")


def test_classes_beside_splits():
    with pytest.raises(BadInput, match="beside folders of splits"):
        placed([PurePosixPath("train/a/1.txt"), PurePosixPath("other/1.txt")], "here")


@pytest.mark.parametrize(
    "name", ["../../etc/evil.txt", "/etc/evil.txt", "a/../../evil.txt", "C:/evil.txt", "..\\e.txt"]
)
@pytest.mark.parametrize("make", [in_tar, in_zip])
def test_a_path_that_leads_out_is_refused(tmp_path, make, name):
    with pytest.raises(BadInput, match="leads out of it"):
        texts(make(tmp_path, {**REVIEWS, name: "x"}))
    assert {path.name for path in tmp_path.iterdir()} <= {"a.tar.gz", "a.zip"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_are_refused(tmp_path, kind):
    def link(info):
        info.type, info.linkname, info.size = kind, "/etc/passwd", 0

    with pytest.raises(BadInput, match="holds a link"):
        texts(in_tar(tmp_path, REVIEWS, change=link))
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("a/b.txt")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(BadInput, match="holds a link"):
        texts(path)


@pytest.mark.parametrize("make", [in_tar, in_zip])
def test_size_is_bounded(tmp_path, monkeypatch, make):
    path = make(tmp_path, {"a/1.txt": "x" * 2000, "b/1.txt": "y"})
    monkeypatch.setattr(tree, "LONGEST_TEXT", 1000)
    with pytest.raises(BadInput, match=r"a/1\.txt is longer than"):
        texts(path)
    monkeypatch.setattr(tree, "MOST_BYTES", 1500)
    with pytest.raises(BadInput, match="unpacks to more than"):
        texts(path)


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tar", "a.zip"])
def test_damaged_archives(tmp_path, name):
    whole = in_zip(tmp_path, REVIEWS) if name.endswith("zip") else in_tar(tmp_path, REVIEWS, name)
    path = tmp_path / f"cut-{name}"
    for content in (whole.read_bytes()[: whole.stat().st_size // 2], b"nonsense", b""):
        path.write_bytes(content)
        with pytest.raises(BadInput, match=r"cannot be read as an archive|holds no"):
            texts(path)


@pytest.mark.parametrize("make", [on_disk, in_tar, in_zip])
def test_a_text_that_is_not_utf8_is_named_with_its_offset(tmp_path, make):
    path = make(tmp_path, {"a/1.txt": "fine", "b/2.txt": b"caf\xe9 "})
    with pytest.raises(BadInput, match=r"2\.txt is not UTF-8: .*offset 3 is 0xe9"):
        texts(path)
