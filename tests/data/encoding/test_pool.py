"""Several worker processes number words like a single process."""

import subprocess

import numpy as np
import pytest

from tmeattn.data.encoding import pool
from tmeattn.data.encoding.open_tokenizer import open_tokenizer as tokenizer
from tmeattn.data.encoding.pool import TokenizerPool
from tmeattn.errors import BadInput, EnvironmentProblem

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
