"""The number of epochs where the user gives none: few texts need more epochs than many to be learnt.

The recipe modern was tuned on the 20,000 training texts of imdb-25k, whose epochs have 313 steps. On 2,000 texts, its
five epochs have 160 steps, after which a model still underfits. Such a run gets as many epochs as have `LEAST_STEPS`
steps, and `--patience` ends it as soon as the validation accuracy does not rise any more.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tmeattn.data.encoding.encode import limited_rows
from tmeattn.foreign import plugin_call
from tmeattn.run_config import RunConfig
from tmeattn.specs import Dataset

LEAST_STEPS = 600
"""Steps of a run by default, at least; fewer than those of every recipe modern on imdb-25k."""
MOST_EPOCHS = 60
"""Epochs by default, at most: of very few texts, the validation accuracy says little after each of more epochs."""
TUNED = frozenset({"imdb-25k", "imdb"})
"""The datasets on which the recipes were tuned, also with `--limit`."""


def with_fitting_epochs(config: RunConfig, dataset: Dataset, narrate: Callable[[str], None]) -> RunConfig:
    """The configuration with the epochs that fit the number of training texts, where its own are the recipe's. Raises
    as `Dataset.read`."""
    train = config.train
    if train.recipe != "modern" or train.dataset in TUNED:
        return config
    with plugin_call(f"Dataset {dataset.name}", "cannot be read"):
        labels = np.asarray(dataset.read()["train"].labels)
    texts = len(limited_rows(labels, "train", len(dataset.classes), train.limit))
    steps = math.ceil(texts / train.batch_size)
    epochs = min(math.ceil(LEAST_STEPS / max(steps, 1)), MOST_EPOCHS)
    if epochs <= train.epochs:
        return config
    ends = (
        f"; it ends after {train.patience} without a better validation accuracy" if 0 < train.patience < epochs else ""
    )
    narrate(
        f"The {texts:,} training texts are few: the training has up to {epochs} epochs instead of {train.epochs}{ends} "
        "(--epochs sets another number)."
    )
    return config.model_copy(update={"train": train.model_copy(update={"epochs": epochs})})
