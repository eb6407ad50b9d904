"""The share of Latin letters is counted letter by letter, without digits, marks and white space."""

import pytest

from tmeattn.data.encoding.scripts import MOST_CHARACTERS, fitting_tokenizer, latin_share


@pytest.mark.parametrize(
    ("texts", "share"),
    [
        ([], 1),
        (["3.5 % _ !"], 1),
        (["Größe, ｆｕｌｌ and œuvre 1990"], 1),
        (["ab 中", "文d_e7"], 4 / 6),
        (["電影" * 10], 0),
        (["a" * MOST_CHARACTERS + "中" * 100], 1),
    ],
)
def test_the_share_of_latin_letters(texts, share):
    assert latin_share(texts) == pytest.approx(share)


def test_a_few_quoted_words_of_another_script_are_allowed():
    assert fitting_tokenizer(latin_share(["a" * 98 + "中文"])) == "basic_english"
    assert fitting_tokenizer(latin_share(["a" * 97 + "中文字"])) == "unicode"
