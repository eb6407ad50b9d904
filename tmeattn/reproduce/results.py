"""The result of a reproduction: tables and panels of numbers, to be drawn, exported or printed as JSON. No torch.

Accuracies are fractions in [0, 1], of the validation split; entropies are in nats. `half` is half of Student's 95 %
interval of the mean over seeds, and None for one seed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from tmeattn.explain.explanation import Explanation
from tmeattn.models.diagram import Diagram

FALL = 0.05
"""Least loss of accuracy from the best to the last epoch that is reported."""
ONE_SEED = "one seed"
"""The remark on a difference that may be the luck of the seed."""


@dataclass(frozen=True)
class Row:
    """One line of a table: a configuration over all seeds.

    report, report_train: the validation and the training accuracy in the report; None if it does not give them.
    accuracies:         one for each seed, at its best epoch; a seed that diverged before its first epoch is missing.
    entropy, normalized_entropy, train_accuracy: means over seeds at the best epoch; the first two are None without
                        attention.
    best_epoch, epochs: means over seeds of the epoch whose weights are kept and of the number of trained epochs.
    last_accuracy:      mean over seeds after the last epoch; far below the best if training collapsed.
    diverged:           seeds whose loss became NaN or infinite.
    runs:               ids of the runs, one for each seed.
    low, high:          95 % interval of the accuracy: Student's over seeds, or with one seed Wilson's over texts.
    at_chance:          whether the interval includes the accuracy of always predicting the larger class.
    """

    label: str
    model: str
    report: float | None
    accuracies: tuple[float, ...]
    accuracy: float | None
    half: float | None
    train_accuracy: float | None
    entropy: float | None
    normalized_entropy: float | None
    seconds_per_epoch: float | None
    best_epoch: float | None
    epochs: float | None
    last_accuracy: float | None
    diverged: tuple[int, ...]
    runs: tuple[str, ...]
    report_train: float | None = None
    low: float | None = None
    high: float | None = None
    at_chance: bool = False


@dataclass(frozen=True)
class Difference:
    """Accuracy of the row `label` minus that of the row `above`, with its paired-bootstrap 95 % interval [low, high]
    over texts and seeds (with one seed, over texts alone). `report` is the same difference in the report; None if the
    report does not give it, or if the runs were shortened. A label has at most one difference."""

    above: str
    label: str
    difference: float
    low: float
    high: float
    report: float | None

    @property
    def reversed(self) -> bool:
        """Whether the order of the two rows in the report is the other one."""
        return self.report is not None and self.report * self.difference < 0

    @property
    def significant(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class PlottedLine:
    """A curve: its name, and y over x (None is a gap); `halves` are half intervals of the mean at each x."""

    name: str
    xs: tuple[float, ...]
    ys: tuple[float | None, ...]
    halves: tuple[float | None, ...] | None = None


@dataclass(frozen=True)
class CurvePanel:
    """Curves over a common axis; `y_label` names the unit of their values."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[PlottedLine, ...]


@dataclass(frozen=True)
class Ridge:
    """One histogram among several: counts of texts in equal bins, and their mean."""

    label: str
    counts: tuple[int, ...]
    mean: float | None


@dataclass(frozen=True)
class RidgePanel:
    """Histograms of attention entropy below each other, over bins from `low` to `high` nats; `note` says what is
    missing."""

    title: str
    low: float
    high: float
    rows: tuple[Ridge, ...]
    note: str | None = None


@dataclass(frozen=True)
class HeatmapPanel:
    """A text coloured by attention."""

    title: str
    explanation: Explanation


@dataclass(frozen=True)
class MatrixPanel:
    """Rows of equal length, row 0 on top, coloured from blue (negative) over none (0) to orange."""

    title: str
    x_label: str
    y_label: str
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class DiagramPanel:
    """The architecture of a model or of a part of it."""

    title: str
    diagram: Diagram


Panel = CurvePanel | RidgePanel | HeatmapPanel | MatrixPanel | DiagramPanel


@dataclass(frozen=True)
class Context:
    """The conditions of the runs.

    options:  options that override the recipe, as typed: ("--epochs 2", "--max-length 50").
    machines: the devices of the runs: ("cpu, 2 threads",), several if they differ.
    method:   the optimizer that all runs share: "SGD, learning rate 0.01, momentum 0.9"; None if they differ.
    chance:   the accuracy of always predicting the larger class of the validation texts.
    """

    recipe: str
    dataset: str
    split: str
    texts: int
    vectors: str
    seeds: tuple[int, ...]
    limit: int | None
    quick: bool
    options: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    method: str | None = None
    chance: float | None = None

    @property
    def shortened(self) -> bool:
        """Whether the runs were shorter than those of the report, so that they are not comparable with it."""
        return self.quick or self.limit is not None or any(option.startswith("--epochs") for option in self.options)

    @property
    def seed_may_decide(self) -> bool:
        """Whether a difference of two rows may be the luck of the seed, which its interval does not cover: that of
        runs that have had few steps, with one seed."""
        return self.shortened and len(self.seeds) == 1


@dataclass(frozen=True)
class Result:
    """The result of a target.

    says:    the finding of the report on this target.
    context: the conditions of the runs; None if nothing was trained.
    formula: lines of a formula.
    notes:   sentences on the results.
    runs:    ids of all runs.
    """

    name: str
    title: str
    says: str | None
    context: Context | None
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    panels: tuple[Panel, ...]
    notes: tuple[str, ...]
    runs: tuple[str, ...] = ()
    formula: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The result as `--json` prints it; every panel has its `kind`, and every difference its `remark`."""
        document = asdict(self)
        for difference, written in zip(self.differences, document["differences"], strict=True):
            written["remark"] = verdict(difference, self.context)
        for panel, written in zip(self.panels, document["panels"], strict=True):
            written["kind"] = type(panel).__name__.removesuffix("Panel").lower()
            if isinstance(panel, HeatmapPanel):  # no word of a reproduced text is deleted
                del written["explanation"]["deleted"], written["explanation"]["whole_probabilities"]
        return document


def verdict(difference: Difference, context: Context | None) -> str:
    """A remark on a difference: that it is not significant, or if it is, that its sign is not that of the report, or
    that it may be the luck of the seed."""
    if not isfinite(difference.low) or not isfinite(difference.high):
        return ""
    if not difference.significant:
        return "not significant"
    if difference.reversed:
        return "reversed"
    return ONE_SEED if context is not None and context.seed_may_decide else ""
