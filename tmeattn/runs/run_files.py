"""The types of the JSON files in a run directory: `run.json` (RunInfo), `meta.json` (RunMeta), `status.json`
(RunStatus). `RunDirectory` reads and writes them.

The fields of those that `tmeattn runs show --json` prints, too, have their descriptions (see `tmeattn.cli.documents`).
"""

# No `from __future__ import annotations`: as strings, annotations would hide NotRequired from `__required_keys__`.

from typing import Annotated, Any, Literal, NotRequired, TypedDict

State = Literal["created", "running", "stopped", "finished", "failed", "crashed"]
"""`crashed` is never written: a run in the state `running` whose process no longer exists, and whose log has no end, is
read as crashed."""


class StoredTrainOptions(TypedDict):
    """The fields of `tmeattn.config.TrainOptions` that are read without validating them all; the others are stored,
    too."""

    dataset: str
    recipe: str
    alpha: float
    seed: int
    epochs: int
    limit: int | None
    tokenizer: NotRequired[str]
    vectors: NotRequired[str]
    max_length: NotRequired[int]
    uniform_attention: NotRequired[bool]
    processes: NotRequired[int]


class StoredConfig(TypedDict):
    """A `tmeattn.run_config.RunConfig` as JSON. Its model options are those of the model's own configuration class."""

    model: str
    model_options: dict[str, Any]
    train: StoredTrainOptions


class DroppedLabel(TypedDict):
    """A label that was left out."""

    label: Annotated[str, "The label"]
    texts: Annotated[int, "Its texts"]


# Not as a class: `class` is a word of Python.
MergedLabel = TypedDict(
    "MergedLabel",
    {
        "label": Annotated[str, "The label"],
        "class": Annotated[str, "The class that it became"],
        "texts": Annotated[int, "Its texts"],
    },
)
MergedLabel.__doc__ = "A label that became another class."


class LabelRecord(TypedDict):
    """What --drop-label and --merge-labels changed."""

    dropped: Annotated[list[DroppedLabel], "Labels that were left out"]
    merged: Annotated[list[MergedLabel], "Labels that became another class"]


class DataInfo(TypedDict):
    """The data that a run is trained on."""

    fingerprint: Annotated[str, "Of the texts, labels and splits"]
    classes: Annotated[list[str], "The classes, in the order of the labels"]
    vectors: Annotated[str | None, "Fingerprint of the pretrained word vectors; null for random ones"]
    vector_size: Annotated[int, "Dimensions of a word vector"]
    labels: NotRequired[Annotated[LabelRecord, "With --drop-label or --merge-labels"]]


class SweepOrigin(TypedDict):
    """The trial that a run belongs to."""

    format: Annotated[int, "Version of this object"]
    study: Annotated[str, "The study"]
    trial: Annotated[int, "The trial, from 0"]
    seed: Annotated[int, "The seed of the trial"]


class InitOrigin(TypedDict):
    """The run whose weights and words a run started from."""

    format: Annotated[int, "Version of this object"]
    run: Annotated[str, "Id of the other run"]
    name: Annotated[str | None, "Its name at that time"]
    created: Annotated[float, "When it was created, seconds since 1970"]
    epoch: Annotated[int, "Epoch of the weights"]
    weights: Annotated[str, "SHA-256 of the file of the weights"]
    words: Annotated[int, "How many words of the vocabulary are those of the other run"]
    vocabulary: Annotated[str, "SHA-256 of these words"]
    new_head: Annotated[bool, "Whether the classes are others, so that the head started anew"]


class PastExtension(TypedDict):
    """A training that went on to another number of epochs than planned."""

    time: Annotated[float, "Seconds since 1970"]
    epochs: Annotated[int, "Planned epochs from then on"]
    before: Annotated[int, "Planned epochs before"]
    epoch: Annotated[int, "Finished epochs at that time"]
    step: Annotated[int, "Steps done at that time"]
    exact: Annotated[bool, "Whether the weights are those of a run of as many epochs from the start"]
    command: Annotated[list[str], "The command line"]


class Extension(PastExtension):
    """The same in `run.json`."""

    format: Annotated[int, "Version of this object"]


class RunInfo(TypedDict):
    """`run.json`, written when the run is created, and again when it is extended.

    created:  seconds since 1970.
    command:  the command line that created the run, as a list of arguments.
    versions: of tmeattn, torch, numpy, python and the platform.
    sweep:    the trial that the run belongs to; only in a run of a sweep.
    init:     the run that it starts from; only in a run that starts from one.
    extensions: in their order; only in a run that was extended.
    """

    format: int
    id: NotRequired[str]
    created: float
    config: StoredConfig
    data: DataInfo
    command: NotRequired[list[str]]
    versions: NotRequired[dict[str, str]]
    sweep: NotRequired[SweepOrigin]
    init: NotRequired[InitOrigin]
    extensions: NotRequired[list[Extension]]


class RunMeta(TypedDict, total=False):
    """`meta.json`: what the user may change. tags: words that mark the run, each once, in alphabetical order."""

    name: str | None
    notes: str
    tags: list[str]


class RunProgress(TypedDict, total=False):
    """The fields of the status that the training process updates.

    step, epoch:   steps done and finished epochs. steps_per_epoch, epochs: planned.
    best_accuracy: best validation accuracy so far, in [0, 1]; -1 before the first.
    message:       the error of a failed run.
    """

    step: int
    epoch: int
    epochs: int
    steps_per_epoch: int
    best_accuracy: float
    message: str


class RunStatus(RunProgress):
    """`status.json`, replaced every second while a process trains the run.

    pid, host: the process and the computer that it runs on.
    process:   the mark of the process (see `tmeattn.runs.liveness`); earlier versions did not write it.
    heartbeat: when the status was written, seconds since 1970.
    """

    state: State
    pid: NotRequired[int]
    host: NotRequired[str]
    process: NotRequired[str]
    heartbeat: NotRequired[float]
