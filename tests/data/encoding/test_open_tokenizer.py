"""A tokenizer of a plugin: what it returns is checked, and its errors are one line."""

from types import SimpleNamespace

import pytest

from tmeattn.data.encoding.open_tokenizer import OpenTokenizer, opened, pieces_problem
from tmeattn.errors import BadInput
from tmeattn.specs import Pieces

WHOSE = "Tokenizer 'x' (from y)"


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (Pieces(["a", "##b", "c"], [0, 1, 2], [1, 2, 3], [0, 0, 1], 3), None),
        (Pieces(["<0xF0>", "<0x9F>"], [0, 0], [1, 1], [0, 0], 2), None),
        (Pieces([], [], [], [], 0), None),
        (["a"], "pieces returned list, not tmeattn.Pieces"),
        (Pieces(["a"], [0], [1], [], 1), "lists of different lengths: pieces 1, starts 1, ends 1, words 0"),
        (Pieces(["a"], [0], [4], [0], 1), r"offsets \(0, 4\) in a text of 3 characters"),
        (Pieces(["a"], [2], [1], [0], 1), r"offsets \(2, 1\)"),
        (Pieces(["a", "b"], [0, 0], [2, 3], [0, 1], 2), "the words 0 and 1 overlap"),
        (Pieces(["a", "b"], [0, 1], [1, 2], [0, 2], 2), "the word 2 follows the word 0"),
        (Pieces(["a"], [0], [1], [1], 1), "the first word is 1, not 0"),
        (Pieces(["a"], [1], [1], [0], 1), "the word 0 has no characters"),
        (Pieces([b"a"], [0], [1], [0], 1), "a piece is no string"),
        (Pieces(["a"], [0], [1], [0], 0), "1 piece of 0, and all were wanted"),
    ],
)
def test_pieces_are_checked(found, problem):
    tokenizer = OpenTokenizer(SimpleNamespace(name="x", fingerprint="1", pieces=lambda text, most: found), WHOSE)
    if problem is None:
        assert tokenizer.pieces("abc") is found
        return
    with pytest.raises(BadInput, match=problem) as error:
        tokenizer.pieces("abc")
    assert str(error.value).startswith(WHOSE)


def test_as_many_pieces_as_wanted_are_expected():
    first = Pieces(["a"], [0], [1], [0], 3)
    assert pieces_problem(first, "a b c", 1) is None
    assert "1 piece of 3, and 2 were wanted" in str(pieces_problem(first, "a b c", 2))


def test_an_exception_is_one_line_with_the_name():
    def fail(text, most):
        raise RuntimeError("no model\nat all")

    for method in ("tokens", "pieces"):
        with pytest.raises(BadInput, match=r"^Tokenizer 'x' \(from y\) fails: RuntimeError: no model\."):
            getattr(OpenTokenizer(SimpleNamespace(pieces=fail, tokens=fail), WHOSE), method)("text", 1)


@pytest.mark.parametrize("vocabulary", [["a", "b", "a"], ["a", 1]])
def test_a_vocabulary_has_different_strings(vocabulary):
    tokenizer = OpenTokenizer(SimpleNamespace(vocabulary=vocabulary), WHOSE)
    with pytest.raises(BadInput, match="its vocabulary of"):
        tokenizer.vocabulary  # noqa: B018


def test_what_is_no_tokenizer_is_refused():
    with pytest.raises(
        BadInput, match=r"which is no tmeattn\.Tokenizer: it has no name and no fingerprint and no pieces"
    ):
        opened("builtins:dict", (), WHOSE)
