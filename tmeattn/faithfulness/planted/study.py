"""The table of planted shortcuts: what `tmeattn faithfulness --planted` does, from its options to its results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tmeattn.errors import BadInput
from tmeattn.faithfulness.estimates import estimate
from tmeattn.faithfulness.planted.finding import Checked, Progress, assessed_methods, check_run, precisions
from tmeattn.faithfulness.planted.results import PlantedResults, PlantedRow
from tmeattn.faithfulness.planted.shortcuts import COUNT, KINDS
from tmeattn.faithfulness.planted.texts import PlantedData, read_base, write_planted
from tmeattn.faithfulness.planted.training import Narrate, PlantedRuns, Watch, WatchAll, wanted_runs
from tmeattn.faithfulness.results import CONTROL
from tmeattn.registry import registry
from tmeattn.specs import ExplainerSpec, ModelSpec

ALL = "all"
DATASET = "rotten-tomatoes"
TRAIN_TEXTS = 3000


@dataclass(frozen=True)
class PlantedOptions:
    """The options of the table.

    models:      names of models, or `all` for every registered one.
    methods:     names of methods; None: all that rank words. Each is assessed on the models that it works with.
    limit:       the number of texts that are explained for each model and kind, at most.
    dataset:     the dataset whose texts get shortcuts.   train_texts: how many of them to train on.
    options:     of `tmeattn train`, for the models that have them.
    jobs:        how many runs are trained at the same time.
    """

    models: tuple[str, ...]
    methods: tuple[str, ...] | None = None
    limit: int = 50
    dataset: str = DATASET
    train_texts: int = TRAIN_TEXTS
    seeds: tuple[int, ...] = (0,)
    options: Mapping[str, Any] = field(default_factory=dict)
    jobs: int | None = None


def planted_table(
    options: PlantedOptions, *, progress: Progress, watch: Watch, watch_all: WatchAll | None, narrate: Narrate
) -> PlantedResults:
    """Train the models on texts with planted shortcuts, and measure which methods find the shortcuts.

    progress: called with the number of assessed runs and the number of all runs.

    Raises:
        UnknownName: there is no such model, method or dataset.
        BadInput: an option does not fit.
        Interrupted: training was stopped; the same call continues it.
    """
    every = [spec.name for spec in registry().all(ModelSpec)]
    models = every if options.models == (ALL,) else [registry().get(ModelSpec, name).name for name in options.models]
    _check_methods(options.methods or (), models)
    base = read_base(options.dataset, options.train_texts, narrate)
    data = {kind: write_planted(base, kind) for kind in KINDS}
    wanted = wanted_runs(list(data.values()), models, options.seeds, options.options)
    runs = PlantedRuns(wanted, watch=watch, narrate=narrate, jobs=options.jobs).train(watch_all)
    rows, done = [], 0
    for kind in KINDS:
        for model in models:
            needed = [runs[each.key] for each in wanted if (each.kind, each.model) == (kind, model)]
            checked = [check_run(run, data[kind], options.limit) for run in needed]
            rows.append(_row(data[kind], model, checked, options.methods))
            done += 1
            progress(done, len(KINDS) * len(models))
    return PlantedResults(
        options.dataset,
        (base.classes[0], base.classes[1]),
        base.words.all(),
        len(base.splits["train"]),
        tuple(rows),
    )


def _row(data: PlantedData, model: str, checked: Sequence[Checked], methods: Sequence[str] | None) -> PlantedRow:
    """The row of a kind and a model. The value of a text is the mean over the seeds that have learned the shortcut."""
    learned = [each for each in checked if each.result.learned and each.classifier is not None and each.marked]
    numbers = sorted({number for each in learned for number in each.marked})
    values: dict[str, np.ndarray] = {}
    passed_over: list[tuple[str, str]] = []
    for at, each in enumerate(learned):
        assert each.classifier is not None
        specs, passed_over = assessed_methods(each.classifier, methods)
        for spec in specs:
            table_SN = values.setdefault(spec.name, np.full((len(learned), len(numbers)), math.nan))
            found = precisions(each.classifier, spec, list(each.marked.values()))
            table_SN[at, np.searchsorted(numbers, list(each.marked))] = found
    means = {name: list(np.nanmean(table_SN, axis=0)) for name, table_SN in values.items()}
    control = means.get(CONTROL)
    precision = {
        name: estimated
        for name, values_N in means.items()
        if (estimated := estimate(values_N, None if name == CONTROL else control)) is not None
    }
    lengths = [len(marked.planted_N) for each in learned for marked in each.marked.values()]
    return PlantedRow(
        kind=data.kind,
        model=model,
        count=COUNT[data.kind],
        runs=tuple(each.result for each in checked),
        texts=len(numbers),
        words=float(np.mean(lengths)) if lengths else None,
        chance=float(np.mean([COUNT[data.kind] / length for length in lengths])) if lengths else None,
        precision=precision,
        passed_over=tuple(passed_over),
    )


def _check_methods(methods: Sequence[str], models: Sequence[str]) -> None:
    """Check that each named method may work with one of the models.

    Raises:
        UnknownName: there is no such method.
        BadInput: none of the models has the attention that it needs.
    """
    kinds = {registry().get(ModelSpec, name).attention for name in models}
    for name in methods:
        spec = registry().get(ExplainerSpec, name)
        needed = {"self"} if spec.needs_maps else {"self", "pool"} if spec.needs_attention else kinds
        if not needed & kinds:
            what = "self-attention" if spec.needs_maps else "attention"
            raise BadInput(f"The method {name!r} cannot be used: no model of --planted has {what}.")
