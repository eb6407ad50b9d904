"""The options of a run: their types, limits, defaults and descriptions, and the recipe of the report.

Every option of `tmeattn train` is a field of `TrainOptions` or of a model's `ModelConfig`. `tmeattn.run_config` merges
the options that a user gives with the defaults and recipes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tmeattn.specs import Attention

RANDOM = "random"
"""The value of `--vectors` for vectors that are drawn at random."""
MOST_THREADS = 1024
MOST_PROCESSES = 4096
Recipe = Literal["modern", "report"]
Recipes = Mapping[str, Mapping[str, Any]]
AUTO_TOKENIZER, MODEL_TOKENIZER = "auto", "model"
"""Values of `TrainOptions.tokenizer` that name none: to be chosen by the texts, and the one that the model brings."""
TEXT_OPTIONS = ("dataset", "text_column", "label_column", "validation", "drop_label", "merge_labels", "limit")
"""The options that decide on which texts a run is trained and measured."""
ErasureOperator = Literal["delete", "unknown"]
"""How words are hidden in training."""


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


def takes_several_texts(annotation: Any) -> bool:
    """Whether a field holds several texts, each as given, so that its option may be given several times."""
    return (str, ...) in (get_args(annotation), *map(get_args, get_args(annotation)))


def _converted(text: str, annotation: Any) -> Any:
    if takes_several_texts(annotation):
        return (text,) if text.strip() else None
    if get_origin(annotation) is tuple:
        return text.split(",") if text.strip() else []
    if get_origin(annotation) is Literal:
        return next((choice for choice in get_args(annotation) if str(choice) == text), text)
    return text


class ModelConfig(Options):
    """Base of every model's configuration. Subclasses add fields (int, float, bool, str, Literal, tuple of int), each
    with a `description`, which become options of `tmeattn train MODEL`; the docstring is what `tmeattn models` shows.

    `recipes` holds hyper-parameters by recipe: model fields and train options alike, overridden by the user's. Its
    optional entry "sweep" is the default space of `tmeattn sweep`: values of options as typed behind `--space`.
    """

    recipes: ClassVar[Recipes] = {}

    @classmethod
    def recipe_for(cls, recipe: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The hyper-parameters of a recipe, for the options `given` by the user, which are not validated yet and
        override them. Subclasses may override it where good values depend on an option."""
        return cls.recipes.get(recipe, {})

    def check(self, train: TrainOptions) -> None:
        """Check the model's options together with those of training. Subclasses may override it.

        Raises:
            BadInput: they contradict each other; the message names the options as on the command line.
        """

    def idle(self, train: TrainOptions) -> Mapping[str, str]:
        """The options, of the model or of training, that have no effect with these, each with the reason: a clause such
        as "positions are none". Subclasses may override it."""
        return {}

    def kind_of_attention(self) -> Attention | None:
        """The kind of attention with these options, for a model that has another kind with others; None: that of its
        spec. Subclasses may override it."""
        return None


class TrainOptions(Options):
    """Options of `tmeattn train` that do not belong to one model. Defaults are the recipe `modern`."""

    dataset: str = Field(
        "imdb-25k",
        description="Labelled texts to train on: a name (tmeattn data list), or the path of a CSV, TSV, JSONL or "
        "Parquet file, of a folder or of an archive.",
    )
    init: str | None = Field(
        None,
        description="Start from the weights and the words of a run, and train it on --dataset: an id, a name or a "
        "path. The model, its options and the tokenizer are those of the run; new words are added.",
        min_length=1,
        json_schema_extra={"metavar": "RUN"},
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
    drop_label: tuple[str, ...] | None = Field(
        None,
        description="Leave the texts with this label out. Can be given several times.",
        json_schema_extra={"metavar": "LABEL"},
    )
    merge_labels: tuple[str, ...] | None = Field(
        None,
        description="Make labels one class, as in Good,GOOD=good; alike: all labels that look alike. Can be given "
        "several times.",
        json_schema_extra={"metavar": "LABEL,...=CLASS"},
    )
    balance: Literal["no", "weights", "sampling"] = Field(
        "no",
        description="Compensate for rare classes: weight their texts in the loss, or draw each class equally often.",
    )
    tokenizer: str = Field(
        AUTO_TOKENIZER,
        description="How texts become words: torchtext's basic_english, the report's whitespace, unicode for every "
        "script, or a plugin's. auto, for files of your own: basic_english for Latin letters, else unicode.",
        json_schema_extra={"registered": "tokenizers"},
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
    word_dropout_erasure: bool = Field(
        False,
        description="Hide words in training: in half of the texts, a share that is drawn from 0 to 1 for each, so that "
        "the model knows texts with erased words.",
    )
    erasure_operator: ErasureOperator = Field(
        "delete", description="How --word-dropout-erasure hides a word: delete it, or make it the unknown word."
    )
    optimizer: Literal["adamw", "sgd"] = Field("adamw", description="AdamW, or stochastic gradient descent.")
    momentum: float = Field(0.0, ge=0, lt=1, description="Momentum of SGD; 0: none.")
    lr: float = Field(2e-3, gt=0, description="Learning rate.")
    lr_schedule: Literal["constant", "linear"] = Field(
        "linear", description="Keep the learning rate, or let it fall linearly to 0 over all epochs."
    )
    warmup: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        None,
        description="Share of all steps over which the learning rate rises from 0 to --lr. Unless given, a linear "
        "schedule rises over 50 steps, at most a tenth, and a constant one does not.",
    )
    weight_decay: float = Field(0.01, ge=0, description="Decoupled weight decay; not applied to word vectors.")
    clip_norm: float = Field(
        1.0, ge=0, description="Largest gradient norm, to which larger ones are clipped; 0: no clipping."
    )
    batch_size: int = Field(64, ge=1, le=2**20, description="Texts in a step.")
    accumulate: int = Field(
        1,
        ge=1,
        le=2**20,
        description="Parts of a step's texts that the model reads one after another; their gradients are summed, so "
        "that larger batches fit into memory.",
    )
    max_length: int = Field(
        400, ge=1, le=2**20, description="Largest number of words that the model reads of a text, from its beginning."
    )
    epochs: int = Field(
        5,
        ge=1,
        description="Passes over the training texts, at most. Unless given, few texts, except of IMDb, have more of "
        "them, so that there are 600 steps.",
    )
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
        description="CPU threads of a process: a number, or auto: the fastest number, which follows the speed. By "
        "default OMP_NUM_THREADS, or else auto; of several processes, each has its share of the cores.",
    )
    processes: int = Field(
        1, ge=1, le=MOST_PROCESSES, description="Processes that train together, each on its share of every batch."
    )
    limit: Annotated[int, Field(ge=2)] | None = Field(
        None, description="Train on this many texts and validate on a quarter as many: a fixed, balanced choice."
    )
    batch_entropy: bool = Field(
        False, description="Log the attention entropy of every training batch, for histograms through training."
    )
    checkpoint_every: int = Field(
        200, ge=1, description="Steps between checkpoints; another checkpoint follows every epoch."
    )

    @field_validator("drop_label", "merge_labels", mode="before")
    @classmethod
    def _label_texts(cls, value: Any) -> Any:
        """Labels as texts: they may be numbers, and `merge_labels` a mapping from each label to its class."""
        if isinstance(value, Mapping):
            value = [f"{label}={name}" for label, name in value.items()]
        if isinstance(value, list | tuple):
            return tuple(str(each) if isinstance(each, int | float) else each for each in value) or None
        return value


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
    "watch_text",
    "watch_texts",
    "watch_file",
}
"""Names of options that the command line has beside `TrainOptions`."""
