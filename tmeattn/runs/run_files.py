"""The types of the JSON files in a run directory: `run.json` (RunInfo), `meta.json` (RunMeta), `status.json`
(RunStatus). `RunDirectory` reads and writes them."""

# No `from __future__ import annotations`: as strings, annotations would hide NotRequired from `__required_keys__`.

from typing import Any, Literal, NotRequired, TypedDict

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
    """A label whose texts `--drop-label` left out, and their number."""

    label: str
    texts: int


MergedLabel = TypedDict("MergedLabel", {"label": str, "class": str, "texts": int})
"""A label that `--merge-labels` made another class, and the number of its texts."""


class LabelRecord(TypedDict):
    """What `--drop-label` and `--merge-labels` have done."""

    dropped: list[DroppedLabel]
    merged: list[MergedLabel]


class DataInfo(TypedDict):
    """The data that a run is trained on.

    fingerprint, vectors: fingerprints of the dataset and of the pretrained word vectors (None: random ones).
    classes:              names of the classes, in the order of the labels.
    vector_size:          dimensions of a word vector.
    labels:               the labels that were left out or merged; absent where there are none.
    """

    fingerprint: str
    classes: list[str]
    vectors: str | None
    vector_size: int
    labels: NotRequired[LabelRecord]


class SweepOrigin(TypedDict):
    """The trial of a sweep that a run belongs to.

    format: the version of this object. study: the name of the study. trial: its number, from 0. seed: one of the seeds
    that the trial is trained with.
    """

    format: int
    study: str
    trial: int
    seed: int


class InitOrigin(TypedDict):
    """The run whose weights and words a run starts from (`--init`).

    format:     the version of this object.
    run, name:  its id, and its name at that time.   created: when it was created, seconds since 1970.
    epoch:      the epoch of the weights.   weights: the SHA-256 of the file that has them.
    words:      the number of its words, which have the first ids of the new vocabulary, with padding and unknown.
    vocabulary: the SHA-256 of these words, as `vocabulary.json` stores them.
    new_head:   whether the classes are others, so that what depends on them starts anew.
    """

    format: int
    run: str
    name: str | None
    created: float
    epoch: int
    weights: str
    words: int
    vocabulary: str
    new_head: bool


class Extension(TypedDict):
    """That a run was extended (`tmeattn resume RUN --epochs N`).

    format: the version of this object.   time: seconds since 1970.   command: the command line.
    epochs, before: planned from here on, and planned before.   epoch, step: finished epochs and steps at that time.
    exact: whether the weights are those of a run that was trained for `epochs` from the start.
    """

    format: int
    time: float
    epochs: int
    before: int
    epoch: int
    step: int
    exact: bool
    command: list[str]


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
