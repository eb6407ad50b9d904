"""The encoded corpus in the cache: when it is opened, and when it is encoded again."""

import json
import shutil
import threading
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from support.tiny_corpus import VALIDATION, VECTORS, dataset, lookup, texts

from tmeattn.data.encoding import corpus as corpus_module
from tmeattn.data.encoding.corpus import open_corpus
from tmeattn.data.encoding.encode import CorpusSettings, Coverage, coverage_lines
from tmeattn.data.encoding.tokenizers import SpaceTokenizer
from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.specs import Dataset

SETTINGS = CorpusSettings()


def test_second_opening_does_no_work(tmp_path, monkeypatch):
    calls = Counter()
    tokens = SpaceTokenizer.tokens
    monkeypatch.setattr(SpaceTokenizer, "tokens", lambda self, text: calls.update(["tokens"]) or tokens(self, text))
    counted = replace(dataset(), read=lambda: calls.update(["read"]) or dataset().read())
    vectors = replace(VECTORS, lookup=lambda words: calls.update(["lookup"]) or lookup(words))
    lines = []
    first = open_corpus(counted, SETTINGS, vectors, tmp_path, narrate=lines.append)
    assert calls == {"tokens": 6, "read": 1, "lookup": 1}
    assert lines
    lines.clear()
    second = open_corpus(counted, SETTINGS, vectors, tmp_path, narrate=lines.append)
    assert calls == {"tokens": 6, "read": 1, "lookup": 1}
    assert lines == list(
        coverage_lines("toy", Coverage(2, 7, 4, 9))
    )  # nothing was encoded, and the vectors are judged each time
    assert second.fingerprint == first.fingerprint
    assert second.vocabulary.words == first.vocabulary.words
    np.testing.assert_array_equal(second.splits["train"].tokens, first.splits["train"].tokens)
    np.testing.assert_array_equal(second.vectors, first.vectors)
    with pytest.raises(ValueError, match="read-only"):
        second.splits["train"].tokens[0] = 5


def test_every_setting_and_fingerprint_is_part_of_the_key(tmp_path):
    base = dataset()
    variants = [(base, SETTINGS, None), (base, SETTINGS, VECTORS), (base, SETTINGS, replace(VECTORS, fingerprint="v2"))]
    variants += [(replace(base, fingerprint="f2"), SETTINGS, None)]
    changes = [{"tokenizer": "whitespace"}, {"min_count": 2}, {"limit": 2}]
    variants += [(base, replace(SETTINGS, **change), None) for change in changes]
    variants += [(base, replace(SETTINGS, drop_words_without_vector=True), VECTORS)]
    assert len({open_corpus(*variant, tmp_path).folder for variant in variants}) == len(variants)


def test_fingerprint_is_of_what_was_encoded(tmp_path):
    fingerprint = open_corpus(dataset(), SETTINGS, None, tmp_path).fingerprint
    assert open_corpus(dataset(), CorpusSettings(limit=400), None, tmp_path).fingerprint == fingerprint
    relabelled = dataset(validation=replace(VALIDATION, labels=[0, 0]))
    assert open_corpus(replace(relabelled, fingerprint="f2"), SETTINGS, None, tmp_path).fingerprint != fingerprint


@pytest.mark.parametrize("damage", ["missing", "short", "manifest", "empty folder"])
def test_a_damaged_corpus_is_encoded_again(tmp_path, damage):
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

    with pytest.raises(BadInput, match="cannot be looked up: RuntimeError: no vectors today"):
        open_corpus(dataset(), SETTINGS, replace(VECTORS, lookup=broken), tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_unwritable_cache_is_reported_before_any_work(tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    untouched = replace(dataset(), read=lambda: pytest.fail("read too early"))
    with pytest.raises(EnvironmentProblem, match="file"):
        open_corpus(untouched, SETTINGS, None, in_the_way / "cache")


def test_concurrent_builds_share_one_corpus(tmp_path):
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


def test_the_format_is_part_of_the_key(tmp_path, monkeypatch):
    old = open_corpus(dataset(), SETTINGS, None, tmp_path)
    monkeypatch.setattr(corpus_module, "FORMAT", corpus_module.FORMAT + 1)
    new = open_corpus(dataset(), SETTINGS, None, tmp_path)
    assert new.folder != old.folder
    assert json.loads((new.folder / "corpus.json").read_text())["format"] == corpus_module.FORMAT


def test_the_cache_finds_the_corpora_of_earlier_versions():
    known = Dataset("d", ("a", "b"), "f1", dict)
    expected = "2b70a2f9ea4f10046af7190c59834c84bd62368e9ffcbe049af06035827ba4ef"
    assert corpus_module._key(known, CorpusSettings(min_count=2), None) == expected
    assert corpus_module._key(known, CorpusSettings("unicode", min_count=2), None) != expected
