"""Several worker processes number words like a single process."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tmeattn.data.encoding import pool
from tmeattn.data.encoding.open_tokenizer import OpenTokenizer
from tmeattn.data.encoding.open_tokenizer import open_tokenizer as tokenizer
from tmeattn.data.encoding.pool import TokenizerPool
from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.specs import Pieces

PROGRAM = pool._PROGRAM

TEXTS = [f"Text {i}, with word{i % 7} and \ud800 été" if i % 11 else "" for i in range(500)]


def tokens(tokenizing, texts):
    """The words of each text."""
    found = []
    for chunk in tokenizing.chunks(texts):
        words = tokenizing.words
        ends = np.cumsum(chunk.lengths_N)
        found += [[words[i] for i in part] for part in np.split(chunk.ids, ends[:-1])]
    return found


@pytest.mark.parametrize("name", ["basic_english", "whitespace"])
def test_workers_return_the_words_of_one_process(monkeypatch, name):
    monkeypatch.setattr(pool, "CHUNK", 200)
    with TokenizerPool(name, workers=1) as one, TokenizerPool(name, workers=3) as three:
        expected = [tokenizer(name).tokens(text) or ["<unk>"] for text in TEXTS]
        assert tokens(one, TEXTS) == expected
        assert tokens(three, TEXTS) == expected
        assert tokens(three, ["another short text"]) == [["another", "short", "text"]]
        assert three._workers
        assert set(three.words) - {"another", "short"} == set(one.words)


def test_short_work_starts_no_process(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process for so little"))
    with TokenizerPool("basic_english", workers=8) as tokenizing:
        assert len(tokens(tokenizing, TEXTS)) == len(TEXTS)


def test_texts_are_not_read_far_ahead(monkeypatch):
    monkeypatch.setattr(pool, "CHUNK", 10)
    taken = []
    with TokenizerPool("whitespace", workers=2) as tokenizing:
        chunks = tokenizing.chunks(taken.append(i) or "ten letters" for i in range(1000))
        next(chunks)
        assert len(taken) < 30


def test_a_dead_worker_is_reported(monkeypatch):
    monkeypatch.setattr(pool, "CHUNK", 10)
    monkeypatch.setattr(pool, "_PROGRAM", "import sys; sys.exit(3)")
    with (
        TokenizerPool("whitespace", workers=2) as tokenizing,
        pytest.raises(EnvironmentProblem, match="A worker process that tokenizes texts died"),
    ):
        tokens(tokenizing, TEXTS)


@pytest.mark.parametrize("workers", [1, 2])
def test_words_without_end_are_refused(monkeypatch, workers):
    monkeypatch.setattr(pool, "CHUNK", 10)
    monkeypatch.setattr(pool, "LONGEST_WORDS", 2**20)
    texts = [chr(ord("a") + number % 26) * 2**17 for number in range(9)]
    with (
        TokenizerPool("whitespace", workers=workers) as tokenizers,
        pytest.raises(BadInput, match="of more than 1 million"),
    ):
        list(tokenizers.chunks(texts))
    with TokenizerPool("whitespace", workers=workers) as tokenizers:  # a word counts once, whatever worker has met it
        list(tokenizers.chunks(texts[:6] * 5))


class Halves:
    """A tokenizer that makes two pieces of a word, with a fixed vocabulary."""

    name, fingerprint, vocabulary = "halves", "1", ["a", "##b"]

    def pieces(self, text, most=None):
        if "fail" in text:
            raise RuntimeError("no more")
        words = [(match.start(), match.end()) for match in re.finditer(r"\S+", text)]
        halves = [
            (piece, start, end, word) for word, (start, end) in enumerate(words) for piece in (text[start], "##b")
        ][:most]
        pieces, starts, ends, of = zip(*halves, strict=True) if halves else ((),) * 4
        return Pieces(pieces, starts, ends, of, 2 * len(words))


def test_workers_use_the_tokenizer_of_a_plugin(monkeypatch):
    monkeypatch.setattr(pool, "CHUNK", 20)
    monkeypatch.setattr(pool, "_PROGRAM", f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); {PROGRAM}")
    monkeypatch.setattr(Halves, "__module__", "test_pool")
    monkeypatch.setitem(sys.modules, "test_pool", sys.modules[__name__])
    opened = OpenTokenizer(Halves(), "Tokenizer 'halves'")
    texts = ["ax ay", "", "bx"] * 60
    with TokenizerPool(opened, workers=2) as two:
        assert tokens(two, texts) == [["a", "##b", "a", "##b"], ["<unk>"], ["b", "##b"]] * 60
        assert two._workers
    with (
        TokenizerPool(opened, workers=2) as two,
        pytest.raises(BadInput, match="'halves' fails: RuntimeError: no more"),
    ):
        tokens(two, [*texts, "fail"] * 9)


def test_a_tokenizer_that_cannot_be_pickled_is_used_in_this_process(monkeypatch):
    monkeypatch.setattr(pool, "CHUNK", 20)
    source = Halves()
    source.lock = threading.Lock()
    with TokenizerPool(OpenTokenizer(source, "halves"), workers=2) as tokenizing:
        assert tokens(tokenizing, ["ax"] * 90) == [["a", "##b"]] * 90
        assert not tokenizing._workers
