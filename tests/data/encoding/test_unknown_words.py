"""The warning of a corpus whose tokens are nearly all unknown."""

import numpy as np
import pytest

from tmeattn.data.encoding.unknown_words import unknown_words_warning
from tmeattn.specs import UNKNOWN


def test_texts_without_spaces_are_named():
    warning = unknown_words_warning(np.full(30, UNKNOWN), lambda: ["这家餐厅的汤非常好喝"] * 30)
    assert warning is not None
    assert warning.startswith("Warning: 100.0 % of the training tokens are unknown words, so nothing can be learned.")
    assert warning.endswith("The texts have no spaces between words: separate the words by spaces first.")
    warning = unknown_words_warning(np.full(60, UNKNOWN), lambda: ["a1 b1", "c1 d1"] * 15)
    assert "--text-column" in (warning or "")


@pytest.mark.parametrize("tokens", [[], [UNKNOWN, 7], [UNKNOWN] * 8 + [5] * 2, [5] * 4])
def test_known_words_give_no_warning_and_no_text_is_read(tokens):
    assert unknown_words_warning(np.array(tokens, dtype=np.int64), lambda: pytest.fail("read")) is None
