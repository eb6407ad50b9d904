"""The configuration of a run: options merged in the order in which they override one another, and validated.

The command line, `--config` files and `tmeattn.train(...)` all use `resolve_run`, so that they accept and refuse the
same values. The options are in `tmeattn.config`, the defaults that a user sets with `tmeattn config` in
`tmeattn.user_defaults`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import ValidationError

from tmeattn.config import (
    AUTO_TOKENIZER,
    MODEL_TOKENIZER,
    RANDOM,
    REPORT,
    RESERVED,
    ModelConfig,
    Options,
    TrainOptions,
)
from tmeattn.errors import BadInput, nearest, refused_value, shortened
from tmeattn.files import LARGEST_INTEGER
from tmeattn.foreign import plugin_call
from tmeattn.paths import existing_file, existing_path
from tmeattn.plurals import counted
from tmeattn.registry import registry, resolve
from tmeattn.specs import DatasetSpec, ModelSpec, TokenizerSpec
from tmeattn.user_defaults import load_defaults

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


class RunConfig(Options):
    """Everything that determines a run's weights; stored in `run.json`."""

    model: str
    model_options: dict[str, Any]
    train: TrainOptions

    def flat(self) -> dict[str, Any]:
        """Model and train options in one mapping, as `--config` files and `resolve_run` take them."""
        return {**self.train.model_dump(mode="json"), **self.model_options}


def config_class(spec: ModelSpec) -> type[ModelConfig]:
    """The configuration class of a model.

    Raises:
        BadInput: it cannot be imported, is no `ModelConfig`, or has a field that clashes with a train option.
    """
    found = resolve(spec.config, wanted_by=f"Model {spec.name!r}")
    if not (isinstance(found, type) and issubclass(found, ModelConfig)):
        raise BadInput(f"Model {spec.name!r}: {spec.config} is no subclass of tmeattn.config.ModelConfig.")
    clashes = sorted((set(TrainOptions.model_fields) | RESERVED) & set(found.model_fields))
    if clashes:
        flags = ", ".join("--" + clash.replace("_", "-") for clash in clashes)
        raise BadInput(
            f"Model {spec.name!r}: its option {flags} clashes with an option of train.",
            hint=f"Rename the field in {spec.config}.",
        )
    return found


def resolve_run(model: str, options: Mapping[str, Any]) -> RunConfig:
    """Merge and validate tmeattn's defaults, the user's defaults, the recipe, the model's own recipe and `options`, of
    which each overrides those before it.

    Raises:
        BadInput: an unknown model or option, a value out of range, or options that contradict each other; the message
            names the option as the command line spells it.
    """
    spec = registry().get(ModelSpec, model)
    model_class = config_class(spec)
    given = {
        key: os.fspath(value) if isinstance(value, os.PathLike) else value
        for key, value in options.items()
        if value is not None
    }
    user_defaults = load_defaults()
    recipe = given.get("recipe", TrainOptions.model_fields["recipe"].default)
    own_recipe: Mapping[str, Any] = {}
    if isinstance(recipe, str):
        with plugin_call(f"The model {model!r}", "fails to give its recipe"):
            own_recipe = model_class.recipe_for(recipe, {**user_defaults, **given})
    merged = {**user_defaults, **(REPORT if recipe == "report" else {}), **own_recipe, **given}
    model_given = {key: value for key, value in merged.items() if key in model_class.model_fields}
    train_given = {key: value for key, value in merged.items() if key not in model_given}
    vectors = train_given.get("vectors", RANDOM)
    if vectors != RANDOM and (file := existing_file(str(vectors))) is not None:
        train_given["vectors"] = str(file)  # so that the run can be resumed from any folder
    dataset = train_given.get("dataset")
    if isinstance(dataset, str) and not is_dataset(dataset) and (path := existing_path(dataset)) is not None:
        train_given["dataset"] = str(path)
    train = _validated(TrainOptions, train_given, model, known=[*model_class.model_fields, *TrainOptions.model_fields])
    if "momentum" not in given and train.optimizer != "sgd":  # a recipe's momentum is that of its own optimizer
        train = train.model_copy(update={"momentum": 0.0})
    if "alpha_warmup" not in given:  # a recipe's warm-up must leave a short run some epochs at full alpha
        train = train.model_copy(update={"alpha_warmup": min(train.alpha_warmup, train.epochs / 2)})
    train = train.model_copy(update={"tokenizer": _tokenizer(spec, "tokenizer" in given, train)})
    own: ModelConfig = _validated(model_class, model_given, model)
    run = RunConfig(model=model, model_options=own.model_dump(mode="json"), train=train)
    _check_together(spec_of(run), train)
    with plugin_call(f"The model {model!r}", "fails to check its options"):
        own.check(train)
    return run


def _tokenizer(spec: ModelSpec, is_given: bool, train: TrainOptions) -> str:
    """The name of the tokenizer. It stays `auto` for a path, whose texts are not read here.

    Raises:
        UnknownName: no plugin provides it.
        BadInput: the model brings its own.
    """
    name = train.tokenizer
    if spec.tokenizer is not None:
        if is_given and name not in (AUTO_TOKENIZER, MODEL_TOKENIZER):
            raise BadInput(
                f"--tokenizer {shortened(name)}: the model {spec.name!r} has a tokenizer of its own.",
                hint="Leave --tokenizer out.",
            )
        return MODEL_TOKENIZER
    if name == MODEL_TOKENIZER:
        raise BadInput(
            f"--tokenizer {name}: the model {spec.name!r} has no tokenizer of its own.",
            hint=f"Choose from {', '.join(registered('tokenizers'))}.",
        )
    if name == AUTO_TOKENIZER:
        return "basic_english" if is_dataset(train.dataset) else name
    registry().get(TokenizerSpec, name)
    return name


def with_tokenizer(config: RunConfig, name: str) -> RunConfig:
    """The configuration with another tokenizer."""
    return config.model_copy(update={"train": config.train.model_copy(update={"tokenizer": name})})


def registered(what: str) -> tuple[str, ...]:
    """The values of an option whose field has `json_schema_extra={"registered": what}`."""
    if what != "tokenizers":
        raise ValueError(what)
    return AUTO_TOKENIZER, *(spec.name for spec in registry().all(TokenizerSpec))


def choices_of(info: FieldInfo) -> tuple[str, ...]:
    """The values that a field of a configuration can have, where they are few; else none."""
    extra = info.json_schema_extra
    if isinstance(extra, dict) and isinstance(what := extra.get("registered"), str):
        return registered(what)
    return tuple(map(str, get_args(info.annotation))) if get_origin(info.annotation) is Literal else ()


def is_dataset(name: str) -> bool:
    """Whether a dataset of that name is registered; else it may be a path."""
    return any(spec.name == name for spec in registry().all(DatasetSpec))


def stored_config(run_id: str, stored: Mapping[str, object]) -> RunConfig:
    """The configuration in a run directory, validated.

    Raises:
        BadInput: it has options that this version does not know, or values that it refuses.
    """
    try:
        return RunConfig.model_validate(stored)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadInput(
            f"The configuration of the run {run_id} does not fit this version of tmeattn: {where}: {first['msg']}.",
            hint="See its options and versions: tmeattn runs show " + run_id,
        ) from None


def model_config(run: RunConfig) -> ModelConfig:
    """The model's own options as an instance of its configuration class."""
    spec = registry().get(ModelSpec, run.model)
    config: ModelConfig = _validated(config_class(spec), run.model_options, run.model)
    return config


def spec_of(run: RunConfig) -> ModelSpec:
    """The spec of the run's model, with the kind of attention that it has with the run's options."""
    spec = registry().get(ModelSpec, run.model)
    with plugin_call(f"The model {run.model!r}", "fails to check its options"):
        kind = model_config(run).kind_of_attention()
    return spec if kind is None else replace(spec, attention=kind)


def idle_options(run: RunConfig) -> dict[str, str]:
    """The options that have no effect on a run, each with the reason: a clause such as "--alpha is 0"."""
    train, found = run.train, {}
    if train.alpha == 0:
        found["alpha_warmup"] = "--alpha is 0"
    if train.vectors != RANDOM:
        found["vector_size"] = "pretrained vectors have a size of their own"
    with plugin_call(f"The model {run.model!r}", "fails to check its options"):
        return {**found, **model_config(run).idle(train)}


def validated_value(base: RunConfig, name: str, value: Any) -> Any:
    """The value of one option of the model or of training, converted and checked on its own: beside the other options
    of `base`, and without the checks of options that contradict each other.

    Raises:
        BadInput: the option does not accept it; the message names the option as the command line spells it.
    """
    own = config_class(registry().get(ModelSpec, base.model))
    kind = own if name in own.model_fields else TrainOptions
    others = base.model_options if kind is own else base.train.model_dump(mode="json")
    return getattr(_validated(kind, {**others, name: value}, base.model), name)


def _check_together(spec: ModelSpec, train: TrainOptions) -> None:
    if train.processes > train.batch_size:
        raise too_many_processes(train.processes, train.batch_size)
    if train.momentum > 0 and train.optimizer != "sgd":
        raise BadInput(
            f"--momentum {train.momentum:g} is an option of SGD, and the optimizer is {train.optimizer}.",
            hint="Add --optimizer sgd, or leave --momentum out.",
        )
    if train.alpha > 0 and spec.attention == "none":
        raise BadInput(
            f"--alpha penalises attention entropy, and the model {spec.name!r} has no attention.",
            hint="Leave --alpha out, or choose a model with attention: tmeattn models",
        )
    if train.uniform_attention and spec.attention != "pool":
        raise BadInput(
            f"--uniform-attention makes the weights of pooling equal, and the model {spec.name!r} does not pool by "
            "attention.",
            hint="Leave it out, or choose a model that does: tmeattn models",
        )
    if train.batch_entropy and spec.attention != "pool":
        raise BadInput(
            f"--batch-entropy logs the entropy of pooling attention, and the model {spec.name!r} has none.",
            hint="Leave it out, or choose a model that does: tmeattn models",
        )
    if train.uniform_attention and train.alpha > 0:
        raise BadInput("--uniform-attention leaves --alpha nothing to penalise.", hint="Leave one of them out.")
    if train.erasure_operator != "delete" and not train.word_dropout_erasure:
        raise BadInput(
            f"--erasure-operator {train.erasure_operator} has no effect without --word-dropout-erasure.",
            hint="Add --word-dropout-erasure, or leave --erasure-operator out.",
        )
    if train.alpha > 0 and train.alpha_warmup > train.epochs:
        raise BadInput(
            f"--alpha-warmup {train.alpha_warmup:g} is longer than the run of {counted(train.epochs, 'epoch')}.",
            hint="Choose fewer warm-up epochs.",
        )


def too_many_processes(processes: int, batch_size: int) -> BadInput:
    """The error for processes of which some would never have a text."""
    return BadInput(
        f"--processes {processes} is more than the {counted(batch_size, 'text')} of a batch.",
        hint=f"Use at most {batch_size}, or a larger --batch-size.",
    )


def _validated(kind: type[Any], values: Mapping[str, Any], model: str, *, known: Iterable[str] = ()) -> Any:
    with plugin_call(f"The model {model!r}", "fails to check its options"):
        try:
            validated = kind.model_validate(dict(values))
            _check_sizes(validated.model_dump())
            return validated
        except ValidationError as error:
            raise _bad_input(error, model, known) from None


def _check_sizes(values: Mapping[str, Any]) -> None:
    """Refuse integers of more than 64 bits, which neither JSON readers nor torch can hold.

    Raises:
        BadInput: there is one.
    """
    for name, value in values.items():
        if isinstance(value, int) and abs(value) >= LARGEST_INTEGER:
            raise BadInput(f"--{name.replace('_', '-')}: the number has more than 64 bits.")


def _bad_input(error: ValidationError, model: str, known: Iterable[str]) -> BadInput:
    """A message about the first error that pydantic found."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    flag = "--" + shortened(name.replace("_", "-"))
    if first["type"] == "extra_forbidden":
        near = nearest(name, known, 1)
        hint = f"Did you mean --{near[0].replace('_', '-')}?" if near else f"See: tmeattn train {model} --help"
        return BadInput(f"{flag} is no option of the model {model!r}.", hint=hint)
    if first["type"] == "missing":
        return BadInput(f"{flag} must be given: the model {model!r} has no default for it.")
    return BadInput(refused_value(flag, first["type"], first.get("ctx", {}), first["msg"], first["input"]))
