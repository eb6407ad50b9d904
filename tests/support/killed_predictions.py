"""Streaming predictions that are killed at every step of writing, and continued.

`python tests/support/killed_predictions.py IN OUT` prints the number of kills.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tmeattn.data.readers.text_input import TextInput
from tmeattn.inference import prediction_file, streaming
from tmeattn.inference.prediction_file import PredictionFile
from tmeattn.inference.prediction_job import PredictionJob
from tmeattn.inference.streaming import stream_predictions


class Lengths:
    """A classifier of the length of a text, without torch."""

    classes: tuple[str, ...] = ("odd", "even")

    def __init__(self, *, run: str = "r1", weights: str = "w1") -> None:
        self.run_id, self.weights = run, weights

    def weights_hash(self) -> str:
        return self.weights

    def probabilities(self, texts: list[str]) -> Any:
        return np.array([[0.25, 0.75] if len(text) % 2 else [0.75, 0.25] for text in texts])


def killed_at(moment: int, act: Callable[[], object]) -> bool:
    """Run `act` in a process that is killed at its `moment`-th step of writing; whether it came that far."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    try:
        _count_down(moment)
        act()
        os._exit(0)
    finally:
        os._exit(1)


def _count_down(moment: int) -> None:
    left = [moment]

    def step() -> None:
        left[0] -= 1
        if not left[0]:
            os._exit(9)

    def around(whole: Any, before: Callable[..., object] = lambda *_: None) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            step()
            before(*arguments)
            step()
            whole(*arguments, **options)
            step()

        return call

    def half(file: PredictionFile, data: bytes) -> None:
        os.write(file._file.fileno(), data[: len(data) // 2])  # type: ignore[union-attr]
        step()
        os.lseek(file._file.fileno(), -(len(data) // 2), os.SEEK_CUR)  # type: ignore[union-attr]

    def temporary(path: Path, data: bytes) -> None:
        path.with_name(f".{path.name}.{os.getpid()}.tmp").write_bytes(data[:9])

    PredictionFile._write = around(PredictionFile._write, half)  # type: ignore[method-assign]
    prediction_file.write_atomically = around(prediction_file.write_atomically, temporary)
    Path.replace = around(Path.replace)  # type: ignore[method-assign]
    Path.unlink = around(Path.unlink)  # type: ignore[method-assign]


def main(table: Path, output: Path) -> int:
    """Kill a prediction at every step and continue it; the number of kills."""
    streaming.CHUNK = 7
    os.fsync = lambda file: None  # a killed process loses nothing of the page cache

    def predict(**options: Any) -> None:
        stream_predictions(PredictionJob(*TextInput(table).open(), output, **options), Lengths())  # type: ignore[arg-type]

    predict()
    expected, moment = output.read_bytes(), 1
    output.unlink()
    others = {path.name for path in output.parent.iterdir()}
    while killed_at(moment, predict):
        left = {path.name for path in output.parent.iterdir()} - others
        begun = bool(left & {f"{output.name}.part", f"{output.name}.part.json"})
        if begun or not output.exists():  # else only the very last step was missing, which had nothing to do
            predict(resume=begun)
        assert output.read_bytes() == expected, (moment, left)
        found = {path.name for path in output.parent.iterdir()} - others
        assert found == {output.name}, (moment, left, found)
        output.unlink()
        moment += 1
    return moment - 1


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), Path(sys.argv[2])))
