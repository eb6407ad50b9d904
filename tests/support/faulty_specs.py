"""Functions of plugins with one fault each, which specs name as "support.faulty_specs:x", for the checks of plugins."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tmeattn.specs import Dataset, Split, WordVectors

_counter = itertools.count()


def _dataset(fingerprint: str, train: Sequence[str]) -> Dataset:
    splits = {"train": Split(train, [0, 1]), "validation": Split(["snow again", "sun again"], [0, 1])}
    return Dataset("faulty", ("cold", "warm"), fingerprint, lambda: splits)


def changing_fingerprint() -> Dataset:
    return _dataset(f"faulty-{next(_counter)}", ["snow", "sun"])


def changing_texts() -> Dataset:
    return _dataset("faulty-1", [f"snow {next(_counter)}", "sun"])


def shared_text() -> Dataset:
    return _dataset("faulty-1", ["snow again", "sun"])


def _vectors(lookup: Callable[[Sequence[str]], tuple[np.ndarray, np.ndarray]], size: int = 3) -> WordVectors:
    return WordVectors("faulty", size, "faulty-1", lookup)


def _look_up(words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    known = np.array([word == "film" for word in words])
    return np.where(known[:, None], 1.0, 0.0).repeat(3, axis=1).astype(np.float32), known


def sound_vectors() -> WordVectors:
    return _vectors(_look_up)


def vectors_of_another_size() -> WordVectors:
    return _vectors(_look_up, size=4)


def vectors_of_float64() -> WordVectors:
    return _vectors(lambda words: (_look_up(words)[0].astype(np.float64), _look_up(words)[1]))


def vectors_of_unknown_words() -> WordVectors:
    return _vectors(lambda words: (np.ones((len(words), 3), np.float32), _look_up(words)[1]))


def random_scores(classifier: Any, texts: Sequence[Any], target: int | None) -> list[np.ndarray]:
    return [np.full(len(text.spans), float(next(_counter))) for text in texts]


def random_tracker(run: Any) -> Callable[[Any], None]:
    import torch

    def draw(event: Any) -> None:
        torch.rand(1)

    return draw


def tracker_of_whole_runs(run: Any) -> Callable[[Any], None]:
    """A tracker that works for a finished run only."""
    import threading

    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("not in this thread")
    return lambda event: None
