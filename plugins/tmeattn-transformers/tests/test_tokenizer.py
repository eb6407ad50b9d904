"""Pieces have the offsets of the user's text, whatever its script, and special tokens are never among them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tmeattn_transformers.random_bert import make_tokenizer
from tmeattn_transformers.tokenizer import CheckpointTokenizer, _words
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

SCRIPTS = [
    "unbelievable film",
    "中文电影 good",
    "ภาพยนตร์ดี",
    "فيلم جيد",
    "अच्छी फ़िल्म",
    "İstanbul'da",
    "e\u0301te\u0301",
    "👩‍👩‍👧 ok",
]


def sentence_piece() -> Tokenizer:
    """A tokenizer like that of XLM-RoBERTa: spaces are part of the pieces."""
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0), ("▁film", -2.0), ("fil", -3.0)]
    pieces += [(letter, -5.0) for letter in "abcdefghijklmnopqrstuvwxyz中文电影ภาพยนตร์"]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer


def byte_level() -> Tokenizer:
    """A tokenizer like that of RoBERTa: bytes, of which several make an emoji."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: i for i, letter in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    return tokenizer


KINDS = {
    make.__name__: CheckpointTokenizer(make.__name__, make().to_str().encode())
    for make in (make_tokenizer, sentence_piece, byte_level)
}


def check(tokenizer: CheckpointTokenizer, text: str) -> None:
    pieces = tokenizer.pieces(text)
    assert pieces.pieces == tokenizer.tokens(text)
    assert pieces.total == len(pieces.pieces) == len(pieces.starts) == len(pieces.ends) == len(pieces.words)
    assert all(0 <= start <= end <= len(text) for start, end in zip(pieces.starts, pieces.ends, strict=True))
    steps = [pieces.words[0] if pieces.words else 0]
    steps += [after - before for before, after in zip(pieces.words, pieces.words[1:], strict=False)]
    assert set(steps) <= {0, 1}
    spans: dict[int, list[int]] = {}
    for word, start, end in zip(pieces.words, pieces.starts, pieces.ends, strict=True):
        low, high = spans.get(word, [len(text), 0])
        spans[word] = [min(low, start), max(high, end)]
    ends = [0, *(end for _, end in spans.values())]
    assert all(before <= start for before, (start, _) in zip(ends, spans.values(), strict=False))
    if len(spans) > 1:
        assert all(start < end for start, end in spans.values())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", [*SCRIPTS, "", "  ", "\ud800 film", "[SEP] [CLS]", "a\0b", "ﬁlm", "x" * 300])
def test_offsets_and_words_keep_the_contract(kind, text):
    check(KINDS[kind], text)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None)
@given(text=st.text(max_size=40))
def test_offsets_and_words_of_any_text(kind, text):
    check(KINDS[kind], text)


def test_the_pieces_of_a_word_are_its_parts_and_truncation_is_off():
    tokenizer = KINDS["make_tokenizer"]
    pieces = tokenizer.pieces("An Unbelievable film, " * 10)
    first = [(pieces.pieces[i], pieces.words[i]) for i in range(8)]
    assert first == [
        ("a", 0), ("##n", 0), ("un", 1), ("##believ", 1), ("##able", 1), ("film", 2), (",", 3), ("a", 4)
    ]  # fmt: skip
    assert pieces.total == 70
    assert tokenizer.pieces("an unbelievable film", 3) == (["a", "##n", "un"], [0, 1, 3], [1, 2, 5], [0, 0, 1], 6)


def test_special_tokens_are_text_and_the_model_adds_its_own():
    tokenizer = KINDS["make_tokenizer"]
    assert "[SEP]" not in tokenizer.tokens("good [SEP] [PAD] film")
    assert tokenizer.special == ([2], [3])
    assert tokenizer.vocabulary[:4] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def test_unknown_characters_are_tmeattns_unknown_piece():
    assert KINDS["make_tokenizer"].tokens("good €") == ["good", "<unk>"]


def test_scripts_without_spaces_are_cut_into_words():
    for kind in ("make_tokenizer", "sentence_piece"):
        assert KINDS[kind].pieces("中文").words[-2:] == [0, 1], kind
    assert len(set(KINDS["sentence_piece"].pieces("film ab").words)) == 2


def test_a_piece_without_characters_leaves_the_next_word_apart():
    for ids, words in (([0, 1, 1, 1], [0, 0, 1, 1]), ([0, 0, 1, 1], [0, 0, 1, 1]), ([0, 0, 0, 0], [0, 0, 0, 0])):
        assert _words("film ab", [(0, 4), (5, 5), (5, 6), (6, 7)], ids) == words, ids
