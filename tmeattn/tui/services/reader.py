"""Predictions and explanations for the screens, computed by trained runs on one thread, the only one that uses torch.

A screen awaits the result, so the event loop never blocks. A call that is cancelled before its turn is never computed.
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
from tmeattn.foreign import plugin_error
from tmeattn.runs.index import all_runs
from tmeattn.tui.services import garbage

if TYPE_CHECKING:
    from pathlib import Path

    from tmeattn.explain.attention_map import AttentionMap, HeadOverview
    from tmeattn.explain.explanation import ExplainRequest, Explanation
    from tmeattn.inference.classifier import TrainedClassifier
    from tmeattn.runs.directory import RunDirectory
    from tmeattn.specs import ExplainerSpec, ModelSpec

LOADED = 4
"""Classifiers kept in memory: the two of a comparison, and the two before."""
CHUNK = 64
"""Texts predicted in one turn: a call from another screen waits for these at most."""

Result = TypeVar("Result")
Weights = tuple["Path", str, int]


@dataclass(frozen=True)
class ModelCapabilities:
    """The classes, methods and heads that the model of a run supports.

    classes: the names of its classes. methods: every explainer, with the reason why it does not support the model, or
    None. heads: the number of heads of each self-attention layer. default: the name of the method that is used where
    none is chosen.
    """

    classes: tuple[str, ...]
    methods: tuple[tuple[ExplainerSpec, str | None], ...]
    heads: tuple[int, ...]
    default: str = "attention"


class TextReader:
    """Loaded classifiers behind one thread. Call `close` when the application ends."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reading")
        self._loaded: OrderedDict[Weights, TrainedClassifier] = OrderedDict()
        self._predicted: OrderedDict[tuple[Weights, str], np.ndarray] = OrderedDict()

    def close(self) -> None:
        """Cancel the calls that wait; the present one ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def explain(self, run: RunDirectory, request: ExplainRequest) -> Explanation:
        """Predict a text and score its words; the offsets are those of `request.text`.

        Raises:
            TmeattnError: the run cannot be read, or the text cannot be explained, in one line.
        """
        return await self._submit(run, lambda classifier: _explain(classifier, request))

    async def attention_map(self, run: RunDirectory, request: ExplainRequest) -> AttentionMap:
        """The attention map of a text, by the layer and head of the request. Raises `TmeattnError` as `explain`."""
        return await self._submit(run, lambda classifier: _attention_map(classifier, request))

    async def head_overview(self, run: RunDirectory, request: ExplainRequest) -> HeadOverview:
        """The maps of all heads in small. Raises `TmeattnError` as `explain`."""
        return await self._submit(run, lambda classifier: _head_overview(classifier, request))

    async def own_text(self, run: RunDirectory, index: int = 0) -> tuple[str, str | None]:
        """A validation text of the run's dataset, and the name of its class. Raises `TmeattnError` without data."""
        return await self._submit(run, lambda classifier: _own_text(classifier, index))

    async def capabilities(self, run: RunDirectory) -> ModelCapabilities:
        """The capabilities of the run's model. Raises `TmeattnError` where the run cannot be read."""
        return await self._submit(run, _capabilities)

    async def count_parameters(self, spec: ModelSpec) -> int | None:
        """Trainable parameters of a model's default configuration. Raises `TmeattnError` where it cannot be built."""
        return await asyncio.wrap_future(self._thread.submit(_count_parameters, spec))

    async def probabilities(self, run: RunDirectory, texts: Sequence[str]) -> np.ndarray:
        """(N, C) class probabilities of a few texts. Raises `TmeattnError` where the run cannot be read."""
        return await self._submit(run, lambda classifier: classifier.probabilities(texts))

    async def predict(
        self,
        run: RunDirectory,
        key: str,
        texts: Sequence[str],
        rows: Sequence[int],
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> np.ndarray:
        """(N, C) probabilities of all N texts, NaN for texts not predicted yet. Earlier predictions are kept.

        Every call returns the same array for the same texts, so that a caller can read it while it is filled.

        key:      a name for the list of texts.
        rows:     the texts to predict before this returns, in this order.
        progress: called after every `CHUNK` with the number of texts predicted by this call, and their total.

        Raises:
            TmeattnError: the run cannot be read.
        """
        probabilities_NC = await self._submit(
            run, lambda classifier: self._table(run, key, len(texts), len(classifier.classes))
        )
        wanted = np.asarray(rows, dtype=np.int64)
        missing = wanted[np.isnan(probabilities_NC[wanted, 0])]
        for start in range(0, len(missing), CHUNK):
            chunk = missing[start : start + CHUNK]
            probabilities_NC[chunk] = await self.probabilities(run, [texts[row] for row in chunk.tolist()])
            progress(start + len(chunk), len(missing))
        return probabilities_NC

    async def call(self, call: Callable[[], Result]) -> Result:
        """The result of a call that uses torch with one thread. Raises what the call raises."""
        return await asyncio.wrap_future(self._thread.submit(_with_one_thread, call))

    def _table(self, run: RunDirectory, key: str, texts: int, classes: int) -> np.ndarray:
        place = (_weights(run), key)
        if place not in self._predicted:
            self._predicted[place] = np.full((texts, classes), np.nan, dtype=np.float32)
            while len(self._predicted) > LOADED:
                self._predicted.popitem(last=False)
        return self._predicted[place]

    async def _submit(self, run: RunDirectory, call: Callable[[TrainedClassifier], Result]) -> Result:
        return await asyncio.wrap_future(self._thread.submit(self._call, run, call))

    def _call(self, run: RunDirectory, call: Callable[[TrainedClassifier], Result]) -> Result:
        """Runs on the thread. Every error of a run becomes a one-line `BadInput`, so that the screen survives it."""
        try:
            return call(self._classifier(run))
        except TmeattnError:
            raise
        except BaseException as error:  # a plugin's code may raise anything
            raise plugin_error(error, f"The run {run.id}", "cannot be read") from error

    def _classifier(self, run: RunDirectory) -> TrainedClassifier:
        """The run's best weights so far."""
        import torch

        from tmeattn.inference.classifier import TrainedClassifier

        torch.set_num_threads(1)  # more threads would spin and slow a run that is being trained
        weights = _weights(run)
        if weights not in self._loaded:
            self._loaded[weights] = TrainedClassifier(run)
            garbage.keep()
            while len(self._loaded) > LOADED:
                self._loaded.popitem(last=False)
        self._loaded.move_to_end(weights)
        return self._loaded[weights]


def _with_one_thread(call: Callable[[], Result]) -> Result:
    import torch

    torch.set_num_threads(1)  # more threads would spin and slow a run that is being trained
    return call()


def readable_runs() -> list[tuple[RunDirectory, str]]:
    """Runs with a checkpoint, the newest first, each with its name or an empty text."""
    return [(run, run.name or "") for run in all_runs() if run.has_checkpoint()]


def weights_key(run: RunDirectory) -> str:
    """A name for the weights of a run that a classifier loads now. Raises `BadInput` without any."""
    _, name, time_ns = _weights(run)
    return f"{name}-{time_ns:x}"


def _weights(run: RunDirectory) -> Weights:
    """The path, name and time of the weights that a classifier loads now.

    Raises:
        BadInput: the run was deleted, or has no checkpoint.
    """
    for name in ("best", "last", "previous"):
        try:
            return run.path, name, (run.checkpoints / f"{name}.safetensors").stat().st_mtime_ns
        except OSError:
            continue
    if not run.path.is_dir():
        raise BadInput(f"The run {run.id} was deleted.", hint="Choose another run.")
    raise BadInput(
        f"The run {run.id} has no checkpoint yet.", hint="The first checkpoint is saved after the first epoch."
    )


def _count_parameters(spec: ModelSpec) -> int | None:
    from tmeattn.models.building import count_parameters

    try:
        return count_parameters(spec)
    except TmeattnError:
        raise
    except BaseException as error:  # a plugin's model
        raise plugin_error(error, f"The model {spec.name}", "cannot be built") from error


def _explain(classifier: TrainedClassifier, request: ExplainRequest) -> Explanation:
    from tmeattn.explain.explain import explain

    return explain(classifier, request)


def _attention_map(classifier: TrainedClassifier, request: ExplainRequest) -> AttentionMap:
    from tmeattn.explain.maps import attention_map

    return attention_map(classifier, request)


def _head_overview(classifier: TrainedClassifier, request: ExplainRequest) -> HeadOverview:
    from tmeattn.explain.maps import head_overview

    return head_overview(classifier, request)


def _own_text(classifier: TrainedClassifier, index: int) -> tuple[str, str | None]:
    from tmeattn.explain.explain import dataset_text

    return dataset_text(classifier, index)


def _capabilities(classifier: TrainedClassifier) -> ModelCapabilities:
    from tmeattn.explain.compatibility import default_method, methods_with_reasons

    default = default_method(classifier, None, None)[0].name
    return ModelCapabilities(classifier.classes, tuple(methods_with_reasons(classifier)), classifier.heads, default)
