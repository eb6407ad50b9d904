"""Files of word vectors in containers: read, or refused with what they are."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import numpy as np
import pytest
from support.vector_files import GLOVE, write_vectors

from tmeattn import limits
from tmeattn.data.vectors.pretrained import vectors_from_file
from tmeattn.errors import BadInput


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return buffer.getvalue()


def write(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("V.TXT.GZ", gzip.compress),
        ("v.vec.bz2", bz2.compress),
        ("v.txt.xz", lzma.compress),
        ("v.vec.zip", lambda content: zipped(v_vec=content)),
        ("no-known-name", gzip.compress),
        ("v.txt", lambda content: b"\xef\xbb\xbf" + content),
        ("v.txt", lambda content: content.replace(b"film ", b"film\t").replace(b" 7", b"   7")),
        ("v.txt", lambda content: b"".join(b"  " + line + b" \t\r\n" for line in content.splitlines())),
    ],
)
def test_containers_and_separators_that_are_read(tmp_path, name, pack):
    table, known = vectors_from_file(write(tmp_path, name, pack(GLOVE))).lookup(["film", "été", ". . ."])
    assert known.tolist() == [True] * 3
    assert table[1:].tolist() == [[4, 5, 6], [7, 8, 9]]


def array():
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((2, 3), dtype=np.float32))
    return buffer.getvalue()


BINARY = b"2 3\nfilm " + np.array([0.1, 2, 3], dtype="<f4").tobytes() + b"\nkino " + b"\0" * 12


def tarred():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("v.txt")
        info.size = len(GLOVE)
        archive.addfile(info, io.BytesIO(GLOVE))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BINARY, "is in the binary form of word2vec, which is not read.*save_word2vec_format"),
        (gzip.compress(BINARY), "is in the binary form of word2vec"),
        (b"\xba\x16\x4f\x2f\x0c\0\0\0", "is a model of fastText.*the .vec file"),
        (array(), "is a NumPy array, which has no words"),
        (b"PAR1....", "is a Parquet file"),
        (b"\x80\x04\x95", "is a pickle"),
        (b"a 1\0 2\n", "contains NUL bytes"),
        ("a 1 2\n".encode("utf-16"), "is UTF-16, not UTF-8"),
        ("a 1 2\nb 3 4\n".encode("utf-16-be"), "is UTF-16BE, not UTF-8, and has no byte order mark"),
        (tarred(), "is a tar archive"),
        (gzip.compress(tarred(), mtime=0), "is a tar archive"),
        (gzip.compress(gzip.compress(GLOVE, mtime=0), mtime=0), "is compressed twice"),
        (GLOVE.replace(b"\n", b"\r"), "has carriage returns inside of lines"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "is a pointer of Git LFS.*git lfs pull"),
        (
            zipped(a_txt=b"a 1 2\n", b_txt=b"a 1 2\n"),
            r"contains 2 files: a\.txt, b\.txt.*give the path of one text file",
        ),
        (zipped(), "contains 0 files"),
        (zipped(a_txt=GLOVE).replace(b"PK\x01\x02", b"XX\x01\x02"), "cannot be read"),
    ],
    # Not by the content: compressed files hold the time, and parallel workers must agree on the names of the tests.
    ids=(
        "binary",
        "binary-gz",
        "fasttext",
        "npy",
        "parquet",
        "pickle",
        "nul",
        "utf-16",
        "no-mark",
        "tar",
        "tar-gz",
        "twice",
        "cr",
        "lfs",
        "two",
        "none",
        "damaged",
    ),
)
def test_containers_that_are_refused(tmp_path, content, message):
    with pytest.raises(BadInput, match=message):
        vectors_from_file(write(tmp_path, "v.bin", content))


def test_a_damaged_member_is_no_traceback(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("v.txt", GLOVE)
    content = buffer.getvalue().replace(b"film 0", b"kino 0")
    with pytest.raises(BadInput, match="cannot be read: Bad CRC-32"):
        vectors_from_file(write(tmp_path, "v.zip", content))


def test_sizes_are_bounded(tmp_path, monkeypatch):
    path = write_vectors(tmp_path, b"a 1 2\n" * 400_000, "v.txt.gz")
    monkeypatch.setattr(limits, "FREE_EXPANSION", 10**6)
    with pytest.raises(BadInput, match="unpacks to more than 100 times its size"):
        vectors_from_file(path)
    monkeypatch.setenv("TMEATTN_MAX_VECTORS", "1000")
    monkeypatch.setenv("TMEATTN_MAX_UNPACKED_GIB", "1")
    with pytest.raises(BadInput, match=r"1,000 word vectors.*TMEATTN_MAX_VECTORS"):
        vectors_from_file(path)
    monkeypatch.setenv("TMEATTN_MAX_COLUMNS", "3")
    for content in (b"a 1 2 3 4\n", b"1 4\na 1 2 3 4\n", b"1 999999999\na 1\n"):
        with pytest.raises(BadInput, match="TMEATTN_MAX_COLUMNS"):
            vectors_from_file(write_vectors(tmp_path, content))
    monkeypatch.setenv("TMEATTN_MAX_TEXT_MIB", "1")
    with pytest.raises(BadInput, match="line 2: it is longer than 1 MiB"):
        vectors_from_file(write_vectors(tmp_path, b"a 1 2\n" + b"b" * 2**21))


def test_a_line_of_many_words_is_no_word(tmp_path):
    with pytest.raises(BadInput, match="line 2: it has 300,001 numbers; expected are 2"):
        vectors_from_file(write_vectors(tmp_path, b"a 1 2\n" + b"b 1 2 " * 10**5 + b"1 2\n"))
