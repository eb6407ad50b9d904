"""The form of a new run without its widgets: its fields are those of the model's configuration and the train options.

It checks the options as the command line does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tmeattn.config import RANDOM, TrainOptions
from tmeattn.cpu import default_threads
from tmeattn.data.sources import open_dataset
from tmeattn.errors import TmeattnError
from tmeattn.paths import existing_file, existing_path
from tmeattn.plurals import counted
from tmeattn.registry import registry
from tmeattn.render.numbers import flag, option_value, seconds
from tmeattn.run_config import RunConfig, choices_of, config_class, is_dataset, resolve_run
from tmeattn.runs.index import check_name
from tmeattn.runs.init_options import with_init
from tmeattn.runs.seeds import seeds_in
from tmeattn.runs.watched_texts import chosen_texts
from tmeattn.specs import ModelSpec, VectorsSpec
from tmeattn.training.default_epochs import fitting_epochs, follows_texts
from tmeattn.tui.services.listed_run import ListedRun


@dataclass(frozen=True)
class FormField:
    """One option. choices: its values, where they are few. off: the flag that switches a boolean option off."""

    name: str
    help: str
    choices: tuple[str, ...] = ()
    off: str | None = None


FIRST = ("alpha", "epochs", "limit", "seed", "recipe", "dataset", "vectors", "lr", "batch_size", "max_length")
"""The train options that users change most; they come first."""
MOST_COMPARED = 100
"""Runs, the newest, among which the most similar is looked for."""
WATCHED = (
    FormField("watch_text", "A text of your own on the watch list, which is measured while the model is trained."),
    FormField("watch_file", "A file for the watch list: each line is a text. On the screen of a run, w adds others."),
)
"""What `tmeattn train` takes beside the options of a run, and the form, too."""
_MORE = {"seed": " Several, such as 0,1,2: a run for each, one after another."}
"""What the form takes besides the values of the command line, by the option."""
_DECIDE_EPOCHS = ("recipe", "dataset", "limit", "batch_size", "patience")
"""The options from which the default of the epochs follows."""
PACE = ("max_length", "batch_size", "threads", "processes", "precision", "device", "tune_embeddings", "vectors")
"""The train options that change the time per epoch."""


def fields_of(model: str) -> tuple[list[FormField], list[FormField]]:
    """The options of the model, and the train options that all models share.

    Raises:
        BadInput: the model's configuration cannot be loaded.
    """
    own = _fields(config_class(registry().get(ModelSpec, model)))
    common = sorted(
        _fields(TrainOptions), key=lambda field: FIRST.index(field.name) if field.name in FIRST else len(FIRST)
    )
    first = sum(field.name in FIRST for field in common)
    return own, [*common[:first], *WATCHED, *common[first:]]


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
        else:
            choices = choices_of(info)
        found.append(FormField(name, (info.description or "") + _MORE.get(name, ""), choices, off))
    return found


def defaults_of(model: str, given: Mapping[str, str]) -> dict[str, str]:
    """The default of each option under the given recipe, as text.

    Raises:
        BadInput: the recipe does not exist.
    """
    recipe = {"recipe": given["recipe"]} if given.get("recipe") else {}
    return {name: _as_text(value) for name, value in resolve_run(model, recipe).flat().items()}


def shown_defaults(model: str, given: Mapping[str, str], runs: Iterable[ListedRun]) -> dict[str, str]:
    """`defaults_of`, but of epochs and patience what training will choose for the number of texts.

    runs: the earlier runs, from which the number of texts of a dataset is known. Raises as `defaults_of`.
    """
    return defaults_of(model, given) | _of_few_texts(model, given, runs)


def _of_few_texts(model: str, given: Mapping[str, str], runs: Iterable[ListedRun]) -> dict[str, str]:
    """The epochs and the patience of a run, where the number of its training texts changes them."""
    try:
        config = resolve_run(model, {name: given[name] for name in _DECIDE_EPOCHS if name in given})
    except TmeattnError:  # `check` shows what is wrong
        return {}
    train = config.train
    if "epochs" in given or not follows_texts(config):
        return {}
    texts = _training_texts(config, runs)
    if texts is None:
        usual = {"epochs": train.epochs, "patience": train.patience}
        return {name: f"{number} or more" for name, number in usual.items() if number}
    epochs, patience = fitting_epochs(config, texts)
    fitting = {"epochs": epochs, "patience": patience}
    return {
        name: f"{number} for {counted(texts, 'text')}"
        for name, number in fitting.items()
        if number != getattr(train, name)
    }


def _training_texts(config: RunConfig, runs: Iterable[ListedRun]) -> int | None:
    """How many training texts a run has, as far as earlier runs on its dataset and its `--limit` tell; else None."""
    train = config.train
    of_whole = (
        one.train_texts or 0 for one in runs if one.facts["dataset"] == train.dataset and not one.facts["limit"]
    )
    whole = max(of_whole, default=0)
    return min(train.limit or whole, whole or train.limit or 0) or None


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else option_value(value)


def given_by(run: Mapping[str, Any]) -> dict[str, str]:
    """The options of a run that differ from the defaults of its model."""
    flat = {**run["train"], **run["model_options"]}
    recipe = {"recipe": str(flat["recipe"])} if flat.get("recipe") != "modern" else {}
    usual = defaults_of(run["model"], recipe)
    texts = {name: _as_text(value) for name, value in flat.items() if name != "threads"}
    return recipe | {name: text for name, text in texts.items() if name in usual and text and text != usual[name]}


def check(model: str, given: Mapping[str, str], name: str) -> RunConfig:
    """The configuration that the options give.

    Raises:
        TmeattnError: the first error in the options, with the message of the command line.
    """
    watched = {field.name for field in WATCHED}
    options = {option: value for option, value in given.items() if option not in watched}
    config = resolve_run(model, with_init(model, options))
    chosen_texts([given["watch_text"]] if "watch_text" in given else [], _path(given.get("watch_file")))
    if is_dataset(config.train.dataset) or existing_path(config.train.dataset) is None:
        open_dataset(config.train.dataset)  # training checks a path when it reads the texts
    vectors = config.train.vectors
    if vectors != RANDOM and existing_file(vectors) is None:
        registry().get(VectorsSpec, vectors)
    if name:
        check_name(name)
    return config


def _path(typed: str | None) -> Path | None:
    return None if typed is None else Path(typed)


def seeds_of(given: Mapping[str, str]) -> list[int]:
    """The seeds where the field has several, such as `0,1,2`; else nothing.

    Raises:
        BadInput: they are no list of seeds.
    """
    return seeds_in(given["seed"]) if "," in given.get("seed", "") else []


def check_all(model: str, given: Mapping[str, str], name: str) -> RunConfig:
    """`check` of the run of each seed; the configuration of the first.

    Raises:
        TmeattnError: the first error in the options.
    """
    seeds = seeds_of(given)
    if not seeds:
        return check(model, given, name)
    configs = [check(model, {**given, "seed": str(seed)}, f"{name}-{seed}" if name else "") for seed in seeds]
    return configs[0]


def named_in(message: str, fields: Iterable[FormField]) -> str | None:
    """The first option that the message of an error names; None without any."""
    named = {flag(field.name): field.name for field in fields}
    if "--seed" in named:
        named["--seeds"] = named["--seed"]
    words = message.replace(":", " ").replace(",", " ").split()
    return next((named[word] for word in words if word in named), None)


def estimate(config: RunConfig, runs: Iterable[ListedRun], *, fits: bool = False) -> str:
    """The expected time per epoch: that of the most similar earlier run, scaled by the number of texts.

    fits: whether the number of epochs follows from the number of texts, because none is given.
    """
    same_data = [one for one in runs if one.facts["dataset"] == config.train.dataset]
    known = [one for one in same_data if one.epoch_seconds and one.facts["model"] == config.model]
    if not known:
        return "The time per epoch is unknown: there is no run of this model on this dataset yet."
    texts = _training_texts(config, same_data)
    if texts is None:
        return "The time per epoch is unknown: there is no run on all texts of this dataset yet."
    wanted = {**config.model_options, **{name: getattr(config.train, name) for name in PACE}}
    wanted["threads"] = wanted["threads"] or default_threads(config.train.processes)
    newest = sorted(known, key=lambda one: one.facts["created"])[-MOST_COMPARED:]
    best = max(newest, key=lambda one: _similarity(_differing(one, wanted), one))
    its_texts = best.train_texts or texts
    epoch = best.epoch_seconds * texts / max(its_texts, 1)
    differing = _differing(best, wanted)
    names = [name.replace("_", "-") for name in differing if name != "threads"][:3]
    if "threads" in differing and best.threads:
        names.insert(0, f"threads ({best.threads}, not {wanted['threads']})")
    different = f", which differs in {', '.join(names)}" if names else ""
    passes = fitting_epochs(config, texts)[0] if fits else config.train.epochs
    total = seconds(epoch * passes)
    epochs = f"{'at most ' if passes > config.train.epochs else ''}{counted(passes, 'epoch')}"
    source = f"from {best.name or best.run.id} on {counted(its_texts, 'text')}{different}"
    return f"About {seconds(epoch)} per epoch, {total} for {epochs} ({source})."


def _similarity(differing: list[str], one: ListedRun) -> tuple[bool, int, float]:
    """A sort key: how well a run predicts the time of another. The same threads count most, then few differences, then
    a late start."""
    return "threads" not in differing, -len(differing), one.facts["created"]


def _differing(one: ListedRun, wanted: Mapping[str, Any]) -> list[str]:
    """The options that change the time per epoch and differ."""
    has = {"processes": 1, **one.run.config["model_options"], **one.run.config["train"]}
    has["threads"] = one.threads or wanted["threads"]  # those that the run used
    if wanted["threads"] == "auto":
        has.pop("threads")
    return [name for name, value in wanted.items() if name in has and value is not None and has[name] != value]
