"""Call a model's `prepare` function, and store its result in a checkpoint: arrays as tensors, the rest as JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tmeattn.data.encoding.corpus import Corpus
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.errors import BadInput
from tmeattn.foreign import plugin_call
from tmeattn.models.building import owner
from tmeattn.registry import resolve
from tmeattn.run_config import RunConfig, model_config
from tmeattn.specs import ModelSpec
from tmeattn.training.erasure import split_with_hidden_words

ARRAY = "$array"
PREFIX = "prepared."


def prepare(spec: ModelSpec, config: RunConfig, corpus: Corpus) -> Any:
    """Call the spec's `prepare` with the training split, each text cut to the length that the model reads, and with
    hidden words where they are hidden in training.

    Raises:
        BadInput: it fails, or returns a value that a checkpoint cannot store.
    """
    if spec.prepare is None:
        return None
    split = clipped(corpus.splits["train"], config.train.max_length)
    if config.train.word_dropout_erasure:
        split = split_with_hidden_words(split, config.train.seed, config.train.erasure_operator)
    training_only = replace(corpus, splits={"train": split})
    function = resolve(spec.prepare, wanted_by=owner(spec))
    with plugin_call(owner(spec), "fails in prepare"):
        prepared = function(model_config(config), training_only)
    try:
        pack(prepared)
    except TypeError as error:
        raise BadInput(f"{owner(spec)}: {spec.prepare} returned {error}.") from None
    return prepared


def clipped(split: EncodedSplit, max_length: int) -> EncodedSplit:
    """The split with every text cut after `max_length` tokens."""
    if split.lengths.max() <= max_length:
        return split
    within_text = np.arange(len(split.tokens)) - np.repeat(split.offsets[:-1], split.lengths)
    offsets = np.concatenate([[0], np.minimum(split.lengths, max_length).cumsum()])
    return replace(split, tokens=split.tokens[within_text < max_length], offsets=offsets)


def pack(prepared: Any) -> tuple[Any, dict[str, Tensor]]:
    """The value as JSON with references to arrays, and the arrays as tensors by name.

    Raises:
        TypeError: it contains a value of another type, which the message names.
    """
    tensors: dict[str, Tensor] = {}

    def packed(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            name = f"{PREFIX}{len(tensors)}"
            tensors[name] = torch.tensor(value)
            return {ARRAY: name}
        if isinstance(value, dict):
            if wrong := next((key for key in value if not isinstance(key, str)), None):
                raise TypeError(f"a dict with the key {wrong!r}, which is not a string")
            return {key: packed(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [packed(item) for item in value]
        if value is None or isinstance(value, str | bool | int | float):
            return value
        raise TypeError(
            f"a {type(value).__name__}, which a checkpoint cannot store: use numbers, strings, lists, dicts, "
            "NumPy arrays"
        )

    return packed(prepared), tensors


def unpack(value: Any, tensors: dict[str, Tensor]) -> Any:
    """The value that `pack` was given, with lists instead of tuples."""
    if isinstance(value, dict):
        if value.keys() == {ARRAY}:
            return tensors[value[ARRAY]].numpy()
        return {key: unpack(item, tensors) for key, item in value.items()}
    return [unpack(item, tensors) for item in value] if isinstance(value, list) else value
