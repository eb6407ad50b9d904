"""The JSON documents of `reproduce`."""

# No `from __future__ import annotations`: as strings, annotations would hide NotRequired from `__required_keys__`.

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from tmeattn.cli.documents.explaining import ExplainedWord
from tmeattn.cli.documents.installed import ModelDiagram


class ReproductionContext(TypedDict):
    """The conditions of the runs."""

    recipe: Annotated[str, "The recipe of the options"]
    dataset: Annotated[str, "The data"]
    split: Annotated[str, "The split that is measured"]
    texts: Annotated[int, "Its texts"]
    vectors: Annotated[str, "The word vectors"]
    seeds: Annotated[list[int], "The seeds of each configuration"]
    limit: Annotated[int | None, "Training texts, where --limit was given"]
    quick: Annotated[bool, "Whether the runs are short"]
    options: Annotated[list[str], "The options that override the recipe"]
    machines: Annotated[list[str], "The devices of the runs"]
    method: Annotated[str | None, "The optimizer, if all runs share it"]
    chance: Annotated[float | None, "Accuracy of always predicting the larger class"]


class ReproductionRow(TypedDict):
    """A configuration over all seeds."""

    label: Annotated[str, "Its name"]
    model: Annotated[str, "Its model"]
    report: Annotated[float | None, "The report's accuracy"]
    report_train: Annotated[float | None, "The report's training accuracy"]
    accuracies: Annotated[list[float], "Accuracy of each seed"]
    accuracy: Annotated[float | None, "Their mean"]
    half: Annotated[float | None, "Half of Student's 95 % interval"]
    low: Annotated[float | None, "Lower end of the 95 % interval of the accuracy"]
    high: Annotated[float | None, "Upper end"]
    at_chance: Annotated[bool, "Whether it includes `chance`"]
    train_accuracy: Annotated[float | None, "On the training texts"]
    entropy: Annotated[float | None, "Attention entropy, nats"]
    normalized_entropy: Annotated[float | None, "The entropy divided by ln(words)"]
    seconds_per_epoch: Annotated[float | None, "Seconds in an epoch"]
    best_epoch: Annotated[float | None, "Mean of the epochs whose weights are kept"]
    epochs: Annotated[float | None, "Mean of the trained epochs"]
    last_accuracy: Annotated[float | None, "After the last epoch"]
    diverged: Annotated[list[int], "Seeds whose loss was no finite number"]
    runs: Annotated[list[str], "Ids of the runs"]


class RowDifference(TypedDict):
    """The accuracy of a row minus that of another."""

    label: Annotated[str, "The row"]
    above: Annotated[str, "The other row"]
    difference: Annotated[float, "Of the accuracies"]
    low: Annotated[float, "Lower end of its 95 % interval"]
    high: Annotated[float, "Upper end"]
    report: Annotated[float | None, "The same difference in the report"]
    remark: Annotated[Literal["not significant", "reversed", "one seed", ""], "Whether the difference counts"]


class PlottedLine(TypedDict):
    """A curve."""

    name: Annotated[str, "Its name"]
    xs: Annotated[list[float], "Positions"]
    ys: Annotated[list[float | None], "Values; null is a gap"]
    halves: Annotated[list[float | None] | None, "Half intervals"]


class CurvePanel(TypedDict):
    """Curves over a common axis."""

    kind: Annotated[Literal["curve"], "The kind of panel"]
    title: Annotated[str, "Its title"]
    x_label: Annotated[str, "Of the axis"]
    y_label: Annotated[str, "Of the values, with their unit"]
    lines: Annotated[list[PlottedLine], "The curves"]


class Ridge(TypedDict):
    """One histogram among several."""

    label: Annotated[str, "Its name"]
    counts: Annotated[list[int], "Texts in each bin"]
    mean: Annotated[float | None, "Mean entropy, nats"]


class RidgePanel(TypedDict):
    """Histograms of attention entropy."""

    kind: Annotated[Literal["ridge"], "The kind of panel"]
    title: Annotated[str, "Its title"]
    low: Annotated[float, "Lower edge of the first bin, nats"]
    high: Annotated[float, "Upper edge of the last bin, nats"]
    rows: Annotated[list[Ridge], "The histograms"]
    note: Annotated[str | None, "What is missing"]


class PanelExplanation(TypedDict):
    """An explanation whose classes are indices."""

    text: Annotated[str, "The text"]
    words: Annotated[list[ExplainedWord], "The words that the model read"]
    tokens_total: Annotated[int, "Tokens of the text"]
    tokens_read: Annotated[int | None, "Tokens that the model read; null: as many as words"]
    run: Annotated[str, "Id of the run that explained"]
    model: Annotated[str, "Its model"]
    method: Annotated[str, "The method of explanation"]
    layer: Annotated[int | None, "The selected layer, from 1; null for the mean"]
    head: Annotated[int | None, "The selected head, from 1; null for the mean"]
    signed: Annotated[bool, "Whether a score below zero is evidence against the class"]
    classes: Annotated[list[str], "The classes"]
    probabilities: Annotated[list[float], "Probability of each class, in this order"]
    predicted: Annotated[int, "Index of the predicted class"]
    target: Annotated[int, "Index of the class that the scores are about"]
    true_label: Annotated[str | None, "The class of the text"]
    entropy: Annotated[float | None, "Attention entropy, nats"]
    normalized_entropy: Annotated[float | None, "The entropy divided by ln(tokens)"]
    special_attention: Annotated[float | None, "Share of the attention that is on special tokens"]
    note: Annotated[str | None, "Sentences on how to read the scores"]


class HeatmapPanel(TypedDict):
    """A text coloured by attention."""

    kind: Annotated[Literal["heatmap"], "The kind of panel"]
    title: Annotated[str, "Its title"]
    explanation: Annotated[PanelExplanation, "The text and its scores"]


class MatrixPanel(TypedDict):
    """Numbers as colours."""

    kind: Annotated[Literal["matrix"], "The kind of panel"]
    title: Annotated[str, "Its title"]
    x_label: Annotated[str, "Of the columns"]
    y_label: Annotated[str, "Of the rows"]
    values: Annotated[list[list[float]], "The numbers, row by row"]


class DiagramPanel(TypedDict):
    """The architecture of a model or of a part of it."""

    kind: Annotated[Literal["diagram"], "The kind of panel"]
    title: Annotated[str, "Its title"]
    diagram: Annotated[ModelDiagram, "The diagram"]


class Reproduction(TypedDict):
    """The result of a target of the report."""

    name: Annotated[str, "The target"]
    title: Annotated[str, "What it is"]
    says: Annotated[str | None, "The report's finding"]
    context: Annotated[ReproductionContext | None, "The conditions of the runs; null if nothing was trained"]
    formula: Annotated[list[str], "Lines of a formula"]
    rows: Annotated[list[ReproductionRow], "The configurations"]
    differences: Annotated[list[RowDifference], "Of the accuracies of rows"]
    panels: Annotated[list[CurvePanel | RidgePanel | HeatmapPanel | MatrixPanel | DiagramPanel], "The figures"]
    notes: Annotated[list[str], "Sentences about the result"]
    runs: Annotated[list[str], "Ids of the runs"]


class NeededRun(TypedDict):
    """A run that a target needs."""

    label: Annotated[str, "Its configuration"]
    model: Annotated[str, "Its model"]
    seed: Annotated[int, "Its seed"]
    options: Annotated[dict[str, Any], "All options"]


class PlannedRun(TypedDict):
    """A run that a target needs, with its time."""

    label: Annotated[str, "Its configuration"]
    model: Annotated[str, "Its model"]
    seed: Annotated[int, "Its seed"]
    progress: Annotated[Literal["trained", "begun", "to train"], "How far it is"]
    epochs: Annotated[int, "Planned epochs, at most"]
    done: Annotated[int, "Those that are trained"]
    seconds: Annotated[float, "Expected time of the rest, at most, seconds"]
    source: Annotated[Literal["earlier runs", "a timed step"] | None, "Where the time is from"]


class Forecast(TypedDict):
    """What a reproduction trains."""

    recipe: Annotated[str, "The recipe of the options"]
    dataset: Annotated[str, "The data"]
    vectors: Annotated[str, "The word vectors"]
    texts: Annotated[list[int], "Training texts; several numbers if runs differ"]
    validation_texts: Annotated[list[int], "Validation texts"]
    words: Annotated[list[int], "Words of a text that are read"]
    quick: Annotated[bool, "Whether the runs are short"]
    runs: Annotated[list[PlannedRun], "The runs"]


class ListedTarget(TypedDict):
    """`tmeattn reproduce --list`: a target of the report."""

    name: Annotated[str, "The target"]
    title: Annotated[str, "What it is"]
    parts: Annotated[list[str], "Its parts"]
    shows: Annotated[list[str], "What it shows"]
    recipe: Annotated[str, "The recipe of the options"]
    trained: Annotated[int, "How many of its runs exist"]
    runs: Annotated[list[NeededRun], "The runs that it needs"]
    forecast: NotRequired[
        Annotated[Forecast | None, "With TARGET: the time that the runs take; null if nothing is to be trained"]
    ]
    problem: NotRequired[Annotated[str | None, "With TARGET: why there is no forecast, such as missing data"]]
