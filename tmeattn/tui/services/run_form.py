"""A new run as a form: fields from a model's configuration and the train options, checked as the command line does.
No widgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from tmeattn.config import RANDOM, RunConfig, TrainOptions, config_class, is_dataset, resolve_run
from tmeattn.cpu import default_threads
from tmeattn.data.sources import open_dataset
from tmeattn.errors import TmeattnError
from tmeattn.paths import existing_file, existing_path
from tmeattn.registry import registry
from tmeattn.render.numbers import count, flag, option_value, seconds
from tmeattn.runs.index import check_name
from tmeattn.specs import ModelSpec, VectorsSpec
from tmeattn.tui.services.run_state import RunState

FIRST = ("alpha", "epochs", "limit", "seed", "recipe", "dataset", "vectors", "lr", "batch_size", "max_length")
"""Train options that people change most, before the others."""
PACE = ("max_length", "batch_size", "threads", "precision", "device", "tune_embeddings", "vectors")
"""Train options that decide how long an epoch takes."""


@dataclass(frozen=True)
class FormField:
    """One option. choices: its values where it has only so many; off: the flag that switches a switch off."""

    name: str
    help: str
    choices: tuple[str, ...] = ()
    off: str | None = None


def fields_of(model: str) -> tuple[list[FormField], list[FormField]]:
    """The model's own options, and those that all models share.

    Raises:
        BadInput: the model's configuration cannot be loaded.
    """
    own = _fields(config_class(registry().get(ModelSpec, model)))
    common = sorted(_fields(TrainOptions), key=lambda one: FIRST.index(one.name) if one.name in FIRST else len(FIRST))
    return own, common


def _fields(config: type[BaseModel]) -> list[FormField]:
    found = []
    for name, info in config.model_fields.items():
        choices: tuple[str, ...] = ()
        off = None
        if info.annotation is bool:
            extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
            verb = extra.get("off")
            choices = ("true", "false")
            off = flag(name.replace("tune_", f"{verb}_") if verb else f"no_{name}")
        elif get_origin(info.annotation) is Literal:
            choices = tuple(map(str, get_args(info.annotation)))
        found.append(FormField(name, info.description or "", choices, off))
    return found


def defaults_of(model: str, given: Mapping[str, str]) -> dict[str, str]:
    """What each option is when it is left alone, under the recipe that was given, as text.

    Raises:
        BadInput: the recipe is none.
    """
    recipe = {"recipe": given["recipe"]} if given.get("recipe") else {}
    return {name: _as_text(value) for name, value in resolve_run(model, recipe).flat().items()}


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else option_value(value)


def given_by(run: Mapping[str, Any]) -> dict[str, str]:
    """The options in which a run's configuration differs from its model's defaults."""
    flat = {**run["train"], **run["model_options"]}
    recipe = {"recipe": str(flat["recipe"])} if flat.get("recipe") != "modern" else {}
    usual = defaults_of(run["model"], recipe)
    texts = {name: _as_text(value) for name, value in flat.items() if name != "threads"}
    return recipe | {name: text for name, text in texts.items() if name in usual and text and text != usual[name]}


def check(model: str, given: Mapping[str, str], name: str) -> RunConfig:
    """The configuration that a form means.

    Raises:
        TmeattnError: the first thing that is wrong with it, as the command line says it.
    """
    config = resolve_run(model, dict(given))
    if is_dataset(config.train.dataset) or existing_path(config.train.dataset) is None:
        open_dataset(config.train.dataset)  # texts at a path are read when training starts
    vectors = config.train.vectors
    if vectors != RANDOM and existing_file(vectors) is None:
        registry().get(VectorsSpec, vectors)
    if name:
        check_name(name)
    return config


def at_fault(error: TmeattnError, fields: Iterable[FormField]) -> str | None:
    """The option that an error is about: the first one that it names."""
    named = {flag(field.name): field.name for field in fields}
    words = error.message.replace(":", " ").replace(",", " ").split()
    return next((named[word] for word in words if word in named), None)


def estimate(config: RunConfig, runs: Iterable[RunState]) -> str:
    """How long an epoch will take, from the earlier run that is most like it, scaled by the number of texts."""
    same_data = [one for one in runs if one.run.config["train"]["dataset"] == config.train.dataset]
    known = [one for one in same_data if one.epochs and one.run.config["model"] == config.model]
    if not known:
        return "An epoch's time is unknown: no run of this model on this dataset yet."
    whole = [one for one in same_data if not one.run.config["train"]["limit"]]
    texts = config.train.limit or max((one.started["train_texts"] for one in whole if one.started), default=0)
    if not texts:
        return "An epoch's time is unknown: no run on all texts of this dataset yet."
    wanted = {**config.model_options, **{name: getattr(config.train, name) for name in PACE}}
    wanted["threads"] = wanted["threads"] or default_threads()
    best = max(known, key=lambda one: _likeness(_differing(one, wanted), one))
    its_texts = best.started["train_texts"] if best.started else texts
    took = sorted(epoch["seconds"] for epoch in best.epochs)[len(best.epochs) // 2]
    epoch = took * texts / max(its_texts, 1)
    differing = _differing(best, wanted)
    names = [name.replace("_", "-") for name in differing if name != "threads"][:3]
    if "threads" in differing and best.started:
        names.insert(0, f"threads {best.started['threads']}, not {wanted['threads']}")
    but = f", but for {', '.join(names)}" if names else ""
    total = seconds(epoch * config.train.epochs)
    source = f"as {best.name or best.run.id} on {count(its_texts)} texts{but}"
    return f"About {seconds(epoch)} an epoch, {total} for {config.train.epochs} ({source})."


def _likeness(differing: list[str], one: RunState) -> tuple[bool, int, float]:
    """How much a run tells of another's pace: the same threads above all, then few differences, then youth."""
    return "threads" not in differing, -len(differing), float(one.run.info["created"])


def _differing(one: RunState, wanted: Mapping[str, Any]) -> list[str]:
    """Options that bear on the pace and differ."""
    has = {**one.run.config["model_options"], **one.run.config["train"]}
    has["threads"] = one.started["threads"] if one.started else wanted["threads"]  # those that it really had
    if wanted["threads"] == "auto":
        has.pop("threads")
    return [name for name, value in wanted.items() if name in has and value is not None and has[name] != value]
