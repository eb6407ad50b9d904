"""Lines of vectors, well and badly formed."""

import numpy as np
import pytest
from support.vector_files import GLOVE, write_vectors

from tmeattn.data.vectors.pretrained import vectors_from_file
from tmeattn.errors import BadInput


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"no numbers here\n", "line 1"),
        (b"{\n", "line 1"),
        (b"a 1 2\nb 1\n", "line 2: it has 1 numbers"),
        (b"a 1 2\nb 1 2 3\n", "line 2: it has 3 numbers"),
        (b"a 1 2\nb\n", "line 2"),
        (b"2 3\na 1 2\n", "line 2"),
        (b"5 2\na 1 2\n", "contains 1 vector, but its first line states 5"),
        (b"9" * 5000 + b" 2\na 1 2\n", "line 1: it states a number of more than 15 digits"),
        (b"0 2\n", "empty"),
        (b"a 1 2\nb x 2\n", "line 2"),
        (b"a 1 2\nb nan 2\n", "line 2: a number is NaN"),
        (b"a 1 2\nb 1 -inf\n", "line 2: a number is NaN"),
        (b"a 1 2\nb 1 1e60\n", "line 2: a number is NaN"),
        (b"a 1 2\n\xff 1 2\n", "line 2: the word is not UTF-8"),
    ],
)
def test_malformed_file_is_named(tmp_path, content, complaint):
    path = write_vectors(tmp_path, content)
    with pytest.raises(BadInput, match=complaint) as caught:
        vectors_from_file(path).lookup(["a", "b"])
    assert str(path) in caught.value.message


def test_first_row_of_a_word_counts(tmp_path):
    table, _ = vectors_from_file(write_vectors(tmp_path, b"a 1 1\na 2 2\n")).lookup(["a"])
    assert table.tolist() == [[1, 1]]


@pytest.mark.parametrize("name", ["vectors.txt", "vectors.txt.gz"])
@pytest.mark.parametrize("header", [b"", b"4 3\n"], ids=["glove", "word2vec"])
@pytest.mark.parametrize("end", [b"\n", b" \n", b"\r\n"])
def test_vectors_of_known_and_unknown_words(tmp_path, name, header, end):
    vectors = vectors_from_file(write_vectors(tmp_path, header + GLOVE.replace(b"\n", end), name))
    assert vectors.size == 3
    table, known = vectors.lookup(["été", "absent", "film", ". . .", "été", "\ud800"])
    assert table.dtype == np.float32
    assert known.tolist() == [True, False, True, True, True, False]
    expected = [[4, 5, 6], [0, 0, 0], [0.5, -0.25, 0.01], [7, 8, 9], [4, 5, 6], [0, 0, 0]]
    np.testing.assert_array_equal(table, np.array(expected, dtype=np.float32))


def test_a_first_line_that_is_off_by_one_is_a_warning_each_time(tmp_path):
    path = write_vectors(tmp_path, b"29 2\n" + b"".join(f"word{i} 1 2\n".encode() for i in range(28)))
    for _ in range(2):
        lines = []
        assert vectors_from_file(path, lines.append).lookup(["word27"])[1].all()
        assert lines == [f"Warning: {path} contains 28 vectors, but its first line states 29."]
