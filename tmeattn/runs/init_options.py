"""The options of a run that starts from another (`--init`): those of its architecture, beneath the given ones."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tmeattn.config import AUTO_TOKENIZER, RANDOM, TEXT_OPTIONS
from tmeattn.errors import BadInput, shortened
from tmeattn.paths import existing_file, existing_path, runs_dir
from tmeattn.registry import registry
from tmeattn.run_config import RunConfig, config_class, stored_config
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import find_run
from tmeattn.specs import ModelSpec, VectorsSpec

_READING = ("max_length", "uniform_attention")
"""The options of training that, with the tokenizer, say how the model reads a text."""


def with_init(model: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a run with those that it has from the run in the option `init`; that option then names the run by
    its id, or by a path. Applied again, it changes nothing.

    Raises:
        BadInput: there is no such run, it has another model or no weights, or a given option contradicts it.
    """
    given = {key: value for key, value in options.items() if value is not None}
    if given.get("init") is None:
        return given
    reference = os.fspath(given["init"])
    run = init_run(reference)
    config = stored_config(run.id, run.config)
    if config.model != model:
        raise BadInput(
            f"--init {shortened(reference)}: the model of that run is {config.model}, not {model}.",
            hint=f"Train that model: tmeattn train {config.model} --init {shortened(reference)}",
        )
    own = config.train.tokenizer
    tokenizer = "basic_english" if own == AUTO_TOKENIZER else own  # auto: a run of version 0.1
    _check_tokenizer(run, tokenizer, given)
    _check_vector_size(run, given)
    reading = {name: getattr(config.train, name) for name in _READING}
    inherited = {**config.model_options, **reading, "tokenizer": tokenizer}
    if "dataset" not in given:
        inherited |= {name: getattr(config.train, name) for name in TEXT_OPTIONS}
    if given.get("tokenizer") == AUTO_TOKENIZER:
        del given["tokenizer"]
    vectors = given.get("vectors") or _vectors(run, config)
    sizes = {"vector_size": run.data["vector_size"]} if vectors == RANDOM else {}
    return {**inherited, **sizes, **given, "vectors": vectors, "init": _stable(run, reference)}


def init_run(reference: str) -> RunDirectory:
    """The run that `--init` names.

    Raises:
        BadInput: there is no such run, or none of its epochs has ended.
    """
    run = find_run(reference)
    if not run.has_best():
        raise BadInput(
            f"--init {shortened(reference)}: the run has no weights yet, because no epoch of it has ended.",
            hint=f"Continue it first: tmeattn resume {run.id}",
        )
    return run


def changed_options(model: str, options: Mapping[str, Any], run: RunDirectory) -> dict[str, tuple[Any, Any]]:
    """The options of the model that differ from those of the run that it starts from: both values of each."""
    own = run.config["model_options"]
    fields = config_class(registry().get(ModelSpec, model)).model_fields
    return {name: (options[name], own[name]) for name in fields if name in own and options.get(name) != own[name]}


def _stable(run: RunDirectory, reference: str) -> str:
    """A reference that means the same run tomorrow and in another folder."""
    if run.path.parent == runs_dir():
        return run.id
    path = existing_path(reference)
    return str(path if path is not None else run.path)


def _check_tokenizer(run: RunDirectory, own: str, given: Mapping[str, Any]) -> None:
    wanted = given.get("tokenizer", AUTO_TOKENIZER)
    if wanted not in (AUTO_TOKENIZER, own):
        raise BadInput(
            f"--tokenizer {shortened(str(wanted))}: the words of the run {run.id} are those of the tokenizer {own}.",
            hint="Leave --tokenizer out, or train without --init.",
        )


def _check_vector_size(run: RunDirectory, given: Mapping[str, Any]) -> None:
    wanted, own = given.get("vector_size"), run.data["vector_size"]
    if wanted is not None and str(wanted) != str(own):
        raise BadInput(
            f"--vector-size {shortened(str(wanted))}: the word vectors of the run {run.id} have {own} dimensions.",
            hint="Leave --vector-size out, or train without --init.",
        )


def _vectors(run: RunDirectory, config: RunConfig) -> str:
    """The word vectors of the run, from which new words have theirs.

    Raises:
        BadInput: they are not here.
    """
    name = config.train.vectors
    if name != RANDOM and existing_file(name) is None and not any(v.name == name for v in registry().all(VectorsSpec)):
        raise BadInput(
            f"The word vectors {shortened(name)} of the run {run.id} are not here; new words would have theirs.",
            hint=f"Give --vectors random, or a file of vectors with {run.data['vector_size']} dimensions.",
        )
    return name
