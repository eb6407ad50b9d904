"""Archives of text files: damaged, too large, or with members that lead out of them."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from support.text_trees import REVIEWS, in_tar, in_zip, on_disk, texts

from tmeattn import limits
from tmeattn.data.readers.archives import is_archive
from tmeattn.errors import BadInput


@pytest.mark.parametrize(
    "name", ["../../etc/evil.txt", "/etc/evil.txt", "a/../../evil.txt", "C:/evil.txt", "..\\e.txt"]
)
@pytest.mark.parametrize("make", [in_tar, in_zip])
def test_a_path_that_leads_out_is_refused(tmp_path, make, name):
    with pytest.raises(BadInput, match="leads out of the archive"):
        texts(make(tmp_path, {**REVIEWS, name: "x"}))
    assert {path.name for path in tmp_path.iterdir()} <= {"a.tar.gz", "a.zip"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_are_refused(tmp_path, kind):
    def link(info):
        info.type, info.linkname, info.size = kind, "/etc/passwd", 0

    with pytest.raises(BadInput, match="contains the link"):
        texts(in_tar(tmp_path, REVIEWS, change=link))
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("a/b.txt")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(BadInput, match="contains the link"):
        texts(path)


@pytest.mark.parametrize("make", [in_tar, in_zip])
def test_size_is_bounded(tmp_path, monkeypatch, make):
    path = make(tmp_path, {"a/1.txt": "x" * 2**21, "b/1.txt": "y"})
    monkeypatch.setenv("TMEATTN_MAX_TEXT_MIB", "1")
    with pytest.raises(BadInput, match=r"a/1\.txt is longer than 1 MiB.*TMEATTN_MAX_TEXT_MIB"):
        texts(path)
    monkeypatch.setenv("TMEATTN_MAX_TEXT_MIB", "2")
    monkeypatch.setattr(limits, "FREE_EXPANSION", 2**20)
    monkeypatch.setattr(limits, "LARGEST_EXPANSION", 50 if make is in_tar else 1 / 2)
    with pytest.raises(BadInput, match=r"unpacks to more than .* times its size.*TMEATTN_MAX_UNPACKED_GIB"):
        texts(path)
    monkeypatch.setenv("TMEATTN_MAX_UNPACKED_GIB", "1")
    assert len(texts(path)) == 2


def test_the_header_of_a_member_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setenv("TMEATTN_MAX_TEXT_MIB", "1")

    def comment(info):
        info.pax_headers = {"comment": "x" * 2**21}

    with pytest.raises(BadInput, match="the header of a member is longer than 1 MiB"):
        texts(in_tar(tmp_path, REVIEWS, change=comment))


def test_digits_in_names_have_any_length(tmp_path):
    files = {"a/" + "9" * 4400 + ".txt": "long", "a/10.txt": "ten", "a/009.txt": "nine", "b/1.txt": "x"}
    assert [text for *_, text in texts(in_zip(tmp_path, files))] == ["nine", "ten", "long", "x"]


def test_a_table_in_an_archive_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"contains the table reviews\.csv.*Unpack it"):
        texts(in_zip(tmp_path, {"reviews.csv": "text,label\n"}))


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tar", "a.zip"])
def test_damaged_archives(tmp_path, name):
    whole = in_zip(tmp_path, REVIEWS) if name.endswith("zip") else in_tar(tmp_path, REVIEWS, name)
    path = tmp_path / f"cut-{name}"
    for content in (whole.read_bytes()[: whole.stat().st_size // 2], b"nonsense", b""):
        path.write_bytes(content)
        with pytest.raises(BadInput, match=r"cannot be read as an archive|contains no"):
            texts(path)


@pytest.mark.parametrize("make", [on_disk, in_tar, in_zip])
def test_a_text_that_is_not_utf8_is_named_with_its_offset(tmp_path, make):
    path = make(tmp_path, {"a/1.txt": "fine", "b/2.txt": b"caf\xe9 "})
    with pytest.raises(BadInput, match=r"2\.txt is not UTF-8: .*offset 3 is 0xe9"):
        texts(path)


def test_the_list_of_members_is_bounded(tmp_path, monkeypatch):
    path = in_zip(tmp_path, REVIEWS)
    monkeypatch.setattr(limits, "LARGEST_LIST", 100)
    with pytest.raises(BadInput, match="lists more files than are read"):
        texts(path)
    monkeypatch.setattr(limits, "LARGEST_LIST", 10**4)
    assert len(texts(path)) == len(REVIEWS)


@pytest.mark.parametrize("name", ["a.tbz2", "a.tbz", "a.txz", "a.tar.lzma", "A.TAR.GZ", "a.zip"])
def test_names_of_archives(name):
    assert is_archive(Path(name))


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
def test_the_content_and_not_the_name_shows_the_compression(tmp_path, name, mode):
    path = tmp_path / name
    with tarfile.open(path, mode) as archive:
        for member in ("neg/1.txt", "pos/1.txt"):
            archive.addfile(tarfile.TarInfo(member), io.BytesIO())
    assert len(texts(path)) == 2
    path.write_bytes(path.read_bytes()[: -tarfile.BLOCKSIZE if mode == "w" else -8])
    if mode == "w":
        path.write_bytes(path.read_bytes().rstrip(b"\0") + b"\0")
    with pytest.raises(BadInput, match="cannot be read as an archive"):
        texts(path)
