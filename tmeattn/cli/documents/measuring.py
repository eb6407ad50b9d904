"""The JSON documents of `evaluate` and `runs compare`."""

# No `from __future__ import annotations`: as strings, annotations would hide NotRequired from `__required_keys__`.

from typing import Annotated, Any, NotRequired, TypedDict


class ReliabilityBin(TypedDict):
    """A bin of the calibration error."""

    low: Annotated[float, "Its lowest confidence"]
    high: Annotated[float, "Its highest confidence"]
    texts: Annotated[int, "Texts in it"]
    confidence: Annotated[float, "Mean confidence of these texts"]
    accuracy: Annotated[float, "Share of them that is predicted correctly"]


class ThresholdQuality(TypedDict):
    """What a threshold of the probability of `positive` gives."""

    threshold: Annotated[float, "The threshold"]
    precision: Annotated[float, "Share of the predicted texts that are of the class"]
    recall: Annotated[float, "Share of the texts of the class that are predicted"]
    f1: Annotated[float, "Harmonic mean of precision and recall"]
    accuracy: Annotated[float, "Share of texts that are on their side of the threshold"]
    predicted: Annotated[int, "Texts at or above the threshold"]


class RankCurves(TypedDict):
    """Points of the curves of a class, at most 101 of each."""

    roc: Annotated[list[list[float]], "Pairs: share of the other texts, share of the class"]
    precision_recall: Annotated[list[list[float]], "Pairs: recall, precision"]


class ClassQuality(TypedDict):
    """The quality of the predictions of a class."""

    precision: Annotated[float, "Share of the predictions of this class that are right"]
    recall: Annotated[float, "Share of the texts of this class that are found"]
    f1: Annotated[float, "Harmonic mean of precision and recall"]
    texts: Annotated[int, "Texts of this class"]
    roc_auc: Annotated[float | None, "Area under the ROC curve; null where it is not defined"]
    average_precision: Annotated[float | None, "Average precision; null where it is not defined"]


class ShuffledWords(TypedDict):
    """The evaluation on texts with shuffled words, beside that in order."""

    seed: Annotated[int, "Seed of the permutations"]
    accuracy: Annotated[float, "With shuffled words, in [0, 1]"]
    accuracy_interval: Annotated[list[float], "Its 95 % interval (Wilson)"]
    cross_entropy: Annotated[float, "With shuffled words, nats"]
    difference: Annotated[float, "Accuracy with shuffled words minus accuracy in order"]
    difference_interval: Annotated[list[float], "Its 95 % interval (paired bootstrap over the texts)"]
    changed_predictions: Annotated[int, "Texts whose predicted class is another one"]
    largest_probability_change: Annotated[
        float, "Largest change of the probability of a class; about 1e-6 for a model that reads a bag of words"
    ]


class _EvaluatedTexts(TypedDict):
    """What every evaluation begins with."""

    run: Annotated[str, "Id of the run"]
    model: Annotated[str, "Its model"]
    dataset: Annotated[str, "Name or path of the data"]
    split: Annotated[str, "The split of the texts; all: all texts"]
    limit: Annotated[int | None, "The run's --limit, where only the texts were taken that it keeps; else null"]
    texts: Annotated[int, "How many texts"]


class Evaluation(_EvaluatedTexts):
    """The measures of a run on labelled texts."""

    notes: Annotated[list[str], "Which texts were taken, how labels were matched, what was left out"]
    accuracy: Annotated[float, "Share of texts whose class was predicted correctly, in [0, 1]"]
    accuracy_interval: Annotated[list[float], "Its 95 % interval (Wilson)"]
    loss: Annotated[float | None, "Cross-entropy plus the entropy penalty, nats"]
    cross_entropy: Annotated[float | None, "Cross-entropy, nats"]
    macro_f1: Annotated[float, "Mean F1 of the classes"]
    calibration_error: Annotated[float, "Expected calibration error (ECE, 15 bins)"]
    reliability: Annotated[list[ReliabilityBin], "The bins of the calibration error that have texts"]
    roc_auc: Annotated[
        float | None,
        "Of two classes, of `positive`; of more, the mean over the classes, each against the others; null where it is "
        "not defined",
    ]
    average_precision: Annotated[float | None, "The same of the average precision"]
    positive: Annotated[str | None, "Of two classes, the second; null of more"]
    thresholds: Annotated[
        list[ThresholdQuality], "Of two classes, for thresholds of 0.05 to 0.95 of the probability of `positive`"
    ]
    best_f1: Annotated[
        ThresholdQuality | None, "The same at the threshold of the highest F1, chosen on these same texts"
    ]
    rank_curves: Annotated[dict[str, RankCurves], "By class: of `positive`, or of the six largest classes"]
    entropy: Annotated[float | None, "Mean attention entropy, nats; null without attention"]
    normalized_entropy: Annotated[float | None, "Mean of the entropy divided by ln(words); null without attention"]
    attention_texts: NotRequired[Annotated[int, "Texts that the entropy was measured on"]]
    heads: NotRequired[Annotated[list[list[float]], "Self-attention: entropy of each head in each layer, nats"]]
    per_class: Annotated[dict[str, ClassQuality], "The quality by the name of the class"]
    confusion: Annotated[
        dict[str, dict[str, int]],
        "Texts by the true class, then by the predicted class; of more than 100 classes only numbers that are not zero",
    ]
    shuffled_words: NotRequired[Annotated[ShuffledWords, "With --shuffle-words"]]


class UnlabelledEvaluation(_EvaluatedTexts):
    """`tmeattn evaluate` of texts without labels."""

    notes: Annotated[list[str], "Which texts were taken, what was left out"]
    predicted: Annotated[dict[str, int], "Texts by their predicted class"]
    mean_confidence: Annotated[float, "Mean probability of the predicted class"]


class BestEpoch(TypedDict):
    """The measures of an epoch on the validation texts."""

    loss: Annotated[float | None, "Cross-entropy plus alpha times the attention entropy, nats"]
    cross_entropy: Annotated[float | None, "Cross-entropy, nats"]
    accuracy: Annotated[float, "Share of texts whose class was predicted correctly, in [0, 1]"]
    entropy: Annotated[float | None, "Attention entropy, nats; null without attention"]
    normalized_entropy: Annotated[float | None, "Attention entropy divided by ln(words); null without attention"]
    heads: NotRequired[Annotated[list[list[float]], "Self-attention: entropy of each head in each layer, nats"]]
    attention_texts: NotRequired[Annotated[int | None, "Texts that the entropy was measured on"]]


class ComparedRun(TypedDict):
    """A run of a comparison."""

    id: Annotated[str, "Id of the run"]
    name: Annotated[str | None, "Its name"]
    model: Annotated[str, "Its model"]
    seed: Annotated[int, "Its seed"]
    options: Annotated[dict[str, Any], "The options in which the runs differ"]
    best_epoch: Annotated[int | None, "The epoch of the highest validation accuracy, from 1"]
    validation: Annotated[BestEpoch | None, "The measures of that epoch"]
    seconds_per_epoch: Annotated[float | None, "Seconds in an epoch"]


class ComparedGroup(TypedDict):
    """Runs with equal options, or of a --group."""

    label: Annotated[str, "Name of the group"]
    model: Annotated[str, "Its model"]
    runs: Annotated[list[str], "Ids of its runs"]
    accuracy: Annotated[float | None, "Mean of the best validation accuracies over the seeds"]
    interval: Annotated[list[float] | None, "Student's 95 % interval over the seeds; null of a single run"]


class GroupOnTexts(TypedDict):
    """The measures of a group on the texts, each the mean over the seeds."""

    label: Annotated[str, "Name of the group"]
    runs: Annotated[list[str], "Ids of its runs"]
    seeds: Annotated[list[int], "Their seeds"]
    accuracies: Annotated[list[float], "Accuracy of each run"]
    accuracy: Annotated[float, "Their mean"]
    interval: Annotated[list[float], "95 %: Student's over the seeds, of a single run Wilson's over the texts"]
    macro_f1: Annotated[float, "Macro-F1"]
    cross_entropy: Annotated[float | None, "Cross-entropy, nats"]
    calibration_error: Annotated[float, "Expected calibration error"]


class McNemar(TypedDict):
    """McNemar's exact test of two runs on the same texts."""

    gained: Annotated[int, "Texts that only the one classifies correctly"]
    lost: Annotated[int, "Texts that only the other classifies correctly"]
    p: Annotated[float, "Of the two-sided test"]


class ClassDifference(TypedDict):
    """A class in the difference of two groups."""

    name: Annotated[str, "The class"]
    texts: Annotated[int, "Its texts"]
    recall: Annotated[float, "Of the group"]
    other_recall: Annotated[float, "Of the other group"]
    difference: Annotated[float, "Of the recalls"]
    low: Annotated[float | None, "Lower end of its 95 % interval; null for a class without texts"]
    high: Annotated[float | None, "Upper end"]
    f1: Annotated[float, "Of the group"]
    other_f1: Annotated[float, "Of the other group"]


class GroupDifference(TypedDict):
    """The accuracy of the group `label` minus that of the group `other`."""

    label: Annotated[str, "The group"]
    other: Annotated[str, "The other group"]
    seeds: Annotated[int, "Runs of the group"]
    other_seeds: Annotated[int, "Runs of the other group"]
    difference: Annotated[float, "Of the accuracies"]
    low: Annotated[float, "Lower end of its 95 % interval (bootstrap over the texts and the seeds)"]
    high: Annotated[float, "Upper end"]
    over_seeds: Annotated[list[float] | None, "Welch's 95 % interval over the seeds; null for a single run"]
    few_seeds: Annotated[bool, "Whether the seeds are so few that the interval is too narrow"]
    mcnemar: Annotated[McNemar | None, "The test of two runs; null for groups"]
    classes: Annotated[list[ClassDifference], "The same of each class"]


class TextComparison(TypedDict):
    """The comparison on one set of texts."""

    dataset: Annotated[str, "Name or path of the data"]
    split: Annotated[str, "The split of the texts; all: all texts"]
    texts: Annotated[int, "How many texts"]
    groups: Annotated[list[GroupOnTexts], "The measures of each group"]
    differences: Annotated[list[GroupDifference], "Every group with the first"]
    left_out: Annotated[list[str], "A sentence for each run without usable weights"]


class RunComparison(TypedDict):
    """Runs side by side."""

    runs: Annotated[list[ComparedRun], "The runs"]
    groups: Annotated[list[ComparedGroup], "Runs that differ only in their seed, and groups of the user's own"]
    notes: Annotated[list[str], "A sentence for each thing that keeps the logged figures from being comparable"]
    on_texts: Annotated[TextComparison | None, "The comparison on one set of texts"]
    not_on_texts: Annotated[str | None, "Why there is none"]
