"""The results of `tmeattn faithfulness`, ready to be shown. No torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

CONTROL = "random"


@dataclass(frozen=True)
class Metric:
    """A metric of attribution methods.

    name:    its name in JSON and CSV files.
    heading: the heading of its column.
    higher:  whether a higher value is better; None: neither is better.
    about:   its definition, in a clause.
    """

    name: str
    heading: str
    higher: bool | None
    about: str


METRICS = (
    Metric(
        "comprehensiveness",
        "compr.",
        True,
        "compr.: by how much the probability of the predicted class falls without the words of highest score, mean "
        "over 1, 5, 10, 20, 50 % of them",
    ),
    Metric("sufficiency", "suff.", False, "suff.: the same with those words alone (lower is better)"),
    Metric(
        "deletion",
        "deletion",
        False,
        "deletion: area under the probability as ever more words are left out, highest first (lower is better)",
    ),
    Metric("insertion", "insertion", True, "insertion: area as ever more words are added, highest first"),
    Metric("tau_gradient", "τ grad.", None, "τ: Kendall's rank correlation of absolute scores with gradients"),
    Metric("tau_leave_one_out", "τ l.-o.-o.", None, "τ l.-o.-o.: the same with leave-one-out"),
    Metric("auprc", "AUPRC", True, "AUPRC: average precision of the scores for the annotated words"),
    Metric("token_f1", "token F1", True, "token F1: F1 of the words of highest score, as many as are annotated"),
    Metric(
        "iou_f1", "IOU F1", True, "IOU F1: F1 of contiguous spans that overlap with an annotated span by at least half"
    ),
)


@dataclass(frozen=True)
class Estimate:
    """A mean over texts with its 95 % bootstrap interval, and its difference from the mean of the control, with the
    interval of the difference (paired by text)."""

    mean: float
    low: float
    high: float
    over_control: float | None = None
    over_low: float | None = None
    over_high: float | None = None

    @property
    def differs(self) -> bool:
        """Whether the difference from the control is significant: its interval does not contain zero."""
        return self.over_low is not None and self.over_high is not None and not self.over_low <= 0 <= self.over_high


@dataclass(frozen=True)
class MethodResults:
    """The results of a method: the estimates by the name of the metric, without those that are not defined for it, and
    the mean duration of an explanation in seconds."""

    method: str
    measures: dict[str, Estimate]
    seconds_per_text: float


@dataclass(frozen=True)
class TwinComparison:
    """The uniform-weights test: the accuracies of a run and of its twin with uniform attention, and the 95 % interval
    of their difference (paired bootstrap over the texts; it does not cover other seeds).

    twin: the id of the twin's run.
    """

    twin: str
    texts: int
    accuracy: float
    twin_accuracy: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        return self.accuracy - self.twin_accuracy


@dataclass(frozen=True)
class FaithfulnessResults:
    """How faithful the explanations of a run are, by attribution method.

    data:        the source of the texts; texts: their number; words: the mean number of words that the model reads.
    accuracy:    on these texts, in [0, 1]; None for texts without a label.
    entropy:     attention entropy on these texts, in nats; None without attention.
    rows:        the results of each method, those of the control last.
    passed_over: methods that were not assessed, with the reason.
    twins:       the uniform-weights test; None where there is none, for the reason `no_twins`.
    """

    run: str
    model: str
    data: str
    texts: int
    words: float
    accuracy: float | None
    entropy: Estimate | None
    rows: tuple[MethodResults, ...]
    passed_over: tuple[tuple[str, str], ...]
    twins: TwinComparison | None
    no_twins: str | None
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return asdict(self) | {
            "rows": [asdict(row) for row in self.rows],
            "passed_over": [{"method": method, "reason": reason} for method, reason in self.passed_over],
            "notes": list(self.notes),
        }
