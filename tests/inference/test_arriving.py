"""A pipe whose lines are answered as they arrive, and several files of one export."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.killed_predictions import Lengths

from tmeattn.data.readers import text_input
from tmeattn.data.readers.text_input import TextInput
from tmeattn.errors import BadInput
from tmeattn.inference.prediction_job import PredictionJob
from tmeattn.inference.streaming import stream_predictions

FORMS = {
    "txt": ["one text\n", "two\nthree\n", "four\n"],
    "csv": ["text,id\n", "one text,1\ntwo,2\n", 'three,3\n"fo\n', 'ur",4\n'],
    "tsv": ["text\tid\n", "one text\t1\n", "two\t2\nthree\t3\nfour\t4\n"],
    "jsonl": ['{"text": "one text"}\n{"text": "two"}\n', '{"text": "three"}\n', '{"text": "four"}\n'],
}


class Pipe(io.RawIOBase):
    """A pipe that gives a part at a time; `before` is called before each of them."""

    def __init__(self, parts: list[str], before: Callable[[], None]) -> None:
        super().__init__()
        self.parts, self.before = [part.encode() for part in parts], before

    def read1(self, size: int) -> bytes:
        self.before()
        return self.parts.pop(0) if self.parts else b""


def job_of(kind: str, pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> PredictionJob:
    monkeypatch.setattr(text_input, "_standard_input", lambda: pipe)
    opened = TextInput(format=kind).open_arriving()
    assert opened is not None
    return PredictionJob(*opened[:2], arriving=opened[2])


@pytest.mark.parametrize("kind", FORMS)
def test_each_part_is_answered_before_the_next_is_waited_for(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answered: list[int] = []
    told: list[str] = []

    def before() -> None:
        told.extend(capsys.readouterr().out.splitlines())
        answered.append(len(told))

    summary = stream_predictions(job_of(kind, Pipe(FORMS[kind], before), monkeypatch), Lengths())  # type: ignore[arg-type]
    assert answered == {"txt": [0, 1, 3, 4], "csv": [0, 0, 2, 3, 4], "tsv": [0, 0, 1, 4], "jsonl": [0, 2, 3, 4]}[kind]
    assert [json.loads(line)["record"] for line in told] == [1, 2, 3, 4]
    assert summary.texts == 4


def test_errors_come_after_the_answers(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    job = job_of("jsonl", Pipe(['{"text": "one"}\nno\n', '{"text": "two"}\n'], lambda: None), monkeypatch)
    with pytest.raises(BadInput, match="line 2: it is not JSON"):
        stream_predictions(job, Lengths())  # type: ignore[arg-type]
    assert len(capsys.readouterr().out.splitlines()) == 1

    class Broken(Lengths):
        def probabilities(self, texts: list[str]) -> Any:
            raise BrokenPipeError

    job = job_of("txt", Pipe(["a\n", "b\n"], lambda: None), monkeypatch)
    with pytest.raises(BrokenPipeError):
        stream_predictions(job, Broken())  # type: ignore[arg-type]


def test_a_file_is_all_there(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("a\n")
    assert TextInput(tmp_path / "in.txt").open_arriving() is None
