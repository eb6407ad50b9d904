"""Words are numbered once, in the order of their first occurrence."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tmeattn.data.encoding.pool_worker import WordNumbering


@settings(max_examples=50)
@given(st.lists(st.lists(st.text("ab \n", max_size=8), max_size=5), max_size=6))
def test_each_new_word_is_returned_once(pieces):
    numbering, words = WordNumbering(str.split, "<unk>"), []
    for piece in pieces:
        ids, lengths = numbering.ids(piece)
        words += numbering.new_words()
        assert len(lengths) == len(piece)
        expected = [word for text in piece for word in text.split() or ["<unk>"]]
        assert [words[i] for i in ids] == expected
    assert len(words) == len(set(words))
