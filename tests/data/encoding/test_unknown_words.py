"""The warning of a corpus whose tokens are nearly all unknown."""

import re

import numpy as np
import pytest

from tmeattn.data.encoding.unknown_words import Characters, unknown_words_warning
from tmeattn.specs import UNKNOWN


def test_texts_without_spaces_are_named():
    warning = unknown_words_warning(np.full(30, UNKNOWN), lambda: ["这家餐厅的汤非常好喝"] * 30)
    assert warning is not None
    assert warning.startswith("Warning: 100.0 % of the training tokens are unknown words, so nothing can be learned.")
    assert warning.endswith("The texts have no spaces between words: separate the words by spaces first.")
    warning = unknown_words_warning(np.full(30, UNKNOWN), lambda: ["这家餐厅的汤非常好喝"] * 30, "basic_english")
    assert (warning or "").endswith("no spaces between words: add --tokenizer unicode, which needs none.")
    warning = unknown_words_warning(np.full(30, UNKNOWN), lambda: ["aGVsbG8gd29ybGQhIQ"] * 30, "basic_english")
    assert (warning or "").endswith(
        "Check their column (--text-column): they may hold encoded data, addresses or keys."
    )
    warning = unknown_words_warning(np.full(60, UNKNOWN), lambda: ["a1 b1", "c1 d1"] * 15)
    assert "--text-column" in (warning or "")


@pytest.mark.parametrize("tokens", [[], [UNKNOWN, 7], [UNKNOWN] * 8 + [5] * 2, [5] * 4])
def test_known_words_give_no_warning_and_no_text_is_read(tokens):
    assert unknown_words_warning(np.array(tokens, dtype=np.int64), lambda: pytest.fail("read")) is None


def test_characters_are_counted_in_unknown_and_long_words():
    words, counts, known = (
        ["<unk>", "good", "x" * 50, "rare"],
        np.array([0, 10, 2, 1]),
        np.array([True, True, False, False]),
    )
    assert Characters.of(words, counts, known) == Characters(144, 104, 100)


@pytest.mark.parametrize(
    ("characters", "tokenizer", "text", "expected"),
    [
        (Characters(0, 0, 0), "unicode", None, None),
        (Characters(1000, 499, 99), "basic_english", None, None),
        (
            Characters(1000, 600, 300),
            "basic_english",
            "这家餐厅的汤非常好喝" * 5,
            "30 % in words of more than 40 characters.* --tokenizer unicode,",
        ),
        (
            Characters(1000, 600, 300),
            "basic_english",
            "aGVsbG8gd29ybGQhIQ" * 5,
            "30 % in words of more than 40 characters.* Check the column",
        ),
        (
            Characters(1000, 600, 300),
            "unicode",
            "aGVsbG8gd29ybGQhIQ" * 5,
            r"60 % of the 1,000 characters.* Check the column .*--text-column.*data",
        ),
        (
            Characters(1000, 600, 0),
            "unicode",
            None,
            "60 % of the 1,000 characters .*unknown words, of which.*lower --min-count",
        ),
    ],
)
def test_much_text_in_unknown_or_long_words_is_told(characters, tokenizer, text, expected):
    warning = characters.warning(tokenizer, lambda: pytest.fail("read") if text is None else [text] * 9)
    assert (warning is None) == (expected is None)
    assert expected is None or re.search(expected, warning or "")
