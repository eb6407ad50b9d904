"""The encoded corpus: what is encoded, and when it is encoded again."""

import errno
import json
import shutil
import threading
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmeattn.data.encoding.corpus import open_corpus
from tmeattn.data.encoding.encode import CorpusSettings, choose
from tmeattn.data.encoding.encode import corpus as corpus_module
from tmeattn.data.encoding.tokenizers import Tokenizer
from tmeattn.errors import BadInput, EnvironmentProblem, UnknownName
from tmeattn.specs import UNKNOWN, Dataset, Split, WordVectors

TRAIN = Split(["A good, good film.", "bad film", "\ud800 <pad> <unk>", '""'], [1, 0, 0, 1])
VALIDATION = Split(["good plot", "bad"], [1, 0])
SETTINGS = CorpusSettings()


def dataset(train=TRAIN, validation=VALIDATION, **others):
    splits = {"train": train, "validation": validation, **others}
    return Dataset("films", ("negative", "positive"), "f1", lambda: splits)


def lookup(words):
    table = {"good": [1, 2], "film": [3, 4], "plot": [5, 6]}
    vectors = np.array([table.get(word, [0, 0]) for word in words], dtype=np.float32).reshape(-1, 2)
    return vectors, np.array([word in table for word in words], dtype=bool)


VECTORS = WordVectors("toy", 2, "v1", lookup)


def texts(corpus, name):
    split = corpus.splits[name]
    words = corpus.vocabulary.words
    return [
        " ".join(words[token] for token in split.tokens[a:b])
        for a, b in zip(split.offsets, split.offsets[1:], strict=False)
    ]


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
    assert corpus.vectors is corpus.has_vector is None


def test_min_count_and_max_words(tmp_path):
    words = open_corpus(dataset(), CorpusSettings(min_count=2), None, tmp_path).vocabulary.words
    assert words == ["<pad>", "<unk>", "film", "good"]
    words = open_corpus(dataset(), CorpusSettings(max_words=3), None, tmp_path).vocabulary.words
    assert words == ["<pad>", "<unk>", "film", "good", ","]


def test_vectors(tmp_path):
    corpus = open_corpus(dataset(), SETTINGS, VECTORS, tmp_path)
    assert corpus.vectors.dtype == np.float32
    rows = dict(zip(corpus.vocabulary.words, corpus.vectors.tolist(), strict=True))
    assert rows.pop("film") == [3, 4]
    assert rows.pop("good") == [1, 2]
    assert set(map(tuple, rows.values())) == {(0, 0)}
    assert [word for word, has in zip(corpus.vocabulary.words, corpus.has_vector, strict=True) if has] == [
        "film",
        "good",
    ]


@pytest.mark.parametrize(("max_words", "kept"), [(None, ["film", "good"]), (1, ["film"])])
def test_words_without_vector_are_dropped(tmp_path, max_words, kept):
    settings = CorpusSettings(drop_words_without_vector=True, max_words=max_words)
    corpus = open_corpus(dataset(), settings, VECTORS, tmp_path)
    assert corpus.vocabulary.words == ["<pad>", "<unk>", *kept]
    assert corpus.vectors.tolist() == [[0, 0], [0, 0], *lookup(kept)[0].tolist()]
    assert corpus.has_vector.tolist() == [False, False, *[True] * len(kept)]
    assert texts(corpus, "train")[1] == "<unk> film"


def test_second_opening_does_no_work(tmp_path, monkeypatch):
    calls = Counter()
    tokens = Tokenizer.tokens
    monkeypatch.setattr(Tokenizer, "tokens", lambda self, text: calls.update(["tokens"]) or tokens(self, text))
    counted = replace(dataset(), read=lambda: calls.update(["read"]) or dataset().read())
    vectors = replace(VECTORS, lookup=lambda words: calls.update(["lookup"]) or lookup(words))
    lines = []
    first = open_corpus(counted, SETTINGS, vectors, tmp_path, narrate=lines.append)
    assert calls == {"tokens": 6, "read": 1, "lookup": 1}
    assert lines
    lines.clear()
    second = open_corpus(counted, SETTINGS, vectors, tmp_path, narrate=lines.append)
    assert calls == {"tokens": 6, "read": 1, "lookup": 1}
    assert not lines
    assert second.fingerprint == first.fingerprint
    assert second.vocabulary.words == first.vocabulary.words
    np.testing.assert_array_equal(second.splits["train"].tokens, first.splits["train"].tokens)
    np.testing.assert_array_equal(second.vectors, first.vectors)
    with pytest.raises(ValueError, match="read-only"):
        second.splits["train"].tokens[0] = 5


def test_every_change_is_another_entry(tmp_path):
    base = dataset()
    variants = [(base, SETTINGS, None), (base, SETTINGS, VECTORS), (base, SETTINGS, replace(VECTORS, fingerprint="v2"))]
    variants += [(replace(base, fingerprint="f2"), SETTINGS, None)]
    changes = [{"tokenizer": "whitespace"}, {"min_count": 2}, {"max_words": 9}, {"limit": 2}]
    variants += [(base, replace(SETTINGS, **change), None) for change in changes]
    variants += [(base, replace(SETTINGS, drop_words_without_vector=True), VECTORS)]
    assert len({open_corpus(*variant, tmp_path).folder for variant in variants}) == len(variants)


def test_fingerprint_is_of_what_was_encoded(tmp_path):
    fingerprint = open_corpus(dataset(), SETTINGS, None, tmp_path).fingerprint
    assert open_corpus(dataset(), CorpusSettings(limit=400), None, tmp_path).fingerprint == fingerprint
    relabelled = dataset(validation=replace(VALIDATION, labels=[0, 0]))
    assert open_corpus(replace(relabelled, fingerprint="f2"), SETTINGS, None, tmp_path).fingerprint != fingerprint


@pytest.mark.parametrize("damage", ["missing", "short", "manifest", "empty folder"])
def test_damaged_entry_is_rebuilt(tmp_path, damage):
    corpus = open_corpus(dataset(), SETTINGS, VECTORS, tmp_path)
    victim = corpus.folder / ("corpus.json" if damage == "manifest" else "train.tokens.npy")
    expected, fingerprint, content = texts(corpus, "train"), corpus.fingerprint, victim.read_bytes()
    del corpus
    if damage == "missing":
        victim.unlink()
    elif damage == "empty folder":
        shutil.rmtree(victim.parent)
        victim.parent.mkdir()
    else:
        victim.write_bytes(content[:-4])
    rebuilt = open_corpus(dataset(), SETTINGS, VECTORS, tmp_path)
    assert texts(rebuilt, "train") == expected
    assert rebuilt.fingerprint == fingerprint
    assert [path.name for path in tmp_path.iterdir()] == [rebuilt.folder.name]


def test_failure_leaves_nothing_behind(tmp_path):
    def broken(words):
        raise RuntimeError("no vectors today")

    with pytest.raises(RuntimeError):
        open_corpus(dataset(), SETTINGS, replace(VECTORS, lookup=broken), tmp_path)
    assert not list(tmp_path.iterdir())


def test_full_disk_names_the_folder(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        with pytest.raises(EnvironmentProblem, match="No space left") as caught:
            open_corpus(dataset(), SETTINGS, None, tmp_path)
    assert str(tmp_path) in caught.value.message
    assert not list(tmp_path.iterdir())
    open_corpus(dataset(), SETTINGS, None, tmp_path)


def test_unwritable_cache_is_noticed_before_any_work(tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    untouched = replace(dataset(), read=lambda: pytest.fail("read too early"))
    with pytest.raises(EnvironmentProblem, match="file"):
        open_corpus(untouched, SETTINGS, None, in_the_way / "cache")


def test_all_of_many_at_once_get_the_winners(tmp_path):
    everyone_encodes = threading.Barrier(4)
    slow = replace(dataset(), read=lambda: everyone_encodes.wait(20) is not None and dataset().read())
    opened = []
    threads = [
        threading.Thread(target=lambda: opened.append(open_corpus(slow, SETTINGS, None, tmp_path))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [texts(corpus, "validation") for corpus in opened] == [["good <unk>", "bad"]] * 4
    assert list(tmp_path.iterdir()) == [opened[0].folder]


def test_a_newer_format_is_another_entry(tmp_path, monkeypatch):
    old = open_corpus(dataset(), SETTINGS, None, tmp_path)
    monkeypatch.setattr(corpus_module, "FORMAT", corpus_module.FORMAT + 1)
    new = open_corpus(dataset(), SETTINGS, None, tmp_path)
    assert new.folder != old.folder
    assert json.loads((new.folder / "corpus.json").read_text())["format"] == corpus_module.FORMAT


@pytest.mark.parametrize(
    ("splits", "complaint"),
    [
        ({"train": TRAIN}, "films has no split 'validation'"),
        ({"train": TRAIN, "validation": VALIDATION, "dev": VALIDATION}, "split 'dev'"),
        ({"train": TRAIN, "validation": Split([], [])}, "split 'validation' is empty"),
        ({"train": Split(["a", "b"], [1, 1]), "validation": VALIDATION}, "one label"),
        ({"train": Split(["a", "b"], [0, 2]), "validation": VALIDATION}, "split 'train', row 1: label 2"),
        ({"train": Split(["a", "b"], [0, -1]), "validation": VALIDATION}, "label -1"),
        ({"train": Split(["a", "b"], [0, "1"]), "validation": VALIDATION}, "label '1'"),
        ({"train": Split(["a", None], [0, 1]), "validation": VALIDATION}, "row 1: the text is NoneType"),
        ({"train": TRAIN, "validation": Split(["a"], [0, 1])}, "1 texts but 2 labels"),
    ],
)
def test_malformed_dataset_is_named(tmp_path, splits, complaint):
    malformed = Dataset("films", ("negative", "positive"), "f1", lambda: splits)
    with pytest.raises(BadInput, match=complaint) as caught:
        open_corpus(malformed, SETTINGS, None, tmp_path)
    assert "films" in caught.value.message
    assert not list(tmp_path.iterdir())


def test_malformed_vectors_are_named(tmp_path):
    wrong = replace(VECTORS, size=3)
    with pytest.raises(BadInput, match="toy"):
        open_corpus(dataset(), SETTINGS, wrong, tmp_path)


def test_unknown_tokenizer(tmp_path):
    with pytest.raises(UnknownName):
        open_corpus(dataset(), CorpusSettings(tokenizer="whitspace"), None, tmp_path)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=80), st.integers(4, 120), st.sampled_from(["train", "test"]))
def test_limit_is_balanced_and_fixed(labels, limit, name):
    split = Split(["x"] * len(labels), labels)
    kept = choose(split, name, 4, limit)
    np.testing.assert_array_equal(kept, choose(split, name, 4, limit))
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


def test_unknown_stands_for_no_tokens(tmp_path):
    corpus = open_corpus(dataset(train=Split(["", " \n", "x"], [0, 1, 1])), SETTINGS, None, tmp_path)
    assert corpus.splits["train"].tokens.tolist() == [UNKNOWN, UNKNOWN, 2]
