"""Words by the boundaries of Unicode, at the offsets of the text as it was written."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tmeattn.data.encoding import unicode_words
from tmeattn.data.encoding.open_tokenizer import open_tokenizer, pieces_problem
from tmeattn.data.encoding.unicode_words import unicode

PARTS = ["a", "Film", "'", ".", "3", ",", "_", " ", "\n", "\u0301", "e\u0301", "\u200d", "\u00ad", "\ufeff", "\ufe0f"]
PARTS += ["İ", "ı", "Σ", "ß", "中", "文", "あ", "カ", "한", "ا", "ب", "ُ", "،", "क", "ि", "्", "ก", "็", "👩", "🏽", "🚀"]
PARTS += ["🇩", "🇪", "\ud800", "\x00", "\u202b", "ﬁ", "\u0344"]
texts = st.text(max_size=20) | st.lists(st.sampled_from(PARTS), max_size=20).map("".join)


@given(texts)
@example("cafe\u0301, İstanbul'da 👩🏽\u200d🚀 यह फ़िल्म بهِ \u202bx\u202c")
def test_every_piece_gives_back_its_text(text):
    found = unicode().pieces(text)
    assert pieces_problem(found, text, None) is None
    end = 0
    for start, stop, token in zip(found.starts, found.ends, found.pieces, strict=True):
        part = text[start:stop]
        assert end <= start < stop
        assert unicodedata.normalize("NFC", part.translate(unicode_words._REMOVED).lower()) == token
        assert unicode().tokens(part) == [token]
        end = stop
    assert unicode().tokens(text) == list(found.pieces)
    first = unicode().pieces(text, 2)
    assert (first.pieces, first.starts, first.ends) == (found.pieces[:2], found.starts[:2], found.ends[:2])
    assert first.total == found.total
    assert unicode().tokens(text, 2) == list(first.pieces)
    assert unicode().tokens(unicodedata.normalize("NFD", text)) == unicode().tokens(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("It isn't 3.5, a_b!", ["it", "isn't", "3.5", ",", "a_b", "!"]),
        ("这部电影，好", ["这", "部", "电", "影", "，", "好"]),
        ("すごいカタカナ", ["す", "ご", "い", "カタカナ"]),
        ("한국어 영화", ["한국어", "영화"]),
        ("ภาพนี้", ["ภ", "า", "พ", "นี้"]),
        ("لم يُعجبني، هذا؟", ["لم", "يُعجبني", "،", "هذا", "؟"]),
        ("यह फ़िल्म।", ["यह", unicodedata.normalize("NFC", "फ़िल्म"), "।"]),
        ("İSTANBUL Straße", ["i\u0307stanbul", "straße"]),
        ("👩🏽\u200d🚀👍🏿 🇩🇪🇫🇷", ["👩🏽\u200d🚀", "👍🏿", "🇩🇪", "🇫🇷"]),
        ("cafe\u0301 so\u00adft \u200fword\u200f", ["café", "soft", "word"]),
        (" \u0301 \ufeff \t", []),
    ],
)
def test_words_of_many_scripts(text, tokens):
    assert unicode().tokens(text) == tokens


def test_a_long_row_of_flags_is_cut_between_flags():
    text = "x🇩🇪" + "🇫🇷" * 200 + "y"
    assert unicode().tokens(text) == ["x", "🇩🇪", *["🇫🇷"] * 200, "y"]
    found = unicode().pieces(text)
    assert [text[a:b] for a, b in zip(found.starts, found.ends, strict=True)] == list(found.pieces)


def test_it_is_registered():
    assert open_tokenizer("unicode").tokens("ÜBER") == ["über"]
