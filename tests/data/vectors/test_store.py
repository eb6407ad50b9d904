"""Parsed vectors in the cache, and text files in blocks of any size."""

import numpy as np
import pytest
from support.vector_files import GLOVE, write_vectors

from tmeattn.data.vectors import store
from tmeattn.data.vectors.pretrained import vectors_from_file
from tmeattn.errors import BadInput


def test_an_unchanged_file_is_parsed_once(tmp_path, monkeypatch):
    path = write_vectors(tmp_path, GLOVE)
    vectors_from_file(path)
    with monkeypatch.context() as patch:
        patch.setattr(store, "_parse", lambda *_: pytest.fail("parsed again"))
        assert vectors_from_file(path).lookup(["film"])[1].all()
    path.write_bytes(GLOVE.replace(b"film", b"kino"))
    assert vectors_from_file(path).lookup(["film", "kino"])[1].tolist() == [False, True]


def test_damaged_vectors_are_parsed_again(tmp_path, isolated):
    path = write_vectors(tmp_path, GLOVE)
    vectors_from_file(path)
    (entry,) = (isolated / "cache").iterdir()
    (entry / "vectors.npy").write_bytes(b"short")
    assert vectors_from_file(path).lookup(["film"])[0].tolist() == [[0.5, -0.25, np.float32(0.01)]]


def test_a_failed_parse_leaves_nothing(tmp_path, isolated):
    with pytest.raises(BadInput):
        vectors_from_file(write_vectors(tmp_path, b"a 1 2\nb 1\n"))
    assert not list((isolated / "cache").iterdir())


@pytest.mark.parametrize("block", [1, 7, 16, 10**6])
@pytest.mark.parametrize("header", [b"", b"5 2\n"])
def test_the_file_may_be_cut_anywhere(tmp_path, monkeypatch, block, header):
    monkeypatch.setattr(store, "BLOCK", block)
    lines = [b"the 1 2", b'" 3 4', b"film 5 6 ", b". . 7 8", b"\xc3\xa9t\xc3\xa9 1e-3 -0"]
    path = write_vectors(tmp_path, header + b"\n".join(lines), f"{block}.txt")
    table, known = vectors_from_file(path).lookup(["film", "été", ". .", '"', "the", "5"])
    assert known.tolist() == [True] * 5 + [False]
    assert table[:5].tolist() == [[5, 6], [np.float32(1e-3), 0], [7, 8], [3, 4], [1, 2]]


@pytest.mark.parametrize("block", [8, 10**6])
def test_a_bad_line_is_numbered_across_blocks(tmp_path, monkeypatch, block):
    monkeypatch.setattr(store, "BLOCK", block)
    path = write_vectors(tmp_path, b"3 2\na 1 2\n\nb 1 2\nc 1 x\n")
    with pytest.raises(BadInput, match=r"line 5: could not convert"):
        vectors_from_file(path)


def test_fingerprint_follows_the_content(tmp_path):
    first = vectors_from_file(write_vectors(tmp_path, GLOVE)).fingerprint
    assert vectors_from_file(write_vectors(tmp_path, GLOVE, "copy.txt")).fingerprint == first
    assert vectors_from_file(write_vectors(tmp_path, GLOVE.replace(b"9", b"8"))).fingerprint != first
