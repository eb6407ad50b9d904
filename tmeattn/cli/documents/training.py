"""The JSON documents of `train`, `resume`, `runs`, `sweep` and `submit`."""

# No `from __future__ import annotations`: as strings, annotations would hide NotRequired from `__required_keys__`.

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from tmeattn.runs.event_types import EpochEvent
from tmeattn.runs.run_files import DataInfo, Extension, InitOrigin, PastExtension, SweepOrigin


class Run(TypedDict):
    """The key figures of a run."""

    id: Annotated[str, "The id"]
    name: Annotated[str | None, "The name that the user gave it"]
    path: Annotated[str, "Its folder"]
    created: Annotated[float, "Seconds since 1970"]
    state: Annotated[Literal["created", "running", "stopped", "finished", "failed", "crashed"], "Its state"]
    stop_reason: Annotated[
        str | None,
        "Why a stopped run stopped: the name of a signal, `request`, or `pruned` or `time` where its sweep ended it",
    ]
    model: Annotated[str, "The model"]
    dataset: Annotated[str, "Name or path of the data"]
    recipe: Annotated[str, "The recipe of the options"]
    alpha: Annotated[float, "Weight of the entropy penalty"]
    uniform_attention: Annotated[bool, "Whether it pools with equal weights"]
    seed: Annotated[int, "The seed"]
    limit: Annotated[int | None, "Training texts, where --limit was given"]
    epoch: Annotated[int, "Finished epochs"]
    epochs: Annotated[int, "Planned epochs"]
    best_accuracy: Annotated[float | None, "Highest accuracy on the validation texts, in [0, 1]; null before the first"]
    best_epoch: Annotated[int | None, "Its epoch, from 1"]
    best_loss: Annotated[float | None, "Its cross-entropy, nats"]
    seconds: Annotated[float, "Training time, seconds"]
    tags: Annotated[list[str], "The tags of the user"]
    study: Annotated[str | None, "The sweep that the run belongs to"]
    trial: Annotated[int | None, "Its trial in the sweep, from 0"]
    problems: Annotated[list[str], "A sentence for each damaged file of the run"]


class RunConfiguration(TypedDict):
    """The configuration of a run."""

    model: Annotated[str, "The model"]
    model_options: Annotated[dict[str, Any], "The options of the model, with underscores"]
    train: Annotated[dict[str, Any], "The other options, with underscores"]


class Relative(TypedDict):
    """A run that passed on its weights, or got those of another."""

    id: Annotated[str, "Its id"]
    name: Annotated[str | None, "Its name; of a run that is not here, the name that it had"]
    exists: Annotated[bool, "Whether it is here"]
    epoch: Annotated[int, "Epoch of the weights that were passed on"]


class Lineage(TypedDict):
    """Which runs a run descends from, and which descend from it."""

    parents: Annotated[list[Relative], "The run that it started from, the run which that one started from, and so on"]
    children: Annotated[list[Relative], "The runs that started from it, the oldest first"]
    extensions: Annotated[list[PastExtension], "The trainings that went on behind the planned end"]


class ShownRun(Run):
    """A run with its configuration and its epochs."""

    format: Annotated[int, "Version of the run's files"]
    config: Annotated[RunConfiguration, "The configuration"]
    data: Annotated[DataInfo, "The data"]
    command: NotRequired[Annotated[list[str], "The command line that began the run"]]
    versions: NotRequired[Annotated[dict[str, str], "Of tmeattn, torch, numpy and python, and the platform"]]
    sweep: NotRequired[Annotated[SweepOrigin, "Only in a run of a sweep"]]
    init: NotRequired[Annotated[InitOrigin, "Only in a run that started from another"]]
    extensions: NotRequired[Annotated[list[Extension], "Only in a run that was extended"]]
    lineage: Annotated[Lineage, "Its relatives"]
    history: Annotated[list[EpochEvent], "The events of kind `epoch`"]


class Tags(TypedDict):
    """The tags of a run."""

    id: Annotated[str, "Id of the run"]
    name: Annotated[str | None, "Its name"]
    tags: Annotated[list[str], "Its tags"]


class QueueItem(TypedDict):
    """A training of the queue."""

    number: Annotated[int, "Names it in the list"]
    state: Annotated[Literal["waiting", "running", "finished", "failed", "stopped"], "Its state"]
    arguments: Annotated[list[str], "The command line behind `tmeattn`"]
    folder: Annotated[str, "The folder in which it was added"]
    run: Annotated[str | None, "Id of its run; null before it begins"]
    message: Annotated[str | None, "Why it failed or was stopped"]
    added: Annotated[float, "Seconds since 1970"]
    began: Annotated[float | None, "Seconds since 1970"]
    ended: Annotated[float | None, "Seconds since 1970"]


class Tracked(TypedDict):
    """What was sent to a tracker."""

    run: Annotated[str, "Id of the run"]
    tracker: Annotated[str, "The tracker"]
    events: Annotated[int, "How many events were sent"]


class Trial(TypedDict):
    """A trial of a sweep."""

    number: Annotated[int, "Its number, from 0"]
    state: Annotated[Literal["waiting", "running", "finished", "pruned", "failed"], "Its state"]
    value: Annotated[
        float | None, "Mean over the seeds, an accuracy or a cross-entropy; of a pruned trial the last before it"
    ]
    values: Annotated[list[float | None], "The value of each seed"]
    options: Annotated[dict[str, Any], "The options that vary"]
    runs: Annotated[list[str], "Ids of its runs"]
    reason: Annotated[str | None, "Why it was pruned or failed"]
    seconds: Annotated[float | None, "Training time, seconds"]


class Sweep(TypedDict):
    """A sweep and its trials."""

    study: Annotated[str, "Name of the study"]
    storage: Annotated[str, "Where it is stored, without a password"]
    goal: Annotated[int, "How many trials"]
    model: Annotated[str, "The model"]
    space: Annotated[list[str], "The space, as typed behind --space"]
    options: Annotated[dict[str, Any], "The options of all trials, as given"]
    resolved: Annotated[dict[str, Any], "The same with all defaults"]
    objective: Annotated[str, "What is searched for"]
    pruner: Annotated[str, "What ends bad trials early"]
    seeds: Annotated[list[int], "The seeds of each trial"]
    seed: Annotated[int, "Seed of the choice of values"]
    trials: Annotated[list[Trial], "The trials"]
    best: Annotated[int | None, "Number of the best trial"]
    command: Annotated[str | None, "What trains a model with its options"]
    importance: Annotated[
        dict[str, float] | None,
        "By option, how much it decides whether a trial is among the best tenth; the sum is 1; null below five "
        "finished trials",
    ]


class BestTrial(Trial):
    """The best trial of a sweep."""

    study: Annotated[str, "Name of the study"]
    command: Annotated[str | None, "What trains a model with its options"]


class ListedSweep(TypedDict):
    """A sweep in a list."""

    name: Annotated[str, "Name of the study"]
    model: Annotated[str, "The model"]
    objective: Annotated[str, "What is searched for"]
    over: Annotated[int, "Trials that have ended"]
    goal: Annotated[int, "How many trials"]
    best: Annotated[float | None, "The best value"]
    created: Annotated[float, "Seconds since 1970"]


class SubmittedJob(TypedDict):
    """A job that was submitted."""

    job: Annotated[str, "Its number"]
    command: Annotated[list[str], "The arguments that the job runs"]
    runs: Annotated[list[str], "Ids of the runs that it trains"]
    script: Annotated[str, "Path of its script"]
    log: Annotated[str, "Path of its log; in that of an array, %a stands for the number of the task"]


class PrintedJob(TypedDict):
    """`tmeattn submit --print`: a job that is not sent."""

    command: Annotated[list[str], "The arguments that the job runs"]
    runs: Annotated[list[str], "Ids of the runs that it trains"]
    script: Annotated[str, "The text of its script"]


class RunOfJob(TypedDict):
    """A run that a job trains."""

    id: Annotated[str, "Its id"]
    state: Annotated[str | None, "Its state; null before it begins"]


class ListedJob(TypedDict):
    """`tmeattn submit list`: a job that was submitted from this home folder."""

    job: Annotated[str, "Its number"]
    states: Annotated[dict[str, int], "Its tasks in each state of SLURM; empty where SLURM does not know the job"]
    command: Annotated[list[str], "The arguments that the job runs"]
    runs: Annotated[list[RunOfJob], "The runs that it trains"]
    submitted: Annotated[float, "Seconds since 1970"]
    log: Annotated[str, "Path of its log"]
