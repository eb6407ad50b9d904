"""Ids, their order, and saving and loading."""

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tmeattn.data.encoding.vocabulary import SPECIAL, Vocabulary
from tmeattn.errors import EnvironmentProblem
from tmeattn.specs import PADDING, UNKNOWN

words = st.lists(st.text(st.characters(), min_size=1, max_size=8), unique=True, max_size=30)


def test_order_is_by_frequency_then_alphabet():
    counter = Counter({"b": 3, "a": 3, "rare": 1, "most": 9, "<unk>": 50, "<pad>": 50, "never": 0})
    assert Vocabulary.build(counter).words == [*SPECIAL, "most", "a", "b", "rare"]
    assert Vocabulary.build(counter, min_count=2).words == [*SPECIAL, "most", "a", "b"]


def test_special_strings_in_a_text_are_unknown():
    vocabulary = Vocabulary([*SPECIAL, "film"])
    ids = vocabulary.encode(["film", "<pad>", "<unk>", "other"])
    assert ids.tolist() == [2, UNKNOWN, UNKNOWN, UNKNOWN]
    assert ids.dtype == np.int32
    assert PADDING not in ids
    assert vocabulary.knows("film")
    assert not any(vocabulary.knows(token) for token in (*SPECIAL, "other"))
    assert len(vocabulary) == 3


@given(words)
@example(["\n", "\r\n", "\u2028", "\x00", '"', "\\", "\ud83d\ude00", "\ud83d", "😀", "\ufeff", "\x85"])
def test_round_trip(tokens):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "vocabulary.json")
        Vocabulary([*SPECIAL, *tokens]).save(path)
        assert Vocabulary.load(path).words == [*SPECIAL, *tokens]


@pytest.mark.parametrize("content", [b"", b'["<pad>"', b"{}", b'["<pad>", "<unk>", 3]', b'["a", "b"]', b"\xff\xfe"])
def test_damaged_file(tmp_path, content):
    path = tmp_path / "vocabulary.json"
    path.write_bytes(content)
    with pytest.raises(EnvironmentProblem, match=r"vocabulary\.json"):
        Vocabulary.load(path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"[" * 100_000, "nested too deeply"), (b"{}", "not a list of words"), (b"[1]", "not a list")],
)
def test_what_is_no_list_of_words_is_named(content, problem):
    with pytest.raises(ValueError, match=problem):
        Vocabulary.parse(content)
