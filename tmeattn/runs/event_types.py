"""The types of the events in a run's log: one TypedDict a kind, with the meaning and the unit of every field.

The docstring of a type says when the event is logged. A field is `Annotated` with one line of description, which
begins with a capital letter and names the unit, if there is one. `EVENT_TYPES` maps the kinds to the types,
`PART_TYPES` the names of the nested objects; `fields_of` lists the fields of either with their descriptions. The
manual and its tests are derived from these.
"""

# No `from __future__ import annotations`: as strings, annotations would hide NotRequired from `__required_keys__`.

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, TypedDict, get_type_hints


class Histogram(TypedDict):
    """How the attention entropy of single texts is distributed, in bins of equal width."""

    low: Annotated[float, "Lower edge of the first bin, nats"]
    high: Annotated[float, "Upper edge of the last bin, nats"]
    counts: Annotated[list[int], "Texts in each bin"]


class EpochPart(TypedDict):
    """Means over the texts of one split in one epoch."""

    loss: Annotated[float, "Cross-entropy plus alpha times the attention entropy, nats"]
    cross_entropy: Annotated[float, "Cross-entropy, nats"]
    accuracy: Annotated[float, "Share of texts whose class was predicted correctly, in [0, 1]"]
    entropy: Annotated[float | None, "Attention entropy, nats; null without attention"]
    normalized_entropy: Annotated[float | None, "Attention entropy divided by ln(words), in [0, 1]; null without it"]
    histogram: Annotated[Histogram | None, "Distribution of the attention entropy; null without attention"]
    heads: NotRequired[Annotated[list[list[float]], "Self-attention: entropy of each head in each layer, nats"]]
    attention_texts: NotRequired[Annotated[int | None, "Texts that the entropy was measured on"]]


class WatchedText(TypedDict):
    """The model's output for one text of the watch list."""

    index: Annotated[int | None, "Position of the text in the validation split, from 0; null for a text of the user"]
    label: Annotated[int | None, "True class, from 0; null for a text of the user without one"]
    probabilities: Annotated[list[float], "Probability of each class"]
    scores: Annotated[
        list[float] | None,
        "Weight of each word that was read, summing to 1: pooling weights, or for self-attention the row of CLS or "
        "else the mean over rows; null without attention",
    ]
    text: NotRequired[Annotated[str, "The text, where the user has added it to the watch list"]]


class _Logged(TypedDict):
    """What every event has beside its kind."""

    time: NotRequired[Annotated[float, "When the event was logged, seconds since 1970 (UTC); added by the writer"]]


class StartedEvent(_Logged):
    """Training begins at step 0."""

    kind: Literal["started"]
    run: Annotated[str, "Id of the run"]
    model: Annotated[str, "Name of the model"]
    epochs: Annotated[int, "Epochs planned"]
    steps_per_epoch: Annotated[int, "Optimisation steps in an epoch"]
    parameters: Annotated[int, "Trainable parameters"]
    train_texts: Annotated[int, "Texts of the training split"]
    validation_texts: Annotated[int, "Texts of the validation split"]
    threads: Annotated[int, "CPU threads"]
    device: Annotated[str, "Type of the device: cpu, cuda or mps"]
    processes: NotRequired[Annotated[int, "Processes that train together, each with that many threads"]]


class ResumedEvent(_Logged):
    """Training continues from a checkpoint; earlier events past its step no longer count."""

    kind: Literal["resumed"]
    step: Annotated[int, "Steps done at the checkpoint"]
    epoch: Annotated[int, "Finished epochs at the checkpoint"]
    epochs: NotRequired[Annotated[int, "Epochs planned"]]
    steps_per_epoch: NotRequired[Annotated[int, "Optimisation steps in an epoch"]]
    processes: NotRequired[Annotated[int, "Processes that train together from here on"]]


class StepEvent(_Logged):
    """Means over the optimisation steps since the previous event of this kind, which are 10 steps."""

    kind: Literal["step"]
    step: Annotated[int, "Steps done"]
    epoch: Annotated[int, "Current epoch, from 1"]
    loss: Annotated[float, "Cross-entropy plus penalty, nats"]
    cross_entropy: Annotated[float, "Cross-entropy, nats"]
    penalty: Annotated[float, "Entropy penalty: alpha times the attention entropy, nats"]
    alpha: Annotated[float, "Weight of the entropy penalty in the last of these steps"]
    accuracy: Annotated[float, "Share of texts whose class was predicted correctly, in [0, 1]"]
    entropy: Annotated[float | None, "Attention entropy, nats; null where it was not measured"]
    learning_rate: Annotated[float, "Learning rate of the last of these steps"]
    tokens_per_second: Annotated[float, "Words read, a second"]
    gradient_norm: NotRequired[
        Annotated[
            float | None, "Norm of all gradients before they are clipped, the mean over these steps; null without"
        ]
    ]
    cpu: NotRequired[Annotated[float, "CPU cores that the process was busy on: CPU seconds of all threads, a second"]]
    memory: NotRequired[
        Annotated[
            float, "Memory of the process at the end of these steps, bytes; its peak so far where there is no /proc"
        ]
    ]


class ThreadsEvent(_Logged):
    """The number of CPU threads changes after this step: fewer or more are tried because the speed has fallen or may be
    higher, or the number before the trial is taken again. A resumed run makes the same changes."""

    kind: Literal["threads"]
    step: Annotated[int, "Steps done"]
    threads: Annotated[int, "CPU threads from the next step on"]
    before: Annotated[int, "CPU threads until then"]


class EpochEvent(_Logged):
    """An epoch has ended and the validation split was evaluated."""

    kind: Literal["epoch"]
    epoch: Annotated[int, "Finished epochs"]
    step: Annotated[int, "Steps done"]
    seconds: Annotated[float, "Duration of the epoch with its evaluation, seconds"]
    alpha: Annotated[float, "Weight of the entropy penalty at the end of the epoch"]
    learning_rate: Annotated[float, "Learning rate of the last step"]
    best: Annotated[bool, "Whether the validation accuracy is the best so far and the weights were kept"]
    train: Annotated[EpochPart, "Means over the training split, measured while the weights changed"]
    validation: Annotated[EpochPart, "Means over the validation split, measured after the epoch"]


class EntropyEvent(_Logged):
    """The attention entropy of the validation texts before the first step; with `--batch-entropy`, also that of the
    texts of every training batch, with the weights before its step."""

    kind: Literal["entropy"]
    step: Annotated[int, "Steps done: 0 before training; of a training batch, with its own step"]
    split: Annotated[Literal["train", "validation"], "The split of the texts"]
    entropy: Annotated[float | None, "Mean attention entropy, nats; null without a word"]
    histogram: Annotated[Histogram | None, "Distribution of the attention entropy; null without a word"]


class WatchedEvent(_Logged):
    """Predictions and attention on the texts of the watch list after an epoch: those that the user has added, then a
    few validation texts, the same ones after every epoch."""

    kind: Literal["watched"]
    epoch: Annotated[int, "Finished epochs"]
    texts: Annotated[list[WatchedText], "The user's texts as they were added, then those of the split in its order"]


class WatchedStepEvent(_Logged):
    """Predictions and attention on the texts of the watch list before the first step, and some times in every epoch."""

    kind: Literal["watched_step"]
    step: Annotated[int, "Steps done; 0 before training"]
    epoch: Annotated[int, "Finished epochs"]
    texts: Annotated[list[WatchedText], "As in `watched`"]


class CheckpointEvent(_Logged):
    """The checkpoint `checkpoints/last` was replaced."""

    kind: Literal["checkpoint"]
    step: Annotated[int, "Steps done"]
    epoch: Annotated[int, "Finished epochs"]


class WarningEvent(_Logged):
    """Something did not work, and training continues without it."""

    kind: Literal["warning"]
    message: Annotated[str, "What did not work, and what is done instead"]


class StoppedEvent(_Logged):
    """Training was stopped by a signal, a request or its sweep, after a checkpoint; the run can be resumed."""

    kind: Literal["stopped"]
    step: Annotated[int, "Steps done"]
    epoch: Annotated[int, "Current epoch, from 1"]
    reason: Annotated[str, "Name of the signal, request, or pruned or time, where a sweep ended the run early"]


class FinishedEvent(_Logged):
    """Training has ended; there is nothing to resume."""

    kind: Literal["finished"]
    step: Annotated[int, "Steps done"]
    reason: Annotated[str, "Why: epochs, patience, or closed form (a model without trainable parameters)"]
    best_epoch: Annotated[int, "Epoch whose weights were kept, from 1; 0 if none were"]
    best_accuracy: Annotated[float, "Validation accuracy of that epoch, in [0, 1]; -1 if there is none"]
    seconds: Annotated[float, "Duration of the training, all attempts together, seconds"]


class FailedEvent(_Logged):
    """Training ended with an error."""

    kind: Literal["failed"]
    message: Annotated[str, "The error"]
    diverged: NotRequired[Annotated[bool, "Whether a loss or gradient was not finite: training would diverge again"]]


Event = (
    StartedEvent
    | ResumedEvent
    | StepEvent
    | ThreadsEvent
    | EpochEvent
    | EntropyEvent
    | WatchedEvent
    | WatchedStepEvent
    | CheckpointEvent
    | WarningEvent
    | StoppedEvent
    | FinishedEvent
    | FailedEvent
)
EventKind = Literal[
    "started",
    "resumed",
    "entropy",
    "step",
    "threads",
    "epoch",
    "watched",
    "watched_step",
    "checkpoint",
    "warning",
    "stopped",
    "finished",
    "failed",
]
Listener = Callable[[Event], None]
SplitName = Literal["train", "validation"]
EpochMeasure = Literal["loss", "cross_entropy", "accuracy", "entropy", "normalized_entropy"]
"""The fields of `EpochPart` that can be plotted over epochs."""
StepMeasure = Literal[
    "cross_entropy",
    "accuracy",
    "entropy",
    "penalty",
    "loss",
    "tokens_per_second",
    "learning_rate",
    "gradient_norm",
    "cpu",
    "memory",
]
"""The fields of `StepEvent` that can be plotted over steps."""

EVENT_TYPES: dict[str, type[Any]] = {
    "started": StartedEvent,
    "resumed": ResumedEvent,
    "entropy": EntropyEvent,
    "step": StepEvent,
    "threads": ThreadsEvent,
    "epoch": EpochEvent,
    "watched": WatchedEvent,
    "watched_step": WatchedStepEvent,
    "checkpoint": CheckpointEvent,
    "warning": WarningEvent,
    "stopped": StoppedEvent,
    "finished": FinishedEvent,
    "failed": FailedEvent,
}
"""The type of every kind of event, in the order in which they first appear in a log."""

PART_TYPES: dict[str, type[Any]] = {"EpochPart": EpochPart, "Histogram": Histogram, "WatchedText": WatchedText}
"""The types of the objects nested in events."""


@dataclass(frozen=True)
class Field:
    """A field of an event as the manual lists it.

    type:     as Python writes it, such as `float | None` or `list[WatchedText]`.
    required: False for a field that an event may lack.
    """

    name: str
    type: str
    description: str
    required: bool


def fields_of(event_type: type[Any]) -> list[Field]:
    """The fields of a type in `EVENT_TYPES` or `PART_TYPES`, without `kind`, in the order in which they are defined;
    `time` comes last."""
    hints = get_type_hints(event_type, include_extras=True)
    found = []
    for name in sorted(hints, key=lambda name: name == "time"):
        if name != "kind":
            annotated = hints[name]
            if name not in event_type.__required_keys__:
                annotated = annotated.__args__[0]
            plain, (description,) = annotated.__origin__, annotated.__metadata__
            found.append(Field(name, _type_name(plain), description, name in event_type.__required_keys__))
    return found


def _type_name(hint: Any) -> str:
    name = hint.__name__ if isinstance(hint, type) and not hasattr(hint, "__args__") else str(hint)
    return name.replace(f"{__name__}.", "")
