"""Streaming predictions by a classifier without torch, also interrupted ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.killed_predictions import Lengths
from tmeattn.data.readers.text_input import TextInput
from tmeattn.errors import TmeattnError
from tmeattn.inference.prediction_job import PredictionJob
from tmeattn.inference.streaming import StreamSummary, stream_predictions


def predict(
    table: Path, output: Path, classifier: Any = None, said: list[str] | None = None, **options: Any
) -> StreamSummary:
    column = options.pop("column", "text")
    job = PredictionJob(*TextInput(table, None, column).open(), output, **options)
    narrate = (lambda line: None) if said is None else said.append
    return stream_predictions(job, classifier or Lengths(), narrate=narrate)


def undisturbed(table: Path, tmp_path: Path, name: str = "out.csv") -> bytes:
    whole = tmp_path / f"whole-{name}"
    predict(table, whole)
    data = whole.read_bytes()
    whole.unlink()
    return data


class Stops(Lengths):
    """Is interrupted at a chunk."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left = at

    def probabilities(self, texts: list[str]) -> Any:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt
        return super().probabilities(texts)


def interrupt(table: Path, output: Path, at: int = 3, **options: Any) -> None:
    with pytest.raises(TmeattnError, match="Stopped after"):
        predict(table, output, Stops(at), **options)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
