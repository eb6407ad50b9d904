"""Trained runs read texts for the screens, all on one thread of their own: the only one that ever touches torch.

A screen awaits an answer and so never blocks; a question whose asker was cancelled before its turn is never worked on.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tmeattn.errors import BadInput, TmeattnError
from tmeattn.runs.index import all_runs

if TYPE_CHECKING:
    from pathlib import Path

    from tmeattn.explain.explanation import ExplainRequest, Explanation
    from tmeattn.inference.classifier import TrainedClassifier
    from tmeattn.runs.directory import RunDirectory
    from tmeattn.specs import ExplainerSpec, ModelSpec

LOADED = 4
"""Classifiers kept in memory: two beside each other, and the two before."""
CHUNK = 64
"""Texts predicted in one turn: a question from another screen waits for no more than these."""

Answer = TypeVar("Answer")
Weights = tuple["Path", str, int]


@dataclass(frozen=True)
class LabelledText:
    """A text that one screen asks Explain to show, and the name of its true class where it is known."""

    text: str
    true_label: str | None = None


@dataclass(frozen=True)
class ModelCapabilities:
    """What can be asked of a run: its classes, every explainer with the reason why it cannot serve the model (None
    where it can), and how many heads each layer of self-attention has."""

    classes: tuple[str, ...]
    methods: tuple[tuple[ExplainerSpec, str | None], ...]
    heads: tuple[int, ...]


class TextReader:
    """Loaded classifiers behind one thread. `close` it when the app ends."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reading")
        self._loaded: OrderedDict[Weights, TrainedClassifier] = OrderedDict()
        self._predicted: OrderedDict[tuple[Weights, str], np.ndarray] = OrderedDict()

    def close(self) -> None:
        """Drop what waits; what is being worked on ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def explain(self, run: RunDirectory, request: ExplainRequest) -> Explanation:
        """The prediction and its words' scores; offsets are those of `request.text`.

        Raises:
            TmeattnError: the run cannot be read, or the text cannot be explained, in one line.
        """
        return await self._ask(run, lambda classifier: _explain(classifier, request))

    async def abilities(self, run: RunDirectory) -> ModelCapabilities:
        """What the run's model can be asked. Raises `TmeattnError` where the run cannot be read."""
        return await self._ask(run, _abilities)

    async def count_parameters(self, spec: ModelSpec) -> int | None:
        """Of a model's default configuration. Raises `TmeattnError` where it cannot be built."""
        return await asyncio.wrap_future(self._thread.submit(_count_parameters, spec))

    async def probabilities(self, run: RunDirectory, texts: Sequence[str]) -> np.ndarray:
        """(N, C) class probabilities of a few texts. Raises `TmeattnError` where the run cannot be read."""
        return await self._ask(run, lambda classifier: classifier.probabilities(texts))

    async def predict(
        self,
        run: RunDirectory,
        key: str,
        texts: Sequence[str],
        rows: Sequence[int],
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> np.ndarray:
        """(N, C) probabilities of all N texts, NaN where not asked for yet; what was once predicted stays.
        All answers are one array, so that an earlier one can be watched while it is filled.

        rows: which texts must be there when this returns, in the order of their urgency. key: names the list of texts.
        progress: called after every `CHUNK` with how many of the missing ones are done, and how many there are.

        Raises:
            TmeattnError: the run cannot be read.
        """
        found = await self._ask(run, lambda classifier: self._table(run, key, len(texts), len(classifier.classes)))
        asked = np.asarray(rows, dtype=np.int64)
        missing = asked[np.isnan(found[asked, 0])]
        for start in range(0, len(missing), CHUNK):
            chunk = missing[start : start + CHUNK]
            found[chunk] = await self.probabilities(run, [texts[row] for row in chunk.tolist()])
            progress(start + len(chunk), len(missing))
        return found

    def _table(self, run: RunDirectory, key: str, texts: int, classes: int) -> np.ndarray:
        place = (_weights(run), key)
        if place not in self._predicted:
            self._predicted[place] = np.full((texts, classes), np.nan, dtype=np.float32)
            while len(self._predicted) > LOADED:
                self._predicted.popitem(last=False)
        return self._predicted[place]

    async def _ask(self, run: RunDirectory, question: Callable[[TrainedClassifier], Answer]) -> Answer:
        return await asyncio.wrap_future(self._thread.submit(self._answer, run, question))

    def _answer(self, run: RunDirectory, question: Callable[[TrainedClassifier], Answer]) -> Answer:
        """On the reading thread: whatever goes wrong with a run becomes one line, and the screen lives on."""
        try:
            return question(self._classifier(run))
        except TmeattnError:
            raise
        except Exception as error:
            raise BadInput(f"The run {run.id} cannot be read: {type(error).__name__}: {error}.") from error

    def _classifier(self, run: RunDirectory) -> TrainedClassifier:
        """The run's best weights of now: of a run that still trains, those of its best epoch so far."""
        import torch

        from tmeattn.inference.classifier import TrainedClassifier

        torch.set_num_threads(1)  # more would spin against a run that trains
        weights = _weights(run)
        if weights not in self._loaded:
            self._loaded[weights] = TrainedClassifier(run)
            while len(self._loaded) > LOADED:
                self._loaded.popitem(last=False)
        self._loaded.move_to_end(weights)
        return self._loaded[weights]


def readable_runs() -> list[tuple[RunDirectory, str]]:
    """Runs with a checkpoint, the newest first, each with its name or nothing."""
    return [(run, run.name or "") for run in all_runs() if run.has_checkpoint()]


def _weights(run: RunDirectory) -> Weights:
    """Which weights a classifier would load now.

    Raises:
        BadInput: the run was deleted, or has no checkpoint.
    """
    for name in ("best", "last", "previous"):
        try:
            return run.path, name, (run.checkpoints / f"{name}.safetensors").stat().st_mtime_ns
        except OSError:
            continue
    if not run.path.is_dir():
        raise BadInput(f"The run {run.id} is gone: its folder was deleted.", hint="Choose another run.")
    raise BadInput(f"The run {run.id} has no checkpoint yet.", hint="Its first is written when an epoch ends.")


def _count_parameters(spec: ModelSpec) -> int | None:
    from tmeattn.models.building import count_parameters

    try:
        return count_parameters(spec)
    except TmeattnError:
        raise
    except Exception as error:  # a plugin's model
        raise BadInput(f"The model {spec.name} cannot be built: {type(error).__name__}: {error}.") from error


def _explain(classifier: TrainedClassifier, request: ExplainRequest) -> Explanation:
    from tmeattn.explain.explain import explain

    return explain(classifier, request)


def _abilities(classifier: TrainedClassifier) -> ModelCapabilities:
    from tmeattn.explain.compatibility import methods_for

    return ModelCapabilities(classifier.classes, tuple(methods_for(classifier)), classifier.heads)
