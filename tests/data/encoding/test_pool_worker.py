"""Words are numbered once, in the order of their first occurrence."""

import io
import pickle
import signal
from types import SimpleNamespace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tmeattn.data.encoding import pool_worker
from tmeattn.data.encoding.pool_worker import WordNumbering
from tmeattn.data.encoding.tokenizers import whitespace


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


def test_a_worker_answers_each_piece_until_its_input_ends(monkeypatch):
    source, answers = io.BytesIO(), io.BytesIO()
    for frame in (pickle.dumps(whitespace()), ["A good film", ""], ["good again"]):
        pool_worker.send(source, frame)
    source.seek(0)
    ignored = []
    monkeypatch.setattr(pool_worker.signal, "signal", lambda *arguments: ignored.append(arguments))
    process = SimpleNamespace(
        argv=["worker", "<unk>"],
        stdin=SimpleNamespace(buffer=source),
        stdout=SimpleNamespace(buffer=answers),
        stderr=None,
    )
    monkeypatch.setattr(pool_worker, "sys", process)
    pool_worker.work()
    answers.seek(0)
    found = [pool_worker.receive(answers) for _ in range(3)]
    assert [words for words, _, _ in found[:2]] == [["<unk>", "a", "good", "film"], ["again"]]
    assert np.frombuffer(found[1][1], np.int32).tolist() == [2, 4]
    assert np.frombuffer(found[0][2], np.int32).tolist() == [3, 1]
    assert found[2] is None
    assert ignored == [(signal.SIGINT, signal.SIG_IGN)]


def test_a_frame_that_is_cut_short_is_the_end():
    frame = io.BytesIO()
    pool_worker.send(frame, ["a"])
    for length in range(len(frame.getvalue())):
        assert pool_worker.receive(io.BytesIO(frame.getvalue()[:length])) is None
