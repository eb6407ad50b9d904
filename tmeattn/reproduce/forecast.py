"""What a reproduction will train, on what, and how long that takes: from earlier runs on this machine, or from a step
that is timed now."""

from __future__ import annotations

import socket
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tmeattn.config import TrainOptions
from tmeattn.cpu import default_threads
from tmeattn.data.encoding.encode import limited_rows
from tmeattn.errors import BadInput
from tmeattn.registry import registry
from tmeattn.reproduce.plan import Entry, Settings, needed_runs
from tmeattn.reproduce.targets import Target
from tmeattn.run_config import RunConfig, model_config, stored_config
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import epoch_events, started_event
from tmeattn.runs.reuse import ReusableRuns
from tmeattn.spacing import evenly_spaced
from tmeattn.specs import Dataset, ModelSpec
from tmeattn.training.run_data import open_data
from tmeattn.training.step_time import seconds_per_step

SAMPLE = 500
"""Texts whose length is counted."""
FORWARD = 1 / 3
"""The share of a training step that a batch takes in validation: the forward pass, half as long as the backward one."""

Progress = Literal["trained", "begun", "to train"]
Source = Literal["earlier runs", "a timed step"]


@dataclass(frozen=True)
class PlannedRun:
    """A run that a target needs.

    epochs:  planned, at most; done: those that are trained already.
    seconds: the expected time of the rest, at most; 0 for a trained run.
    source:  where the time is from; None for a trained run.
    """

    label: str
    model: str
    seed: int
    progress: Progress
    epochs: int
    done: int
    seconds: float
    source: Source | None


@dataclass(frozen=True)
class Forecast:
    """What a reproduction trains.

    texts, validation_texts: those that are trained and validated on; several numbers if the runs differ.
    """

    recipe: str
    dataset: str
    vectors: str
    texts: tuple[int, ...]
    validation_texts: tuple[int, ...]
    words: tuple[int, ...]
    quick: bool
    runs: tuple[PlannedRun, ...]

    @property
    def missing(self) -> list[PlannedRun]:
        """The runs that are not trained to their end yet."""
        return [run for run in self.runs if run.progress != "trained"]

    @property
    def seconds(self) -> float:
        """The expected time of all of it, at most: runs may stop early."""
        return sum(run.seconds for run in self.runs)


def forecast(
    target: Target,
    settings: Settings,
    runs: Iterable[RunDirectory],
    *,
    timed: Callable[..., float] = seconds_per_step,
) -> Forecast | None:
    """What the target will train; None for a target without runs.

    timed: measures the seconds of a step; called once for each kind of run that was never trained on this machine.

    Raises:
        BadInput, EnvironmentProblem: the data or the vectors are missing, or an option is not valid.
    """
    planned = needed_runs(target, settings)
    if not planned:
        return None
    known = list(runs)
    clock = _Clock(known, timed)
    reusable = ReusableRuns(known)
    found = [_planned_run(entry, config, reusable, clock) for entry, config in planned.values()]
    configs = [config for _, config in planned.values()]
    sizes = [clock.size(config.train) for config in configs]
    first = configs[0].train
    return Forecast(
        recipe=settings.recipe,
        dataset=first.dataset,
        vectors=first.vectors,
        texts=tuple(sorted({size.train for size in sizes})),
        validation_texts=tuple(sorted({size.validation for size in sizes})),
        words=tuple(sorted({config.train.max_length for config in configs})),
        quick=settings.quick,
        runs=tuple(found),
    )


def _planned_run(entry: Entry, config: RunConfig, reusable: ReusableRuns, clock: _Clock) -> PlannedRun:
    epochs = config.train.epochs
    existing = reusable.find(config, open_data(config.train)[1])
    if existing is not None and existing.is_over():
        return PlannedRun(entry.label, config.model, config.train.seed, "trained", epochs, epochs, 0.0, None)
    done = len(existing.events("epoch")) if existing is not None else 0
    seconds, source = clock.seconds_per_epoch(config)
    progress: Progress = "to train" if existing is None else "begun"
    rest = max(epochs - done, 0) * seconds
    return PlannedRun(entry.label, config.model, config.train.seed, progress, epochs, done, rest, source)


@dataclass(frozen=True)
class _Size:
    """Texts of both splits, mean words of a text that are read, classes, dimensions of a word vector."""

    train: int
    validation: int
    words: int
    classes: int
    vector_size: int


class _Clock:
    """Seconds of an epoch of a configuration, from the epochs of existing runs or from a timed step."""

    def __init__(self, runs: Iterable[RunDirectory], timed: Callable[..., float]) -> None:
        self._timed = timed
        self._measured: dict[tuple[object, ...], float] = {}
        self._sizes: dict[tuple[object, ...], _Size] = {}
        self._earlier: dict[tuple[object, ...], float] = {}
        for run in runs:
            if (known := _earlier(run)) is not None:
                self._earlier[known[0]] = known[1]

    def seconds_per_epoch(self, config: RunConfig) -> tuple[float, Source]:
        size = self.size(config.train)
        key = _cost_key(config, size.vector_size)
        if key in self._earlier:
            return self._earlier[key] * size.train, "earlier runs"
        if key not in self._measured:
            threads = _threads(config.train)
            self._measured[key] = self._timed(
                config, words=size.words, vector_size=size.vector_size, classes=size.classes, threads=threads
            )
        per_text = self._measured[key] / config.train.batch_size
        return per_text * (size.train + FORWARD * size.validation), "a timed step"

    def size(self, options: TrainOptions) -> _Size:
        key = (options.dataset, options.vectors, options.vector_size, options.limit, options.max_length, options.device)
        if key not in self._sizes:
            (dataset, _), data = open_data(options)
            self._sizes[key] = _size(dataset, options, data["vector_size"])
        return self._sizes[key]


def _size(dataset: Dataset, options: TrainOptions, vector_size: int) -> _Size:
    splits, classes = dataset.read(), len(dataset.classes)
    train, validation = (
        len(limited_rows(np.asarray(splits[name].labels), name, classes, options.limit))
        for name in ("train", "validation")
    )
    texts = splits["train"].texts
    lengths = [len(texts[index].split()) for index in evenly_spaced(len(texts), SAMPLE)]
    words = round(statistics.fmean(min(length, options.max_length) for length in lengths)) if lengths else 1
    return _Size(train, validation, words, classes, vector_size)


def _earlier(run: RunDirectory) -> tuple[tuple[object, ...], float] | None:
    """The cost key of a run of this machine, and its seconds for an epoch of one text; None if it has no epochs."""
    if run.status().get("host") != socket.gethostname():
        return None
    try:
        config = stored_config(run.id, run.config)
        model_config(config)
        key = _cost_key(config, run.data["vector_size"])
    except BadInput:
        return None
    events = list(run.figures())
    started, epochs = started_event(events), epoch_events(events)
    if started is None or not epochs or not started["train_texts"]:
        return None
    return key, statistics.median(epoch["seconds"] for epoch in epochs) / started["train_texts"]


def _cost_key(config: RunConfig, vector_size: int) -> tuple[object, ...]:
    """What determines the time that a model takes for a text: equal keys, about equal times."""
    train = config.train
    options = {key: value for key, value in config.model_options.items() if "dropout" not in key}
    return (
        config.model,
        tuple(sorted((key, str(value)) for key, value in options.items())),
        train.dataset,
        vector_size,
        train.batch_size,
        train.max_length,
        train.tune_embeddings,
        train.alpha > 0 and registry().get(ModelSpec, config.model).attention == "self",
        train.precision,
        train.device,
        _threads(train),
    )


def _threads(options: TrainOptions) -> int:
    return options.threads if isinstance(options.threads, int) else default_threads()
