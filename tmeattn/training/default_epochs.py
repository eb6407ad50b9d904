"""The number of epochs where the user gives none: few texts need more epochs than many to be learnt.

The recipe modern was tuned on the 20,000 training texts of imdb-25k, whose epochs have 313 steps. On 2,000 texts, its
five epochs have 160 steps, after which a model still underfits. Such a run gets as many epochs as have `LEAST_STEPS`
steps, and ends as soon as `PATIENCE_STEPS` steps have brought no higher validation accuracy: three epochs, the patience
of the recipe, are 12 steps of 240 texts, in which the accuracy of few validation texts often stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from tmeattn.foreign import plugin_call
from tmeattn.plurals import counted, plural
from tmeattn.run_config import RunConfig, idle_options, resolve_run
from tmeattn.specs import Dataset

LEAST_STEPS = 600
"""Steps of a run by default, at least; fewer than those of every recipe modern on imdb-25k."""
MOST_EPOCHS = 60
"""Epochs by default, at most: of very few texts, the validation accuracy says little after each of more epochs."""
PATIENCE_STEPS = 100
"""Steps without a higher validation accuracy that end a run by default, at least. With 100 and 600 steps, the best
validation accuracy of simple-attn and lstm-attn (two seeds each) on 240 and on 1,840 sentences of ten classes was 0.4
points below that of all steps in the mean; with the three epochs of the recipe, it was 6.2 points below."""
TUNED = frozenset({"imdb-25k", "imdb"})
"""The datasets on which the recipes were tuned, also with `--limit`."""
DERIVED = ("epochs", "patience", "alpha_warmup")
"""The options that follow from the number of training texts where the user does not give them."""


def follows_texts(config: RunConfig) -> bool:
    """Whether the epochs of a run follow from the number of its training texts where the user gives none."""
    train = config.train
    return train.recipe == "modern" and train.dataset not in TUNED and "epochs" not in idle_options(config)


def fitting_epochs(config: RunConfig, texts: int) -> tuple[int, int]:
    """The epochs of a run on N training texts where the user gives none, and its patience in epochs (0: none): those of
    the recipe, or more."""
    train = config.train
    if not follows_texts(config):
        return train.epochs, train.patience
    steps = max(math.ceil(texts / train.batch_size), 1)
    epochs = max(train.epochs, min(math.ceil(LEAST_STEPS / steps), MOST_EPOCHS))
    patience = train.patience and max(train.patience, min(math.ceil(PATIENCE_STEPS / steps), epochs))
    return epochs, patience


def with_fitting_epochs(
    config: RunConfig, given: Mapping[str, Any], dataset: Dataset, narrate: Callable[[str], None]
) -> RunConfig:
    """The configuration with the epochs that fit the number of training texts, where its own are the recipe's.

    given: the options that the configuration was resolved from. Raises as `Dataset.read`.
    """
    train = config.train
    if given.get("epochs") is not None or not follows_texts(config):
        return config
    with plugin_call(f"Dataset {dataset.name}", "cannot be read"):
        split = dataset.read().get("train")  # without one, the dataset is refused when it is encoded
    texts = 0 if split is None else min(len(split.labels), train.limit or len(split.labels))
    epochs, patience = fitting_epochs(config, texts)
    if epochs == train.epochs or texts == 0:
        return config
    if given.get("patience") is not None:
        patience = train.patience
    fitting = resolve_run(config.model, {**given, "epochs": epochs, "patience": patience}).train
    ends = f"; it ends after {patience} without a better validation accuracy" if 0 < patience < epochs else ""
    few = f"{counted(texts, 'training text')} {plural(texts, 'is', 'are')} few"
    instead = f"a run has up to {epochs} epochs instead of {train.epochs}{ends}"
    narrate(f"{few}: {instead} (--epochs sets another number).")
    changed = {name: getattr(fitting, name) for name in DERIVED}
    return config.model_copy(update={"train": train.model_copy(update=changed)})
