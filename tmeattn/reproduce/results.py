"""What a reproduction found: tables and panels of numbers, ready to be drawn, exported or printed as JSON. No torch.

Accuracies are fractions in [0, 1], of the validation split; entropies are in nats. Where there are several seeds,
`half` is half of Student's 95 % interval of the mean over seeds, and None for one seed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tmeattn.explain.explanation import Explanation

FALL = 0.05
"""Accuracy lost from the best to the last epoch, from which on a run has fallen."""


@dataclass(frozen=True)
class Row:
    """One line of a table: a configuration over all seeds.

    report:             the report's accuracy, None where it gives none.
    accuracies:         of each seed, at its best epoch; a seed that diverged before its first epoch is missing.
    entropy, normalized_entropy, train_accuracy: means over seeds at the best epoch; the first two None without
                        attention.
    best_epoch, epochs: means over seeds: the epoch whose weights are kept, and how many were trained.
    last_accuracy:      mean over seeds after the last epoch, which a collapse in training leaves far below the best.
    diverged:           seeds whose loss stopped being finite.
    runs:               run ids, one a seed.
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


@dataclass(frozen=True)
class Difference:
    """Accuracy of the row `label` minus that of the row `above`, with its paired-bootstrap 95 % interval [low, high]
    over texts and seeds (one seed: over texts alone); `report` is the same difference in the report, None where it
    gives none or the runs were shortened. At most one a label."""

    above: str
    label: str
    difference: float
    low: float
    high: float
    report: float | None

    @property
    def reversed(self) -> bool:
        """Whether the two rows stand in the other order than in the report."""
        return self.report is not None and self.report * self.difference < 0

    @property
    def significant(self) -> bool:
        """Whether the interval leaves zero out."""
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
    """Curves over a common axis, in the unit that `y_label` names."""

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
    """Histograms of attention entropy under one another, over bins from `low` to `high` nats."""

    title: str
    low: float
    high: float
    rows: tuple[Ridge, ...]


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


Panel = CurvePanel | RidgePanel | HeatmapPanel | MatrixPanel


@dataclass(frozen=True)
class Context:
    """Under what conditions the numbers hold.

    options:  options that override the recipe, as typed: ("--epochs 2", "--max-length 50").
    machines: where the runs were trained: ("cpu, 2 threads",), more than one where they differ.
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

    @property
    def shortened(self) -> bool:
        """Whether the runs were cut shorter than the report's, so that its figures are no measure for them."""
        return self.quick or self.limit is not None or any(option.startswith("--epochs") for option in self.options)


@dataclass(frozen=True)
class Result:
    """A target reproduced. `says` is what the report says of it; `notes` are sentences about what was found; `context`
    is None where nothing was trained; `runs` are the ids of all runs."""

    name: str
    title: str
    says: str | None
    context: Context | None
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    panels: tuple[Panel, ...]
    notes: tuple[str, ...]
    runs: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As `--json` prints it; every panel carries its `kind`."""
        document = asdict(self)
        for panel, written in zip(self.panels, document["panels"], strict=True):
            written["kind"] = type(panel).__name__.removesuffix("Panel").lower()
        return document
