"""Streaming prediction from Python: `tests/cli/test_predict.py` has the command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tmeattn
from tmeattn.data.readers.text_input import TextInput
from tmeattn.errors import BadInput
from tmeattn.inference import streaming
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.prediction_job import PredictionJob
from tmeattn.inference.streaming import stream_predictions
from tmeattn.runs.directory import RunDirectory
from tmeattn.training import resources
from tmeattn.training.resources import peak_memory

TEXTS = ["a good film", "a bad film"] * 10
pytestmark = pytest.mark.usefixtures("small_chunks")


@pytest.fixture
def json_lines(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    return path


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_file_is_classified_from_python(trained: RunDirectory, json_lines: Path, tmp_path: Path) -> None:
    model, output = tmeattn.load(trained.path), tmp_path / "out.jsonl"
    summary = model.predict_file(json_lines, output)
    assert (summary.texts, summary.skipped) == (20, ())
    assert summary.seconds > 0
    assert [row["label"] for row in rows(output)] == [one.label for one in model.predict(TEXTS)]
    with pytest.raises(BadInput, match="exists already"):
        model.predict_file(json_lines, output)


def test_progress_and_messages_are_callbacks(trained: RunDirectory, json_lines: Path, tmp_path: Path) -> None:
    classifier, output, done = TrainedClassifier(trained), tmp_path / "out.csv", []
    good = json_lines.read_text()
    json_lines.write_text("".join(good.splitlines(keepends=True)[:10]) + "no json\n" + good)
    job = PredictionJob(*TextInput(json_lines).open(), output)
    with pytest.raises(BadInput, match=r"line 11.*10 rows before it are in .*out.csv.part"):
        stream_predictions(job, classifier, progress=done.append)
    assert done == [7, 3]
    messages: list[str] = []
    job = PredictionJob(*TextInput(json_lines).open(), output, skip_bad=True, resume=True)
    summary = stream_predictions(job, classifier, narrate=messages.append)
    assert (summary.texts, summary.skipped) == (20, (11,))
    assert messages == ["Continuing after line 10."]
    assert len(output.read_text().splitlines()) == 31
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["in.jsonl", "out.csv"]


def test_without_a_measure_of_memory_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (peak_memory() or 0) > 2**20
    monkeypatch.setitem(sys.modules, "resource", None)
    monkeypatch.setattr(resources, "_STATUS", Path("missing"))
    assert peak_memory() is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere, the system does not report it")
def test_the_peak_of_memory_is_not_that_of_the_process_that_starts_this_one() -> None:
    large = "import subprocess, sys; b'a' * 300_000_000; subprocess.run(sys.argv[1:], check=True)"
    small = "from tmeattn.training.resources import peak_memory; print(peak_memory())"
    command = [sys.executable, "-c", large, sys.executable, "-c", small]
    assert int(subprocess.check_output(command)) < 200_000_000


def test_long_texts_are_classified_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "CHUNK_CHARACTERS", 100)
    rows = [(number, "x" * length) for number, length in enumerate([60, 60, 1, 200, 1, 1])]
    assert [[len(text) for _, text in chunk] for chunk in streaming._chunks(iter(rows))] == [[60, 60], [1, 200], [1, 1]]
