"""The encoded corpus: its vocabulary, its vectors, and the texts that a limit keeps."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny_corpus import TRAIN, VALIDATION, VECTORS, dataset, lookup, texts

from tmeattn.data.encoding.corpus import open_corpus
from tmeattn.data.encoding.encode import CorpusSettings, Coverage, coverage_lines, limited_rows
from tmeattn.errors import BadInput, UnknownName
from tmeattn.specs import UNKNOWN, Split

SETTINGS = CorpusSettings()


def test_encodes(tmp_path):
    corpus = open_corpus(dataset(test=VALIDATION), SETTINGS, None, tmp_path)
    assert corpus.classes == ("negative", "positive")
    assert corpus.vocabulary.words == ["<pad>", "<unk>", "film", "good", ",", ".", "a", "bad", "\ud800"]
    assert texts(corpus, "train") == ["a good , good film .", "bad film", "\ud800 <unk> <unk>", "<unk>"]
    assert texts(corpus, "validation") == texts(corpus, "test") == ["good <unk>", "bad"]
    train = corpus.splits["train"]
    assert len(train) == 4
    assert train.lengths.tolist() == [6, 2, 3, 1]
    assert train.labels.tolist() == TRAIN.labels
    assert train.source.tolist() == [0, 1, 2, 3]
    assert train.tokens.dtype == np.int32
    assert corpus.vectors is None


def test_min_count(tmp_path):
    words = open_corpus(dataset(), CorpusSettings(min_count=2), None, tmp_path).vocabulary.words
    assert words == ["<pad>", "<unk>", "film", "good"]


def test_vectors(tmp_path):
    corpus = open_corpus(dataset(), SETTINGS, VECTORS, tmp_path)
    assert corpus.vectors.dtype == np.float32
    rows = dict(zip(corpus.vocabulary.words, corpus.vectors.tolist(), strict=True))
    assert rows.pop("film") == [3, 4]
    assert rows.pop("good") == [1, 2]
    assert set(map(tuple, rows.values())) == {(0, 0)}


def test_words_without_vector_are_dropped(tmp_path):
    kept, settings = ["film", "good"], CorpusSettings(drop_words_without_vector=True)
    corpus = open_corpus(dataset(), settings, VECTORS, tmp_path)
    assert corpus.vocabulary.words == ["<pad>", "<unk>", *kept]
    assert corpus.vectors.tolist() == [[0, 0], [0, 0], *lookup(kept)[0].tolist()]
    assert texts(corpus, "train")[1] == "<unk> film"


def test_malformed_vectors_are_named(tmp_path):
    wrong = replace(VECTORS, size=3)
    with pytest.raises(BadInput, match="toy"):
        open_corpus(dataset(), SETTINGS, wrong, tmp_path)


def test_unknown_tokenizer(tmp_path):
    with pytest.raises(UnknownName):
        open_corpus(dataset(), CorpusSettings(tokenizer="whitspace"), None, tmp_path)


def test_a_text_without_tokens_becomes_unknown(tmp_path):
    corpus = open_corpus(dataset(train=Split(["", " \n", "x"], [0, 1, 1])), SETTINGS, None, tmp_path)
    assert corpus.splits["train"].tokens.tolist() == [UNKNOWN, UNKNOWN, 2]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=80), st.integers(4, 120), st.sampled_from(["train", "test"]))
def test_limit_is_balanced_and_fixed(labels, limit, name):
    kept = limited_rows(np.array(labels), name, 4, limit)
    np.testing.assert_array_equal(kept, limited_rows(np.array(labels), name, 4, limit))
    assert (np.diff(kept) > 0).all()
    assert len(kept) == min(len(labels), limit if name == "train" else max(limit // 4, 4))
    counts, available = Counter(labels[row] for row in kept.tolist()), Counter(labels)
    # A class has fewer than the largest share only where it has no more texts.
    assert all(
        counts[label] in (available[label], max(counts.values()), max(counts.values()) - 1) for label in available
    )


def test_limit_is_spread_over_the_file(tmp_path):
    many = Split([f"text {i}" for i in range(1000)], [0] * 500 + [1] * 500)
    corpus = open_corpus(dataset(train=many, validation=many), CorpusSettings(limit=20), None, tmp_path)
    assert corpus.splits["train"].source.tolist() == list(range(25, 1000, 50))
    assert corpus.splits["validation"].source.tolist() == [125, 375, 583, 750, 916]
    with pytest.raises(BadInput, match="limit of 1"):
        open_corpus(dataset(), CorpusSettings(limit=1), None, tmp_path)


def test_frozen_vectors_of_other_words_are_refused(tmp_path):
    none = replace(
        VECTORS, lookup=lambda words: (np.zeros((len(words), 2), np.float32), np.zeros(len(words), bool)),
        first_words=("Film", "Good"),
    )  # fmt: skip
    with pytest.raises(BadInput, match=r"None of the 7 words .* in toy") as caught:
        open_corpus(dataset(), CorpusSettings(drop_words_without_vector=True), none, tmp_path)
    assert "words such as 'film', 'good', ','; the vectors have words such as 'Film', 'Good'." in caught.value.hint
    assert not list(tmp_path.iterdir())
    lines = []
    open_corpus(dataset(), SETTINGS, none, tmp_path, narrate=lines.append)
    assert lines[-2:] == coverage_lines("toy", Coverage(0, 7, 0, 9))


def test_the_share_of_words_with_a_vector():
    rare_words_without_one = coverage_lines("v", Coverage(235, 1000, 5000, 10_000))
    assert rare_words_without_one == [
        "235 of 1,000 different words (23.5 %; 50.0 % of their occurrences in the training texts) have a vector in v."
    ]
    few = coverage_lines("v", Coverage(999, 1000, 4999, 10_000))
    assert "(99.9 %; 50.0 % of" in few[0]
    assert few[1].startswith("Warning: fewer than half of the texts' words have a vector.")


@pytest.mark.parametrize("dropped", [False, True])
def test_coverage_is_of_the_training_texts_and_of_words_that_are_frequent_enough(tmp_path, dropped):
    often = Split(["good good good film odd", "zzz yyy xxx odd film"], [0, 1])
    settings = CorpusSettings(drop_words_without_vector=dropped)
    corpus = open_corpus(dataset(train=often), settings, VECTORS, tmp_path)
    assert corpus.coverage == Coverage(known=2, words=6, known_tokens=5, words_tokens=10)
    assert open_corpus(dataset(train=often), settings, VECTORS, tmp_path).coverage == corpus.coverage
    frequent = open_corpus(dataset(train=often), replace(settings, min_count=2), VECTORS, tmp_path).coverage
    assert frequent == Coverage(known=2, words=3, known_tokens=5, words_tokens=7)
