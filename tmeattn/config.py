"""The configuration of a run: validated options, recipes, and the order in which they override one another.

Every option of `tmeattn train` is a field here or in a model's `ModelConfig`; the command line, `--config` files and
`tmeattn.train(...)` all use `resolve_run`, so that they accept and refuse the same values. The defaults that a user
sets with `tmeattn config` are in `tmeattn.user_defaults`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tmeattn.errors import BadInput
from tmeattn.foreign import plugin_call
from tmeattn.paths import existing_file, existing_path
from tmeattn.registry import registry, resolve
from tmeattn.specs import DatasetSpec, ModelSpec
from tmeattn.user_defaults import load_defaults

RANDOM = "random"
"""The value of `--vectors` for vectors that are drawn at random."""
MOST_THREADS = 1024
Recipe = Literal["modern", "report"]
Recipes = Mapping[str, Mapping[str, Any]]


class Options(BaseModel):
    """Base of all options: immutable, no unknown fields, no NaN, no infinity.

    Text is converted as the command line needs it: numbers and switches by pydantic, `256,128` and a choice among
    numbers here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        fields = cls.model_fields
        return {
            name: _converted(value, fields[name].annotation) if isinstance(value, str) and name in fields else value
            for name, value in values.items()
        }


def _converted(text: str, annotation: Any) -> Any:
    if get_origin(annotation) is tuple:
        return text.split(",") if text.strip() else []
    if get_origin(annotation) is Literal:
        return next((choice for choice in get_args(annotation) if str(choice) == text), text)
    return text


class ModelConfig(Options):
    """Base of every model's configuration. Subclasses add fields (int, float, bool, str, Literal, tuple of int), each
    with a `description`, which become options of `tmeattn train MODEL`; the docstring is what `tmeattn models` shows.

    `recipes` holds hyper-parameters by recipe: model fields and train options alike, overridden by the user's.
    """

    recipes: ClassVar[Recipes] = {}

    def check(self, train: TrainOptions) -> None:
        """Check the model's options together with those of training. Subclasses may override it.

        Raises:
            BadInput: they contradict each other; the message names the options as on the command line.
        """


class TrainOptions(Options):
    """Options of `tmeattn train` that do not belong to one model. Defaults are the recipe `modern`."""

    dataset: str = Field(
        "imdb-25k",
        description="Labelled texts to train on: a name (tmeattn data list), or the path of a CSV, TSV, JSONL or "
        "Parquet file, of a folder or of an archive.",
    )
    text_column: str | None = Field(
        None, description="The column of a file's texts; guessed by its name if not given.", min_length=1
    )
    label_column: str | None = Field(
        None, description="The column of a file's labels; guessed by its name if not given.", min_length=1
    )
    validation: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="Share of a file's texts held out where it has no validation texts (0.2 if not given)."
    )
    balance: Literal["no", "weights", "sampling"] = Field(
        "no",
        description="Compensate for rare classes: weight their texts in the loss, or draw each class equally often.",
    )
    tokenizer: Literal["basic_english", "whitespace"] = Field(
        "basic_english", description="How texts become words: torchtext's basic_english, or the report's whitespace."
    )
    vectors: str = Field(
        "glove-50d", description="Word vectors: glove-50d, random, or a GloVe or word2vec text file (.txt, .gz)."
    )
    vector_size: Annotated[int, Field(ge=1, le=4096)] | None = Field(
        None, description="Dimensions of random vectors (50 if not given); pretrained vectors have their own."
    )
    tune_embeddings: bool = Field(
        True, description="Train the word vectors, too, or keep them fixed.", json_schema_extra={"off": "freeze"}
    )
    min_count: int = Field(2, ge=1, description="A word that occurs less often in the training texts is unknown.")
    recipe: Recipe = Field("modern", description="Hyper-parameters: tuned by validation, or the report's.")
    alpha: float = Field(0.0, ge=0, description="Weight of the mean attention entropy (nats) in the loss.")
    alpha_warmup: float = Field(
        1.0,
        ge=0,
        description="Epochs over which alpha rises from 0, as too early a penalty can collapse attention; "
        "best weights need its full value. Unless given, at most half the epochs.",
    )
    uniform_attention: bool = Field(
        False, description="Pool with equal weights instead of learned ones, for the uniform-weights test."
    )
    optimizer: Literal["adamw", "sgd"] = Field("adamw", description="AdamW, or stochastic gradient descent.")
    momentum: float = Field(0.0, ge=0, lt=1, description="Momentum of SGD; 0: none.")
    lr: float = Field(2e-3, gt=0, description="Learning rate.")
    lr_schedule: Literal["constant", "linear"] = Field(
        "linear", description="Keep the learning rate, or let it fall linearly to 0 over all epochs."
    )
    weight_decay: float = Field(0.01, ge=0, description="Decoupled weight decay; not applied to word vectors.")
    clip_norm: float = Field(
        1.0, ge=0, description="Largest gradient norm, to which larger ones are clipped; 0: no clipping."
    )
    batch_size: int = Field(64, ge=1, le=2**20, description="Texts in a step.")
    max_length: int = Field(
        400, ge=1, le=2**20, description="Largest number of words that the model reads of a text, from its beginning."
    )
    epochs: int = Field(5, ge=1, description="Passes over the training texts, at most.")
    patience: int = Field(
        3, ge=0, description="Stop after this many epochs without a higher validation accuracy; 0: never."
    )
    seed: int = Field(0, ge=0, lt=2**63, description="Seed of weights, dropout and the order of texts.")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="Device to train on; auto takes a GPU if there is one."
    )
    precision: Literal["float32", "bf16"] = Field(
        "float32", description="Train in full precision, or with bfloat16 matrix products where the device has them."
    )
    threads: Annotated[int, Field(ge=1, le=MOST_THREADS)] | Literal["auto"] | None = Field(
        None,
        description="CPU threads: a number, auto (times a few steps), or by default OMP_NUM_THREADS, or one for every "
        "core.",
    )
    limit: Annotated[int, Field(ge=2)] | None = Field(
        None, description="Train on this many texts and validate on a quarter as many: a fixed, balanced choice."
    )
    checkpoint_every: int = Field(
        200, ge=1, description="Steps between checkpoints; another checkpoint follows every epoch."
    )


REPORT: Mapping[str, Any] = {
    "tokenizer": "whitespace",
    "tune_embeddings": False,
    "min_count": 1,
    "alpha_warmup": 0.0,
    "optimizer": "sgd",
    "momentum": 0.9,
    "lr": 0.01,
    "lr_schedule": "constant",
    "weight_decay": 0.0,
    "clip_norm": 0.0,
    "batch_size": 64,
    "max_length": 200,
    "epochs": 50,
    "patience": 0,
}
"""The report's hyper-parameters (part 1); a model's own `recipes["report"]` overrides them.

The report does not mention momentum. Its accuracies are out of reach without it and within 1.5 points with 0.9, so that
this is our reading; the measurements are in docs/reproduce.md."""


RESERVED = frozenset({"name", "seeds", "json", "config", "from", "debug", "help", "home"}) | {
    "freeze_embeddings",
    "as_json",
    "config_file",
    "from_run",
    "track",
    "trackers",
}
"""Names of options that the command line has beside `TrainOptions`."""


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
    given = {key: value for key, value in options.items() if value is not None}
    user_defaults = load_defaults()
    recipe = given.get("recipe", TrainOptions.model_fields["recipe"].default)
    own_recipe = model_class.recipes.get(recipe, {}) if isinstance(recipe, str) else {}
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
    _check_together(spec, train)
    own: ModelConfig = _validated(model_class, model_given, model)
    own.check(train)
    return RunConfig(model=model, model_options=own.model_dump(mode="json"), train=train)


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


def _check_together(spec: ModelSpec, train: TrainOptions) -> None:
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
    if train.uniform_attention and train.alpha > 0:
        raise BadInput("--uniform-attention leaves --alpha nothing to penalise.", hint="Leave one of them out.")
    if train.alpha > 0 and train.alpha_warmup > train.epochs:
        raise BadInput(
            f"--alpha-warmup {train.alpha_warmup:g} is longer than the run of {train.epochs} epochs.",
            hint="Choose fewer warm-up epochs.",
        )


def _validated(kind: type[Any], values: Mapping[str, Any], model: str, *, known: Iterable[str] = ()) -> Any:
    with plugin_call(f"The model {model!r}", "fails to check its options"):
        try:
            return kind.model_validate(dict(values))
        except ValidationError as error:
            raise _bad_input(error, model, known) from None


def _bad_input(error: ValidationError, model: str, known: Iterable[str]) -> BadInput:
    """A message about the first error that pydantic found."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    flag = "--" + name.replace("_", "-")
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, list(known), n=1)
        hint = f"Did you mean --{near[0].replace('_', '-')}?" if near else f"See: tmeattn train {model} --help"
        return BadInput(f"{flag} is no option of the model {model!r}.", hint=hint)
    if first["type"] == "missing":
        return BadInput(f"{flag} must be given: the model {model!r} has no default for it.")
    message = first["msg"].removeprefix("Value error, ")
    return BadInput(f"{flag}: {message[:1].lower()}{message[1:]}, got {repr(first['input'])[:200]}.")
