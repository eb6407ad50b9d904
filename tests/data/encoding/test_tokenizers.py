"""Tokens equal those of torchtext, and every span is a span of the original text."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tmeattn.data.encoding import tokenizers
from tmeattn.data.encoding.open_tokenizer import open_tokenizer as tokenizer
from tmeattn.data.encoding.tokenizers import TOKENIZERS
from tmeattn.errors import UnknownName

# Any text at all, and texts made of what the tokenizers treat specially.
PIECES = ["'", '"', ".", "<br />", '<b"r />', "<br/>", ",", "(", ")", "!", "?", ";", ":", " ", "\n", "\x1c", "\u00a0"]
PIECES += ["\u200b", "İ", "Σ", "ΑΣ", "ß", "a", "Film", "\ud800", "\udc00", "😀", "<unk>", "<", ">", "/", "-", "\\", "]"]
texts = st.text(st.characters(), max_size=40) | st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


@given(texts)
@example('It\'s "great"; wo"rd: (really)...<br /><br />Fine!?')
def test_basic_english_equals_torchtext(text):
    from torchtext.data.utils import get_tokenizer

    assert tokenizer("basic_english").tokens(text) == get_tokenizer("basic_english")(text)


@given(texts)
def test_whitespace_is_the_tokenizer_of_the_report(text):
    assert tokenizer("whitespace").tokens(text) == re.findall(r"\S+", text.lower())


@pytest.mark.parametrize("name", TOKENIZERS)
@given(text=texts)
@example(text='İİ "x" wo"rd<br />İ."Σ".a')
def test_spans_cover_the_words(name, text):
    spans = TOKENIZERS[name].spans(text)
    assert [token for _, _, token in spans] == tokenizer(name).tokens(text)
    end = 0
    for start, stop, token in spans:
        assert end <= start < stop <= len(text)
        end = stop
        # A capital sigma is lower-cased by what stands around it.
        covered = text[start:stop].lower().replace("ς", "σ")
        if name == "basic_english":
            covered = covered.replace('"', "")
        assert covered == token.replace("ς", "σ")


@given(text=texts, most=st.integers(0, 5))
def test_the_first_spans_and_the_number_of_all(text, most):
    spans = TOKENIZERS["basic_english"].spans(text)
    assert TOKENIZERS["basic_english"].first_spans(text, most) == (spans[:most], len(spans))


@pytest.mark.parametrize("name", TOKENIZERS)
@given(
    pieces=st.lists(st.sampled_from([*PIECES, " ", "a "]), max_size=20),
    times=st.integers(1, 40),
    most=st.integers(0, 9),
)
@example(pieces=["<br />"], times=40, most=3)
@example(pieces=["ΑΣ", "."], times=40, most=9)
def test_the_first_tokens_are_those_of_the_whole_text(name, pieces, times, most):
    text = "".join(pieces) * times
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizers, "LONG_WORD", 2)
        assert tokenizer(name).tokens(text, most) == tokenizer(name).tokens(text)[:most]


def test_spans_keep_what_was_deleted_inside_a_word():
    assert TOKENIZERS["basic_english"].spans('An "İ" wo"rd;x<br />y.') == [
        (0, 2, "an"),
        (4, 5, "i̇"),
        (7, 12, "word"),
        (13, 14, "x"),
        (20, 21, "y"),
        (21, 22, "."),
    ]


def test_unknown_name_suggests():
    with pytest.raises(UnknownName, match="basic_english"):
        tokenizer("basic_englsh")
