"""Classifiers compared on one set of texts: differences of accuracies, McNemar's test, and differences by class.
No torch.

Shapes: S runs of a group that differ only in their seed, N texts, C classes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from tmeattn.evaluation.intervals import accuracy_interval, percentile_interval, resampled_accuracies
from tmeattn.evaluation.quality import Quality
from tmeattn.runs.comparison import mean_and_half_interval, welch_interval

FEW_SEEDS = 5
"""Below so many seeds a bootstrap over them is too narrow: of two seeds it sees at most half of their variance."""


@dataclass(frozen=True)
class RunOnTexts:
    """A run on the texts: predicted classes (N,), their quality, and the cross-entropy in nats."""

    run: str
    seed: int
    predicted_N: np.ndarray
    quality: Quality
    cross_entropy: float


@dataclass(frozen=True)
class McNemar:
    """McNemar's exact test of two classifiers on the same texts.

    gained, lost: the texts that only the one, and only the other, classifies correctly.
    p:            of the two-sided binomial test of `gained` in `gained + lost` against one half.
    """

    gained: int
    lost: int
    p: float


@dataclass(frozen=True)
class ClassDifference:
    """The recall of a class, which is the accuracy on its texts, and its F1: of one group and of the other, means over
    the seeds. [low, high] is the interval of the difference of the recalls; None for a class without texts."""

    name: str
    texts: int
    recall: float
    other_recall: float
    low: float | None
    high: float | None
    f1: float
    other_f1: float

    @property
    def difference(self) -> float:
        return self.recall - self.other_recall


@dataclass(frozen=True)
class GroupOnTexts:
    """The measures of a group of runs on the texts, each the mean over the seeds.

    accuracies: of each run.   interval: of the mean accuracy, 95 %: Student's over the seeds, or of a single run
    Wilson's over the texts.
    """

    label: str
    runs: tuple[str, ...]
    seeds: tuple[int, ...]
    accuracies: tuple[float, ...]
    accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    cross_entropy: float
    calibration_error: float


@dataclass(frozen=True)
class Difference:
    """The accuracy of the group `label` minus that of the group `other`.

    low, high:     95 % interval, paired bootstrap over the texts, and over the seeds where a group has several.
    over_seeds:    Welch's 95 % interval over the seeds alone; None if one of the groups has a single run.
    mcnemar:       the test of two single runs; None for groups.
    """

    label: str
    other: str
    seeds: int
    other_seeds: int
    difference: float
    low: float
    high: float
    over_seeds: tuple[float, float] | None
    mcnemar: McNemar | None
    classes: tuple[ClassDifference, ...]

    @property
    def few_seeds(self) -> bool:
        """Whether the seeds are too few for the bootstrap over them."""
        return min(self.seeds, self.other_seeds) < FEW_SEEDS and max(self.seeds, self.other_seeds) > 1


@dataclass(frozen=True)
class TextComparison:
    """Groups of runs compared on one set of texts: every group with the first.

    left_out: a sentence for each run whose weights cannot be used.
    """

    dataset: str
    split: str
    texts: int
    groups: tuple[GroupOnTexts, ...]
    differences: tuple[Difference, ...]
    left_out: tuple[str, ...] = ()


def compare_groups(
    groups: Sequence[tuple[str, Sequence[RunOnTexts]]],
    labels_N: np.ndarray,
    classes: Sequence[str],
    *,
    dataset: str,
    split: str,
    left_out: Sequence[str] = (),
) -> TextComparison:
    """Compare every group, each with its label, with the first one, on the texts of the true classes `labels_N`."""
    (first, base), *others = groups
    return TextComparison(
        dataset=dataset,
        split=split,
        texts=len(labels_N),
        groups=tuple(_group(label, runs, labels_N) for label, runs in groups),
        differences=tuple(_difference((label, runs), (first, base), labels_N, classes) for label, runs in others),
        left_out=tuple(left_out),
    )


def mcnemar(correct_N: np.ndarray, other_N: np.ndarray) -> McNemar:
    """McNemar's test (1947) in its exact form, for any number of texts on which the two differ; without such a text,
    p is 1."""
    gained, lost = int(np.count_nonzero(correct_N & ~other_N)), int(np.count_nonzero(~correct_N & other_N))
    return McNemar(gained, lost, two_sided_binomial(gained, gained + lost))


def two_sided_binomial(successes: int, trials: int) -> float:
    """The p of the two-sided binomial test against one half: twice the smaller tail, at most 1. The terms are summed as
    logarithms, so that they neither overflow nor take the time of large integers."""
    fewer = min(successes, trials - successes)
    total, half = math.lgamma(trials + 1), trials * math.log(2)
    terms = (math.exp(total - math.lgamma(k + 1) - math.lgamma(trials - k + 1) - half) for k in range(fewer + 1))
    return min(1.0, 2 * math.fsum(terms))


def accuracy_difference(correct_SN: np.ndarray, other_SN: np.ndarray, *, seed: int = 0) -> tuple[float, float, float]:
    """The accuracy of one group minus that of another, and its 95 % interval: see `resampled_accuracies`. The other way
    round, the same numbers come out with the other sign."""
    if _key(correct_SN) > _key(other_SN):
        difference, low, high = accuracy_difference(other_SN, correct_SN, seed=seed)
        return -difference, -high, -low
    (one, other), drawn_2R = resampled_accuracies([correct_SN, other_SN], seed=seed)
    return float(one - other), *percentile_interval(drawn_2R[0] - drawn_2R[1])


def _key(correct_SN: np.ndarray) -> tuple[int, bytes]:
    return len(correct_SN), correct_SN.tobytes()


def _group(label: str, runs: Sequence[RunOnTexts], labels_N: np.ndarray) -> GroupOnTexts:
    accuracies = [float(accuracy) for accuracy in _correct(runs, labels_N).mean(axis=1)]
    accuracy, half = mean_and_half_interval(accuracies)
    accuracy = fmean(accuracies) if accuracy is None else accuracy
    return GroupOnTexts(
        label,
        runs=tuple(run.run for run in runs),
        seeds=tuple(run.seed for run in runs),
        accuracies=tuple(accuracies),
        accuracy=accuracy,
        interval=accuracy_interval(accuracy, len(labels_N))
        if half is None
        else (max(accuracy - half, 0.0), min(accuracy + half, 1.0)),
        macro_f1=fmean(run.quality["macro_f1"] for run in runs),
        cross_entropy=fmean(run.cross_entropy for run in runs),
        calibration_error=fmean(run.quality["calibration_error"] for run in runs),
    )


def _difference(
    group: tuple[str, Sequence[RunOnTexts]],
    other: tuple[str, Sequence[RunOnTexts]],
    labels_N: np.ndarray,
    classes: Sequence[str],
) -> Difference:
    (label, runs), (other_label, other_runs) = group, other
    correct_SN, other_SN = _correct(runs, labels_N), _correct(other_runs, labels_N)
    difference, low, high = accuracy_difference(correct_SN, other_SN)
    single = len(runs) == len(other_runs) == 1
    return Difference(
        label,
        other_label,
        seeds=len(runs),
        other_seeds=len(other_runs),
        difference=difference,
        low=low,
        high=high,
        over_seeds=welch_interval(correct_SN.mean(axis=1).tolist(), other_SN.mean(axis=1).tolist()),
        mcnemar=mcnemar(correct_SN[0], other_SN[0]) if single else None,
        classes=tuple(_class_difference(index, name, runs, other_runs, labels_N) for index, name in enumerate(classes)),
    )


def _class_difference(
    index: int, name: str, runs: Sequence[RunOnTexts], other_runs: Sequence[RunOnTexts], labels_N: np.ndarray
) -> ClassDifference:
    of_class_N = labels_N == index
    low, high = None, None
    if of_class_N.any():
        of_class, other_of_class = (_correct(group, labels_N)[:, of_class_N] for group in (runs, other_runs))
        _, low, high = accuracy_difference(of_class, other_of_class)
    own, other = ([run.quality["per_class"][name] for run in group] for group in (runs, other_runs))
    return ClassDifference(
        name,
        texts=int(np.count_nonzero(of_class_N)),
        recall=fmean(each["recall"] for each in own),
        other_recall=fmean(each["recall"] for each in other),
        low=low,
        high=high,
        f1=fmean(each["f1"] for each in own),
        other_f1=fmean(each["f1"] for each in other),
    )


def _correct(runs: Sequence[RunOnTexts], labels_N: np.ndarray) -> np.ndarray:
    """(S, N) bool: whether each run classifies each text correctly."""
    return np.stack([run.predicted_N == labels_N for run in runs])
